#include "apps/client/node.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::client {

namespace {

// A node sends a heartbeat each 15 s; three missed ones are silence.
constexpr std::chrono::seconds stream_silence{45};

const httplib::Headers headers = {{"Host", "troupe"}, {"Connection", "close"}};

/// The library only says "connection failed"; the operator wants to know why.
problem no_connection(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return {trouble::no_node, {},
            fmt::format("{} is too long for a socket's path ({} bytes at most)", path,
                        sizeof(address.sun_path) - 1)};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected
    = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int code = errno;
  close(fd);
  if (connected) // just came up, or its backlog was full
    return {trouble::lost, {}, fmt::format("trouped at {} did not take the call; try again", path)};
  if (code == EACCES || code == EPERM)
    return {trouble::no_access, {},
            fmt::format("you may not connect to {}: join the group of that socket (ls -l {}) or "
                        "use sudo",
                        path, path)};
  return {trouble::no_node, {},
          fmt::format("no trouped listens at {}: start it with `systemctl start trouped`, or name "
                      "its socket with --socket or TROUPE_SOCKET",
                      path)};
}

problem no_answer(httplib::Error why, const std::string& socket, std::chrono::seconds patience) {
  if (why == httplib::Error::Connection)
    return no_connection(socket);
  if (why == httplib::Error::Read)
    return {trouble::lost, {},
            fmt::format("trouped at {} did not answer within {} s or went away; `troupe status` "
                        "tells whether it is back",
                        socket, patience.count())};
  return {trouble::lost, {}, fmt::format("the connection to {} broke: {}", socket,
                                         httplib::to_string(why))};
}

problem refused(int status, const std::string& body) {
  const auto parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object())
    return {trouble::bad_answer, {},
            fmt::format("HTTP status {} without a reason: is this socket trouped's?", status)};
  problem result;
  result.code = parsed["error"].value("code", "");
  result.text = parsed["error"].value("text", "");
  result.kind = status == 404   ? trouble::not_found
                : status == 403 ? trouble::no_access
                                : trouble::refused;
  return result;
}

answer<json> read_answer(const httplib::Result& got, const std::string& socket,
                         std::chrono::seconds patience) {
  if (!got)
    return no_answer(got.error(), socket, patience);
  if (got->status != 200)
    return refused(got->status, got->body);
  auto parsed = json::parse(got->body, nullptr, false);
  if (parsed.is_discarded())
    return problem{trouble::bad_answer, {}, "the answer is not JSON: is this socket trouped's?"};
  return parsed;
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

httplib::Client connect_to(const std::string& socket, std::chrono::seconds patience) {
  httplib::Client result{socket};
  result.set_address_family(AF_UNIX);
  result.set_connection_timeout(patience.count());
  result.set_read_timeout(patience.count());
  result.set_write_timeout(patience.count());
  return result;
}

} // namespace

std::string socket_path(const std::string& given) {
  if (!given.empty())
    return given;
  const char* from_environment = std::getenv("TROUPE_SOCKET");
  return from_environment && *from_environment ? from_environment : "/run/troupe/control.sock";
}

node::node(std::string socket, std::chrono::seconds patience)
  : socket_(std::move(socket)), patience_(patience) {
}

answer<json> node::get(const std::string& path, const params& query) const {
  auto http = connect_to(socket_, patience_);
  return read_answer(http.Get(with_query(path, query), headers), socket_, patience_);
}

answer<json> node::post(const std::string& path, const json& body) const {
  auto http = connect_to(socket_, patience_);
  const auto text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return read_answer(http.Post(path, headers, text, "application/json"), socket_, patience_);
}

answer<json> node::remove(const std::string& path) const {
  auto http = connect_to(socket_, patience_);
  return read_answer(http.Delete(path, headers), socket_, patience_);
}

answer<bool> node::stream(const std::string& path, const params& query,
                          const std::function<bool(const event&)>& on_event) const {
  auto http = connect_to(socket_, patience_);
  http.set_read_timeout(stream_silence.count());
  sse_parser parser;
  int status = 0;
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
  const auto got = http.Get(
    with_query(path, query), headers,
    [&](const httplib::Response& r) {
      status = r.status;
      return true;
    },
    [&](const char* data, std::size_t size) {
      if (status == 200)
        return parser.feed({data, size}, take);
      refusal.append(data, size);
      return refusal.size() < 65536;
    });
  if (satisfied)
    return true;
  if (status != 0 && status != 200)
    return refused(status, refusal);
  if (!ended.empty())
    return problem{trouble::lost, "ended", ended};
  if (!got && got.error() != httplib::Error::Canceled)
    return no_answer(got.error(), socket_, stream_silence);
  return problem{trouble::lost, {}, fmt::format("trouped at {} went away", socket_)};
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
