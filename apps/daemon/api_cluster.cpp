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
  const auto s = parts_.all.store.stats();
  return {{"node", parts_.node.name},
          {"stream", s.stream},
          {"entries", s.entries},
          {"pending", s.pending_ops},
          {"bytes_per_day", s.bytes_per_day},
          {"budget_per_day", parts_.node.flash_bytes_per_day},
          {"archive", parts_.node.archive},
          {"digest", parts_.cluster != nullptr ? json(parts_.cluster->digest()) : json()},
          {"members", parts_.cluster != nullptr ? parts_.cluster->replicas() : json::array()}};
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
