#include "apps/daemon/house_control.hpp"

#include "apps/daemon/log_merge.hpp"

#include <algorithm>

namespace troupe::daemon {

namespace {

void append(json& to, json rows) {
  for (auto& x : rows)
    to.push_back(std::move(x));
}

} // namespace

house_control::house_control(house_parts parts)
  : parts_(std::move(parts)),
    log_({parts_.others, parts_.self, system_clocks(), [this] { return with_journals(); },
          [this](const json& query) { return parts_.here.open_stream({}, "log", query); },
          [this](const json& query) { return parts_.here.log(query); }}) {}

/// A board with a pre-shared key is asked for nothing.
std::vector<std::string> house_control::with_journals() const {
  auto all = parts_.nodes();
  std::erase_if(all, [this](const auto& x) { return !parts_.is_member(x); });
  return all;
}

std::optional<std::string> house_control::elsewhere(const std::string& name) const {
  const auto row = parts_.live.find(name);
  if (row)
    return row->node.empty() ? std::nullopt : std::optional{row->node};
  if (auto node = desired_elsewhere("channel", name))
    return node;
  return desired_elsewhere("counter", name);
}

std::optional<std::string> house_control::desired_elsewhere(const std::string& section, const std::string& name) const {
  if (parts_.wanted.find(section, name))
    return {};
  for (const auto& [node, documents] : parts_.books())
    if (std::any_of(documents.begin(), documents.end(),
                    [&](const document& x) { return x.section == section && x.name == name; }))
      return node;
  return {};
}

std::optional<std::string> house_control::runs_elsewhere(const std::string& actor) const {
  // A rule that may run on several nodes: the one that acts is meant.
  if (const auto row = parts_.live.find(actor); row && !row->node.empty() && row->now.why != reason::node_lost)
    return row->node;
  if (parts_.names.find(actor))
    return {};
  for (const auto& [node, documents] : parts_.books())
    if (std::any_of(documents.begin(), documents.end(),
                    [&](const document& x) { return workshop::actor_of(x.section, x.name) == actor; }))
      return node;
  return {};
}

json house_control::status() { return parts_.here.status(); }

json house_control::tree() {
  auto nodes = json::array({{{"node", parts_.self}, {"tree", parts_.here.tree()}}});
  for (auto& [node, said] : parts_.others.ask_all("/v1/tree"))
    nodes.push_back(said ? json{{"node", node}, {"tree", *said}} : json{{"node", node}, {"error", said.why().context}});
  return {{"nodes", std::move(nodes)}};
}

json house_control::ps() {
  auto out = parts_.here.ps();
  stamp(out, parts_.self);
  for (auto& [node, said] : parts_.others.ask_all("/v1/ps"))
    if (said) {
      stamp(*said, node);
      append(out, std::move(*said));
    }
  return out;
}

result<json> house_control::get(const std::string& name) {
  const auto node = elsewhere(name);
  if (!node)
    return parts_.here.get(name);
  auto said = parts_.others.look(*node, "/v1/readings/" + name);
  if (said) {
    (*said)["node"] = *node;
    return said;
  }
  // What it showed last is better than nothing, and says that its node is lost.
  auto last = parts_.here.get(name);
  if (!last)
    return said;
  (*last)["node"] = *node;
  (*last)["actor_trouble"] = said.why().context;
  return last;
}

json house_control::list(const std::string& prefix) { return parts_.here.list(prefix); }

result<json> house_control::why(const std::string& name) {
  const auto node = elsewhere(name);
  return node ? parts_.others.look(*node, "/v1/why/" + name) : parts_.here.why(name);
}

result<json> house_control::log(const json& query) {
  auto here = parts_.here.log(query);
  if (!here)
    return here.why();
  auto own = std::move(*here);
  stamp(own, parts_.self);
  if (query.contains("after") && query["after"] != 0)
    return own; // sequence numbers are a node's own
  std::multimap<std::string, std::string> fields;
  for (const auto& [key, x] : query.items())
    if (!x.is_null() && x != "" && x != 0)
      fields.emplace(key, x.is_string() ? x.get<std::string>() : x.dump());
  std::vector<json> all{std::move(own)};
  for (auto& [node, said] : parts_.others.ask_all("/v1/log", fields))
    if (said) {
      stamp(*said, node);
      all.push_back(std::move(*said));
    }
  return merge_logs(std::move(all), query.value("newest", std::size_t{100}));
}

json house_control::buses() {
  auto out = parts_.here.buses();
  stamp(out, parts_.self);
  for (auto& [node, said] : parts_.others.ask_all("/v1/buses"))
    if (said) {
      stamp(*said, node);
      append(out, std::move(*said));
    }
  return out;
}

result<json> house_control::post_mortems(const std::string& actor) {
  const auto node = runs_elsewhere(actor);
  return node ? parts_.others.look(*node, "/v1/post-mortems/" + actor) : parts_.here.post_mortems(actor);
}

result<json> house_control::actor(const std::string& name) {
  const auto node = runs_elsewhere(name);
  return node ? parts_.others.look(*node, "/v1/actors/" + name) : parts_.here.actor(name);
}

json house_control::members() { return parts_.here.members(); }

/// What only each one knows of itself is asked of all that are linked.
json house_control::replicas() {
  auto out = parts_.here.replicas();
  const auto said = parts_.others.ask_all("/v1/store");
  for (auto& row : out["members"]) {
    const auto found = said.find(row.value("name", ""));
    if (found == said.end() || !found->second || !found->second->is_object())
      continue;
    const auto& its = *found->second;
    for (const char* key : {"digest", "events", "event_bytes", "bytes_per_day", "budget_per_day", "degraded"})
      if (its.contains(key))
        row[key] = its[key];
    // Digests mean something only where both have seen the same.
    const bool comparable = its.value("seen", "?") == out.value("seen", "");
    row["digest_equal"] = comparable ? json(its.value("digest", "?") == out.value("digest", "")) : json();
  }
  return out;
}

result<std::shared_ptr<control::event_queue>>
house_control::open_stream(const control::caller& who, const std::string& what, const json& body) {
  if (what == "tap") {
    const auto actor = body.value("actor", "");
    const auto node = runs_elsewhere(actor);
    if (!node)
      return parts_.here.open_stream(who, what, body);
    auto into = std::make_shared<control::event_queue>();
    if (auto open = parts_.others.stream(*node, who, "/v1/streams/tap/" + actor, {}, into, false, true); !open)
      return open.why();
    return into;
  }
  // Sequence numbers are a node's own, as in `log`.
  if (what == "log" && (!body.contains("after") || body["after"] == 0))
    return log_.open(body);
  // Readings of all nodes are in this one's table.
  return parts_.here.open_stream(who, what, body);
}

} // namespace troupe::daemon
