#include "apps/daemon/api.hpp"

namespace troupe::daemon {

namespace {

/// A node without `listen` and `peers` has nobody to speak of.
error alone() {
  return {errc::unsupported, "this node is alone; give it listen and peers in node.toml"};
}

} // namespace

json node_control::members() {
  if (parts_.cluster != nullptr)
    return parts_.cluster->members();
  const auto now_mono = parts_.all.clocks.mono();
  const auto since = parts_.all.clocks.wall() - (now_mono - parts_.started_at) / 1'000'000;
  return {{"node", parts_.node.name},
          {"members", json::array({{{"name", parts_.node.name},
                                    {"standing", "alive"},
                                    {"since", since},
                                    {"self", true},
                                    {"direct", false},
                                    {"round_trip_us", nullptr},
                                    {"addresses", json::array()},
                                    {"version", TROUPE_VERSION},
                                    {"draining", false}}})},
          {"differences", json::array()}};
}

json node_control::replicas() {
  auto out = store();
  out.erase("sums");
  out["members"] = parts_.cluster != nullptr ? parts_.cluster->replicas() : json::array();
  out["catching_up"] = parts_.cluster != nullptr ? parts_.cluster->catching_up() : json();
  return out;
}

json node_control::placement(const std::vector<std::string>& down) { return parts_.placing.view_all(down); }

result<json> node_control::move(const control_caller& who, const std::string& rule, const json& body) {
  const auto to = body.value("to", "");
  const auto name = rule.starts_with("rule/") ? rule.substr(5) : rule;
  if (auto moved = parts_.placing.move(name, to); !moved)
    return moved.why();
  journal(who, "owner", "rule/" + name, "is to be handed over to node " + to);
  return json{{"rule", name}, {"from", parts_.node.name}, {"to", to}};
}

result<json> node_control::member_act(const control_caller& who, const std::string& name, const std::string& verb) {
  return parts_.cluster != nullptr ? parts_.cluster->act(who, name, verb) : alone();
}

result<json> node_control::token(const control_caller& who, const json& body) {
  return parts_.cluster != nullptr ? parts_.cluster->token(who, body) : alone();
}

result<json> node_control::enrol(const json& body) {
  return parts_.cluster != nullptr ? parts_.cluster->enrol(body) : alone();
}

result<json> node_control::reload(const control_caller& who) {
  return parts_.cluster != nullptr ? parts_.cluster->reload(who) : alone();
}

} // namespace troupe::daemon
