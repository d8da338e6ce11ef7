#include "apps/daemon/far_nodes.hpp"

#include "apps/daemon/json.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

errc code_of(const std::string& word) {
  for (int i = 1; i <= static_cast<int>(errc::untrusted); ++i)
    if (word == to_string(static_cast<errc>(i)))
      return static_cast<errc>(i);
  return errc::io_error;
}

result<json> read(const std::string& node, const cluster::far_answer& x) {
  auto body = far_json(x.body);
  if (x.status >= 200 && x.status < 300 && (!body.is_null() || x.body == "null"))
    return body;
  if (body.is_object() && body.contains("error") && body["error"].is_object()) {
    const auto& why = body["error"];
    return error{code_of(text_in(why, "code")), fmt::format("{}: {}", node, text_in(why, "text"))};
  }
  return error{errc::io_error, fmt::format("node {} answered {} with something that is no JSON", node, x.status)};
}

} // namespace

control::caller far_nodes::looker() {
  control::caller who;
  who.allowed = cluster::role::viewer;
  return who;
}

cluster::far_call far_nodes::question(const control::caller& who, const std::string& method, const std::string& path,
                                      const std::multimap<std::string, std::string>& query,
                                      std::string_view body) const {
  cluster::far_call x;
  x.method = method;
  x.path = path;
  x.query.assign(query.begin(), query.end());
  x.body = body;
  x.who = who.name;
  x.allowed = static_cast<std::uint8_t>(who.allowed);
  x.via = who.via;
  return x;
}

control::reply far_nodes::far(const std::string& node, const control::caller& who, const std::string& method,
                              const std::string& path, const std::multimap<std::string, std::string>& query,
                              std::string_view body) {
  const auto refuse = [](const error& why) {
    return control::refusal(control::http_status(why.code), to_string(why.code), why.context);
  };
  const auto id = wire_.ask(node, question(who, method, path, query, body));
  if (!id)
    return refuse(id.why());
  auto said = wire_.answer(*id, method == "GET" ? patience : long_patience);
  if (!said)
    return refuse(said.why());
  control::reply out;
  out.status = said->status;
  out.type = said->type;
  out.body = said->body;
  if (said->stream != 0) {
    out.stream = std::make_shared<control::event_queue>();
    feed(node, said->stream, out.stream, false, true);
  }
  return out;
}

result<json> far_nodes::ask(const std::string& node, const control::caller& who, const std::string& method,
                            const std::string& path, const json& body, milliseconds limit) {
  const auto id = wire_.ask(node, question(who, method, path, {}, body.is_null() ? "" : body.dump()));
  if (!id)
    return id.why();
  auto said = wire_.answer(*id, limit);
  if (!said)
    return said.why();
  return read(node, *said);
}

result<json> far_nodes::look(const std::string& node, const std::string& path, const std::multimap<std::string, std::string>& query) {
  const auto id = wire_.ask(node, question(looker(), "GET", path, query, {}));
  if (!id)
    return id.why();
  auto said = wire_.answer(*id, patience);
  return said ? read(node, *said) : result<json>{said.why()};
}

std::map<std::string, result<json>> far_nodes::ask_all(const std::string& path,
                                                       const std::multimap<std::string, std::string>& query) {
  std::map<std::string, result<std::uint64_t>> asked;
  for (const auto& x : wire_.peers_now())
    if (x->who.allowed == cluster::role::node)
      asked.emplace(x->who.name, wire_.ask(x->who.name, question(looker(), "GET", path, query, {})));
  std::map<std::string, result<json>> out;
  for (auto& [node, id] : asked) {
    if (!id) {
      out.emplace(node, id.why());
      continue;
    }
    auto said = wire_.answer(*id, patience);
    out.emplace(node, said ? read(node, *said) : result<json>{said.why()});
  }
  return out;
}

status far_nodes::stream(const std::string& node, const control::caller& who, const std::string& path,
                         const std::multimap<std::string, std::string>& query, const queue& into, bool stamp,
                         bool ends_it) {
  const auto id = wire_.ask(node, question(who, "GET", path, query, {}));
  if (!id)
    return id.why();
  auto said = wire_.answer(*id, patience);
  if (!said)
    return said.why();
  if (said->stream == 0) {
    const auto body = read(node, *said);
    return body ? error{errc::unsupported, fmt::format("node {} answered {} without a stream", node, path)} : body.why();
  }
  feed(node, said->stream, into, stamp, ends_it);
  return {};
}

/// A queue with one stream closes it when its reader leaves; a shared one ends
/// its streams at the next event, when it does not want that any more.
void far_nodes::feed(const std::string& node, std::uint64_t id, const queue& into, bool stamp, bool ends_it) {
  if (ends_it)
    into->on_close([this, node, id] { wire_.close(node, id); });
  wire_.read(node, id, [into, node, stamp, ends_it](cluster::far_events lot) {
    std::string why = "the link to node " + node + " ended";
    for (const auto& x : lot.events) {
      auto data = far_json(x.data);
      if (x.kind == "end") {
        why = node + ": " + text_in(data, "why");
        continue;
      }
      if (stamp && data.is_object())
        data["node"] = node;
      if (!into->push(x.kind, data))
        return false;
    }
    if (lot.ended && ends_it)
      into->end(why);
    return !into->reader_left_at();
  });
}

} // namespace troupe::daemon
