#include "apps/control/routes.hpp"

#include <charconv>

namespace troupe::control {

namespace {

// Replacing broken UTF-8: a reading's text may come from hardware.
reply ok(const json& x) {
  return {200, "application/json", dump(x), nullptr};
}

reply answer(const result<json>& x) {
  return x ? ok(*x) : refusal(http_status(x.why().code), to_string(x.why().code),
                              x.why().context);
}

reply bytes(result<std::string> x) {
  return x ? reply{200, "application/octet-stream", std::move(*x), nullptr}
           : refusal(http_status(x.why().code), to_string(x.why().code), x.why().context);
}

reply stream(node_api& node, const call& c, const char* what, json body) {
  auto opened = node.open_stream(c.who, what, body);
  if (!opened)
    return refusal(http_status(opened.why().code), to_string(opened.why().code),
                   opened.why().context);
  return {200, "text/event-stream", {}, *opened};
}

std::string text_of(const call& c, const char* key) {
  auto i = c.query.find(key);
  return i == c.query.end() ? std::string{} : i->second;
}

/// Checked by the route: digits only.
std::uint64_t number_of(const call& c, const char* key, std::uint64_t otherwise) {
  const auto text = text_of(c, key);
  std::uint64_t result = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

json log_query(const call& c) {
  json result = json::object();
  for (const char* key : {"subject", "kind", "level"})
    if (auto x = text_of(c, key); !x.empty())
      result[key] = x;
  result["newest"] = std::min<std::uint64_t>(number_of(c, "newest", 100), 10000);
  result["after"] = number_of(c, "after", 0);
  return result;
}

using f = field_kind;
constexpr auto anybody = cluster::role::none;
constexpr auto look = cluster::role::viewer;
constexpr auto operate = cluster::role::operator_;
const std::vector<field> none;
/// "a,b" as its words.
std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    if (end > at)
      out.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

const std::vector<field> log_fields
  = {{"subject"}, {"kind"}, {"level"}, {"newest", f::whole}, {"after", f::whole}};

std::vector<route> make_routes() {
  return {
    // --- looking ---
    {"GET", "/v1/status", "status", look, none, none,
     [](node_api& n, const call&) { return ok(n.status()); }},
    {"GET", "/v1/tree", "tree", look, none, none,
     [](node_api& n, const call&) { return ok(n.tree()); }, true},
    {"GET", "/v1/ps", "ps", look, none, none,
     [](node_api& n, const call&) { return ok(n.ps()); }, true},
    {"GET", "/v1/readings", "list", look, {{"prefix"}}, none,
     [](node_api& n, const call& c) { return ok(n.list(text_of(c, "prefix"))); }},
    {"GET", "/v1/readings/{name}", "get", look, none, none,
     [](node_api& n, const call& c) { return answer(n.get(c.path.at("name"))); }},
    {"GET", "/v1/why/{name}", "why", look, none, none,
     [](node_api& n, const call& c) { return answer(n.why(c.path.at("name"))); }},
    {"GET", "/v1/log", "log", look, log_fields, none,
     [](node_api& n, const call& c) { return answer(n.log(log_query(c))); }, true},
    {"GET", "/v1/buses", "buses", look, none, none,
     [](node_api& n, const call&) { return ok(n.buses()); }, true},
    {"GET", "/v1/actors/{name}", "actor", look, none, none,
     [](node_api& n, const call& c) { return answer(n.actor(c.path.at("name"))); }},
    {"GET", "/v1/post-mortems/{name}", "postMortems", look, none, none,
     [](node_api& n, const call& c) { return answer(n.post_mortems(c.path.at("name"))); }},

    // --- commanding channels ---
    {"POST", "/v1/set/{name}", "set", operate, none,
     {{"value", f::any, true}, {"priority", f::whole}, {"for", f::text}},
     [](node_api& n, const call& c) { return answer(n.set(c.who, c.path.at("name"), c.body)); }},
    {"POST", "/v1/pulse/{name}", "pulse", operate, none,
     {{"for", f::text, true}, {"value"}, {"priority", f::whole}, {"request", f::text}, {"age_ms", f::whole}},
     [](node_api& n, const call& c) { return answer(n.pulse(c.who, c.path.at("name"), c.body)); }},
    {"POST", "/v1/release/{name}", "release", operate, none, {{"priority", f::whole}},
     [](node_api& n, const call& c) {
       return answer(n.release(c.who, c.path.at("name"), c.body));
     }},
    {"POST", "/v1/force/{name}", "force", operate, none,
     {{"value"}, {"off", f::truth}},
     [](node_api& n, const call& c) {
       return answer(n.force(c.who, c.path.at("name"), c.body));
     }},
    {"POST", "/v1/count/{name}", "count", operate, none,
     {{"total", f::number, true}, {"request", f::text}},
     [](node_api& n, const call& c) {
       return answer(n.count(c.who, c.path.at("name"), c.body));
     }},

    // --- commanding actors ---
    {"POST", "/v1/act/{verb}/{name}", "act", operate, none, none,
     [](node_api& n, const call& c) {
       return answer(n.act(c.who, c.path.at("name"), c.path.at("verb")));
     }},
    {"POST", "/v1/faults/{name}", "setFault", operate, none,
     {{"fault", f::text, true}, {"line", f::text}, {"active", f::truth, true}},
     [](node_api& n, const call& c) {
       return answer(n.set_fault(c.who, c.path.at("name"), c.body));
     }},

    // --- configuration ---
    {"GET", "/v1/config", "exportConfig", look, none, none,
     [](node_api& n, const call&) {
       auto x = n.export_toml();
       return ok({{"toml", std::move(x.toml)}, {"missing", std::move(x.missing)}});
     }},
    {"POST", "/v1/config", "add", operate, none,
     {{"section", f::text, true}, {"name", f::text, true}, {"document", f::object, true},
      {"replace", f::truth}, {"dry_run", f::truth}},
     [](node_api& n, const call& c) { return answer(n.add(c.who, c.body)); }},
    {"DELETE", "/v1/config/{section}/{name}", "remove", operate, none, none,
     [](node_api& n, const call& c) {
       return answer(n.remove(c.who, c.path.at("section"), c.path.at("name")));
     }},
    {"POST", "/v1/apply", "apply", operate, none,
     {{"toml", f::text, true}, {"file", f::text}, {"text", f::text}, {"dry_run", f::truth},
      {"prune", f::truth}, {"elsewhere", f::text}},
     [](node_api& n, const call& c) { return answer(n.apply(c.who, c.body)); }},
    {"GET", "/v1/history", "history", look, {{"newest", f::whole}}, none,
     [](node_api& n, const call& c) {
       return ok(n.history(std::min<std::uint64_t>(number_of(c, "newest", 20), 1000)));
     }, true},
    {"POST", "/v1/rollback", "rollback", operate, none,
     {{"revision", f::whole, true}, {"node"}, {"dry_run", f::truth}},
     [](node_api& n, const call& c) { return answer(n.rollback(c.who, c.body)); }},

    // --- the store ---
    {"GET", "/v1/store", "store", look, none, none,
     [](node_api& n, const call&) { return ok(n.store()); }},
    {"GET", "/v1/store/vector", "storeVector", look, none, none,
     [](node_api& n, const call&) { return answer(n.store_vector()); }},
    {"GET", "/v1/store/rows", "storeRows", look, {{"bucket", f::whole}}, none,
     [](node_api& n, const call& c) { return answer(n.store_rows(number_of(c, "bucket", 0))); }},
    {"GET", "/v1/store/entries/{kind}/{name}", "storeEntry", look, none, none,
     [](node_api& n, const call& c) {
       return answer(n.store_entry(c.path.at("kind"), c.path.at("name")));
     }},
    {"POST", "/v1/backups", "beginBackup", operate, none, none,
     [](node_api& n, const call& c) { return answer(n.begin_backup(c.who)); }},
    {"GET", "/v1/backups/{id}", "backupBlock", operate, {{"block", f::whole}}, none,
     [](node_api& n, const call& c) {
       return bytes(n.backup_block(c.who, c.path.at("id"), number_of(c, "block", 0)));
     }},

    // --- streams ---
    {"GET", "/v1/streams/watch", "watch", look, {{"prefix"}}, none,
     [](node_api& n, const call& c) {
       return stream(n, c, "watch", {{"prefix", text_of(c, "prefix")}});
     }},
    {"GET", "/v1/streams/log", "follow", look, log_fields, none,
     [](node_api& n, const call& c) { return stream(n, c, "log", log_query(c)); }, true},
    {"GET", "/v1/streams/tap/{name}", "tap", look, none, none,
     [](node_api& n, const call& c) {
       return stream(n, c, "tap", {{"actor", c.path.at("name")}});
     }},

    // --- the cluster ---
    {"GET", "/v1/members", "members", look, none, none,
     [](node_api& n, const call&) { return ok(n.members()); }},
    {"GET", "/v1/replicas", "replicas", look, none, none,
     [](node_api& n, const call&) { return ok(n.replicas()); }},
    {"GET", "/v1/placement", "placement", look, {{"down"}}, none,
     [](node_api& n, const call& c) { return ok(n.placement(words_of(text_of(c, "down")))); }},
    {"POST", "/v1/move/{name}", "move", operate, none, {{"to", f::text, true}},
     [](node_api& n, const call& c) { return answer(n.move(c.who, c.path.at("name"), c.body)); }},
    {"POST", "/v1/drills", "startDrill", operate, none,
     {{"kind", f::text, true}, {"target", f::text, true}, {"peer", f::text}, {"for", f::text}, {"limit", f::text}, {"settle", f::text},
      {"delay", f::text}, {"loss", f::number}, {"by", f::text}, {"even_so", f::truth}, {"check", f::truth}},
     [](node_api& n, const call& c) { return answer(n.start_drill(c.who, c.body)); }},
    {"GET", "/v1/drills", "drills", look, none, none,
     [](node_api& n, const call&) { return ok(n.drills()); }},
    {"GET", "/v1/drills/{id}", "drill", look, none, none,
     [](node_api& n, const call& c) { return answer(n.drill(c.path.at("id"))); }},
    {"POST", "/v1/drills/{id}/abort", "abortDrill", operate, none, none,
     [](node_api& n, const call& c) { return answer(n.abort_drill(c.who, c.path.at("id"))); }},
    {"POST", "/v1/drill-faults", "drillFault", operate, none,
     {{"drill", f::text, true}, {"what", f::text, true}, {"peer", f::text}, {"for_ms", f::whole}, {"in_ms", f::whole},
      {"delay_ms", f::whole}, {"loss", f::number}, {"by_ms", f::number}},
     [](node_api& n, const call& c) { return answer(n.drill_fault(c.who, c.body)); }},
    {"POST", "/v1/members/{name}/{verb}", "actOnMember", operate, none, none,
     [](node_api& n, const call& c) {
       return answer(n.member_act(c.who, c.path.at("name"), c.path.at("verb")));
     }},
    {"POST", "/v1/tokens", "makeToken", operate, none,
     {{"name", f::text, true}, {"role", f::text}, {"ttl", f::text}, {"house", f::text},
      {"replace", f::truth}},
     [](node_api& n, const call& c) { return answer(n.token(c.who, c.body)); }},
    {"POST", "/v1/enrol", "enrol", anybody, none,
     {{"token", f::text, true}, {"request", f::text, true}},
     [](node_api& n, const call& c) { return answer(n.enrol(c.body)); }},
    {"POST", "/v1/reload", "reload", operate, none, none,
     [](node_api& n, const call& c) { return answer(n.reload(c.who)); }},

    {"POST", "/v1/shutdown", "shutdown", operate, none, none,
     [](node_api& n, const call& c) {
       n.shutdown(c.who);
       return ok({{"stopping", true}});
     }},
  };
}

} // namespace

const std::vector<route>& routes() {
  static const auto table = make_routes();
  return table;
}

int http_status(errc code) noexcept {
  switch (code) {
  case errc::none: return 200;
  case errc::not_found: return 404;
  case errc::invalid_argument:
  case errc::script_error: return 400;
  case errc::untrusted:
  case errc::permission_denied: return 403;
  case errc::busy:
  case errc::fenced:
  case errc::conflict:
  case errc::interlocked:
  case errc::quarantined: return 409;
  case errc::unsupported: return 422;
  case errc::over_limit:
  case errc::closed:
  case errc::unreachable:
  case errc::device_lost: return 503;
  case errc::timed_out:
  case errc::bus_timeout: return 504;
  case errc::disk_full: return 507;
  default: return 500;
  }
}

std::string error_body(std::string_view code, std::string_view text) {
  return dump({{"error", {{"code", code}, {"text", text}}}});
}

reply refusal(int status, std::string_view code, std::string_view text) {
  return {status, "application/json", error_body(code, text), nullptr};
}

} // namespace troupe::control
