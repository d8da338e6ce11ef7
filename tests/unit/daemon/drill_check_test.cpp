#define CAF_SUITE drill_check
#include "tests/support/suite.hpp"

#include "apps/daemon/drill_check.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::daemon;

namespace {

/// Two servers, a board with a lamp and a fan, a rule on the servers.
drill_picture whole() {
  drill_picture x;
  x.self = "boiler";
  x.members = {{"attic", "alive"}, {"boiler", "alive"}, {"cellar", "alive"}};
  x.replicas = {{"attic", true, ""}, {"boiler", true, ""}, {"cellar", true, ""}};
  x.rules = {{"roam", "attic", "normal", {"attic", "boiler"}, {"cellar/lamp", "cellar/fan"}}};
  x.outputs = {{"cellar/lamp", "cellar"}, {"cellar/fan", "cellar"}};
  x.actors = {"rule/roam", "cellar/lamp"};
  return x;
}

drill_plan plan(drill_kind kind, const std::string& target, const std::string& peer = {}) {
  drill_plan x;
  x.kind = kind;
  x.target = target;
  x.peer = peer;
  return x;
}

std::string all(const std::vector<drill_doubt>& doubts) {
  std::string out;
  for (const auto& x : doubts) {
    CAF_CHECK(!x.way_out.empty());
    out += x.why + "; ";
  }
  return out;
}

struct row {
  const char* what;
  std::function<void(drill_picture&)> with;
  const char* told; ///< empty: no doubt
  bool forgivable = false;
};

} // namespace

CAF_TEST(what refuses a drill and what does not) {
  const row rows[] = {
    {"a whole house", [](auto&) {}, ""},
    {"a node that is down", [](auto& x) { x.members[2].standing = "down"; }, "node cellar is down; "},
    {"a node that nobody waits for", [](auto& x) { x.members.push_back({"shed", "removed"}); }, ""},
    {"a stranger at the door", [](auto& x) { x.members.push_back({"shed", "waiting"}); }, ""},
    {"a node that drains", [](auto& x) { x.members[2].draining = true; }, "node cellar drains; "},
    {"a node behind another", [](auto& x) { x.members[2].linked = false; }, "node cellar has no link with boiler; "},
    {"a replica that lags", [](auto& x) { x.replicas[0].equal = false; }, "the store of attic is not equal to that of boiler yet; "},
    {"a disk that is full", [](auto& x) { x.replicas[0].degraded = "no space"; }, "the store of attic is degraded: no space; "},
    {"a lamp that somebody forced", [](auto& x) { x.forced = {"cellar/lamp"}; }, "tagged out (forced): cellar/lamp; "},
    {"a drill that runs", [](auto& x) { x.running = "kill-node attic (1)"; }, "another drill is under way: kill-node attic (1); "},
    {"a rule that acts nowhere", [](auto& x) { x.rules[0].acts = ""; }, "rule roam acts nowhere; "},
    {"a rule that nobody else may run", [](auto& x) { x.rules[0].candidates = {"attic"}; }, "no other node that is there may run: roam; ", true},
    {"a rule that stays there", [](auto& x) { x.fixed = {{"heat", "attic"}, {"fan", "cellar"}}; }, "only attic runs: heat; ", true},
    {"outputs that are wired there", [](auto& x) { x.outputs.emplace_back("attic/bell", "attic"); }, "outputs are wired to attic: attic/bell; ", true},
  };
  for (const auto& x : rows) {
    auto house = whole();
    x.with(house);
    auto order = plan(drill_kind::kill_node, "attic");
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(all(doubts_of(order, house)), x.told);
    order.even_so = true;
    CAF_CHECK_EQUAL(all(doubts_of(order, house)), x.forgivable ? "" : x.told);
  }
}

CAF_TEST(a target that is not there) {
  const auto house = whole();
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::stop_node, "shed"), house)), "no node is called 'shed'; ");
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::cut_link, "attic", "shed"), house)), "no node is called 'shed'; ");
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::kill_actor, "rule/none"), house)), "no actor is called 'rule/none'; ");
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::kill_actor, "rule/roam"), house)), "");
}

CAF_TEST(a node does not end itself) {
  const auto house = whole();
  CAF_CHECK(all(doubts_of(plan(drill_kind::kill_node, "boiler"), house)).find("could not tell how its own drill went") != std::string::npos);
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::cut_link, "boiler", "cellar"), house)), "");
}

CAF_TEST(whom a fault takes something away from) {
  const auto house = whole();
  const auto count = [&](const drill_plan& x) { return concerned_by(x, house).size(); };
  CAF_CHECK_EQUAL(count(plan(drill_kind::kill_node, "attic")), 1u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::kill_node, "boiler")), 0u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::cut_link, "attic", "cellar")), 1u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::cut_link, "cellar", "attic")), 1u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::cut_link, "attic", "boiler")), 0u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::hang_actor, "rule/roam")), 1u);
  CAF_CHECK_EQUAL(count(plan(drill_kind::kill_actor, "cellar/lamp")), 0u);
}

CAF_TEST(an order in words) {
  using nlohmann::json;
  const auto trouble = [](const json& x) {
    const auto read = read_drill(x);
    return read ? std::string{} : read.why().context;
  };
  CAF_CHECK_EQUAL(trouble({{"kind", "stop-node"}, {"target", "attic"}, {"for", "5s"}}), "");
  CAF_CHECK(trouble({{"kind", "burn"}, {"target", "attic"}}).starts_with("there is no drill 'burn'; there are kill-actor, "));
  CAF_CHECK_EQUAL(trouble({{"kind", "kill-node"}}), "kill-node of what? Name a node");
  CAF_CHECK_EQUAL(trouble({{"kind", "cut-link"}, {"target", "attic"}}), "cut-link wants two nodes: the ends of the link");
  CAF_CHECK_EQUAL(trouble({{"kind", "cut-link"}, {"target", "attic"}, {"peer", "attic"}}), "attic has no link to itself");
  CAF_CHECK_EQUAL(trouble({{"kind", "kill-node"}, {"target", "attic"}, {"peer", "boiler"}}), "kill-node wants one name, not 'boiler' too");
  CAF_CHECK_EQUAL(trouble({{"kind", "kill-node"}, {"target", "attic"}, {"for", "5s"}}), "kill-node is over at once; --for is for stop-node, cut-link, degrade-link, slow-disk, fill-disk, skew-clock");
  CAF_CHECK_EQUAL(trouble({{"kind", "stop-node"}, {"target", "attic"}, {"for", "2m"}}), "--for is '2m'; write how long as 500ms, 5s or 1m, from 100 ms to 60 s");
  CAF_CHECK(!trouble({{"kind", "stop-node"}, {"target", "attic"}, {"limit", "soon"}}).empty());
  CAF_CHECK_EQUAL(trouble({{"kind", "degrade-link"}, {"target", "attic"}, {"peer", "boiler"}, {"delay", "150ms"}, {"loss", 2.5}}), "");
  CAF_CHECK_EQUAL(trouble({{"kind", "degrade-link"}, {"target", "attic"}, {"peer", "boiler"}, {"loss", 60}}), "--loss is 60; write percent, 0 to 50");
  CAF_CHECK_EQUAL(trouble({{"kind", "slow-disk"}, {"target", "attic"}, {"loss", 2}}), "slow-disk loses nothing; --loss is for degrade-link");
  CAF_CHECK_EQUAL(trouble({{"kind", "stop-node"}, {"target", "attic"}, {"delay", "1s"}}), "stop-node delays nothing; --delay is for degrade-link, slow-disk");
  CAF_CHECK_EQUAL(trouble({{"kind", "skew-clock"}, {"target", "attic"}, {"by", "-1d"}}), "");
  CAF_CHECK_EQUAL(trouble({{"kind", "skew-clock"}, {"target", "attic"}, {"by", "2h"}}), "--by is '2h'; write 1m to 1h, or -1m to -1d");
  CAF_CHECK_EQUAL(trouble({{"kind", "skew-clock"}, {"target", "attic"}, {"by", "-5s"}}), "--by is '-5s'; write 1m to 1h, or -1m to -1d");
}

CAF_TEST(only a simulated board loses its power) {
  auto house = whole();
  const auto told = [&] { return all(doubts_of(plan(drill_kind::power_cycle, "attic"), house)); };
  CAF_CHECK_EQUAL(told(), "attic is no board: it has no bus; ");
  house.buses = {{"rooms", "attic", "sim"}, {"relays", "cellar", "gpio"}};
  CAF_CHECK_EQUAL(told(), "");
  house.buses.push_back({"pumps", "attic", "gpio"});
  CAF_CHECK_EQUAL(told(), "attic is no simulated board; real hardware: pumps; ");
  auto order = plan(drill_kind::power_cycle, "attic");
  order.even_so = true;
  CAF_CHECK(!doubts_of(order, house).empty());
}

CAF_TEST(a disk and a clock take no control away) {
  auto house = whole();
  house.rules[0].candidates = {"attic"};
  house.fixed = {{"heat", "attic"}};
  house.outputs.emplace_back("attic/bell", "attic");
  for (const auto kind : {drill_kind::slow_disk, drill_kind::fill_disk, drill_kind::skew_clock})
    CAF_CHECK_EQUAL(all(doubts_of(plan(kind, "attic"), house)), "");
  CAF_CHECK_EQUAL(all(doubts_of(plan(drill_kind::degrade_link, "attic", "cellar"), house)), "no other node that is there may run: roam; ");
}

CAF_TEST(a configured drill is ordered as a person orders it) {
  for (const auto& of : drill_traits()) {
    drill_config x;
    x.kind = of.kind;
    x.target = "attic";
    x.peer = of.of == drill_target::link ? "boiler" : "";
    const auto plan = read_drill(order_of(x));
    CAF_MESSAGE(of.word);
    CAF_REQUIRE(plan);
    CAF_CHECK(plan->kind == of.kind);
    CAF_CHECK_EQUAL(plan->settle, of.settle);
    CAF_CHECK_EQUAL(plan->delay, of.delay);
    CAF_CHECK_EQUAL(plan->length.count() > 0, of.lasts);
  }
}
