#include "apps/client/node.hpp"

#include "apps/client/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::client {

namespace {

// A node sends a heartbeat each 15 s; three missed ones are silence.
constexpr std::chrono::seconds stream_silence{45};

// A node waits 60 s for each other one that changes its part of the house.
constexpr std::chrono::seconds of_one_node{75};
constexpr std::chrono::seconds of_a_house{300};

// No answer of a node comes near it: somebody else is talking.
constexpr std::size_t max_answer_bytes = 256 << 20;

constexpr std::size_t max_refusal_bytes = 64 << 10;

problem refused(int status, const std::string& body) {
  const auto parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object())
    return {trouble::bad_answer, {},
            fmt::format("HTTP status {} without a reason: is this trouped?", status)};
  problem result;
  result.code = parsed["error"].value("code", "");
  result.text = parsed["error"].value("text", "");
  result.kind = status == 404   ? trouble::not_found
                : status == 401 || status == 403 ? trouble::no_access
                                : trouble::refused;
  return result;
}

std::string with_query(const std::string& path, const params& query) {
  std::string result = path;
  char between = '?';
  for (auto& [key, text] : query) {
    result += fmt::format("{}{}={}", between, key, escape(text));
    between = '&';
  }
  return result;
}

answer<std::shared_ptr<wire>> connect_to(const target& to, std::chrono::seconds patience) {
  if (to.host.empty())
    return open_socket(to.socket, patience);
  const auto host = parse_host(to.host);
  return host ? open_tls(*host, to.identity, patience) : host.why();
}

/// "/v1/status" of another node: "/v1/nodes/boiler/status".
std::string path_at(const std::string& node, const std::string& path) {
  constexpr std::string_view version = "/v1/";
  if (node.empty() || path.rfind(version, 0) != 0)
    return path;
  return fmt::format("/v1/nodes/{}/{}", escape(node), path.substr(version.size()));
}

} // namespace

node::node(target to, std::chrono::seconds patience) : to_(std::move(to)), patience_(patience) {
}

const std::string& node::where() const noexcept {
  return to_.host.empty() ? to_.socket : to_.host;
}

answer<int> node::call(const std::string& method, const std::string& path, const std::string& body,
                       std::chrono::seconds patience, const on_piece& on_body) const {
  const auto to = connect_to(to_, patience_);
  if (!to)
    return to.why();
  auto request = fmt::format("{} {} HTTP/1.1\r\nHost: troupe\r\nConnection: close\r\n", method,
                             path_at(to_.node, path));
  if (!body.empty())
    request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  return exchange(**to, request + "\r\n" + body, patience, on_body);
}

answer<json> node::ask(const std::string& method, const std::string& path,
                       const std::string& body) const {
  std::string text;
  const auto patience = patience_for(method, path_at(to_.node, path), patience_);
  const auto status = call(method, path, body, patience, [&](int, std::string_view piece) {
    text += piece;
    return text.size() <= max_answer_bytes;
  });
  if (!status)
    return status.why();
  if (*status != 200)
    return refused(*status, text);
  auto parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded())
    return problem{trouble::bad_answer, {}, "the answer is not JSON: is this trouped?"};
  return parsed;
}

answer<std::string> node::fetch(const std::string& path, const params& query) const {
  std::string bytes;
  const auto status = call("GET", with_query(path, query), "", patience_, [&](int, std::string_view piece) {
    bytes += piece;
    return bytes.size() <= max_answer_bytes;
  });
  if (!status)
    return status.why();
  if (*status != 200)
    return refused(*status, bytes);
  return bytes;
}

answer<json> node::get(const std::string& path, const params& query) const {
  return ask("GET", with_query(path, query), "");
}

answer<json> node::post(const std::string& path, const json& body) const {
  return ask("POST", path, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

answer<json> node::remove(const std::string& path) const {
  return ask("DELETE", path, "");
}

answer<bool> node::stream(const std::string& path, const params& query,
                          const std::function<bool(const event&)>& on_event) const {
  sse_parser parser;
  std::string refusal;
  std::string ended;
  bool satisfied = false;
  auto take = [&](const event& e) {
    if (e.kind == "end") {
      const auto data = json::parse(e.data, nullptr, false);
      ended = data.is_object() ? data.value("why", "") : "";
      return false;
    }
    satisfied = !on_event(e);
    return !satisfied;
  };
  const auto status = call("GET", with_query(path, query), "", stream_silence,
                           [&](int code, std::string_view piece) {
                             if (code == 200)
                               return parser.feed(piece, take);
                             refusal += piece;
                             return refusal.size() < max_refusal_bytes;
                           });
  if (satisfied)
    return true;
  if (!ended.empty())
    return problem{trouble::lost, "ended", ended};
  if (!status)
    return status.why();
  if (*status != 200)
    return refused(*status, refusal);
  return problem{trouble::lost, {}, fmt::format("trouped at {} went away", where())};
}

std::chrono::seconds patience_for(const std::string& method, const std::string& path, std::chrono::seconds usual) {
  if (method == "GET")
    return usual;
  std::string_view rest{path};
  constexpr std::string_view version = "/v1/", elsewhere = "/v1/nodes/";
  const bool far = rest.substr(0, elsewhere.size()) == elsewhere;
  rest.remove_prefix(far ? std::min(rest.find('/', elsewhere.size()), rest.size() - 1) + 1 : std::min(version.size(), rest.size()));
  const auto what = rest.substr(0, rest.find('/'));
  if (what == "apply" || what == "config" || what == "rollback")
    return std::max(usual, of_a_house);
  return far ? std::max(usual, of_one_node) : usual;
}

std::string escape(std::string_view name) {
  std::string result;
  for (char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                       || c == '-' || c == '_' || c == '.' || c == '/';
    if (plain)
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

} // namespace troupe::client
