// A rule that may run on two servers, with its button and its lamp on a board:
// the servers are killed, frozen, drained and told to give it away.

#undef CAF_SUITE
#define CAF_SUITE failover

#include "tests/e2e/cluster/roaming_house.hpp"

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct failover_fixture : roaming_cluster {
  failover_fixture() : roaming_cluster(roaming_house(counting, button)) { CAF_REQUIRE(is("cellar/lamp", "off")); }

  /// Where it acts, if that becomes `who` within the time.
  static std::string acts(test_node& by, const std::string& who, std::chrono::milliseconds limit = 15s) {
    (void)within(limit, [&] { return acting(by) == who; });
    return acting(by);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(failover_tests, failover_fixture)

CAF_TEST(I4 and I7: the other server goes on where the killed one was) {
  press();
  CAF_REQUIRE(is("cellar/lamp", "on"));
  attic.kill(); // the timer has some three seconds left
  CAF_CHECK_EQUAL(acts(cellar, "boiler"), "boiler");
  CAF_CHECK(is("cellar/lamp", "on", 0s));
  CAF_CHECK(is("cellar/fan", "on", 6s)); // it fired on the other one
  press();
  CAF_CHECK(is("cellar/lamp", "off"));
  CAF_CHECK(has(owners().back() + owners().front(), "the link to node attic has ended"));
  // Who was killed comes back and takes nothing away.
  attic.start();
  REQUIRE_AGREE(all);
  press();
  CAF_CHECK(is("cellar/lamp", "on"));
  CAF_CHECK_EQUAL(acting(cellar), "boiler");
}

CAF_TEST(I4: a server that was stopped wakes up and changes nothing) {
  press();
  CAF_REQUIRE(is("cellar/lamp", "on"));
  attic.freeze();
  CAF_CHECK_EQUAL(acts(cellar, "boiler"), "boiler");
  press();
  CAF_CHECK(is("cellar/lamp", "off"));
  attic.thaw();
  CAF_CHECK(within(10s, [&] { return has(attic.log() + attic.troupe({"--node", "attic", "log", "rule/roam"}).out, "acts on this node no more"); }));
  CAF_CHECK(is("cellar/lamp", "off", 0s));
  CAF_CHECK_EQUAL(acts(cellar, "boiler"), "boiler");
  REQUIRE_AGREE(all);
  press();
  CAF_CHECK(is("cellar/lamp", "on"));
}

CAF_TEST(a rule is given away and a node drained without a gap) {
  press();
  CAF_REQUIRE(is("cellar/lamp", "on"));
  CAF_CHECK_EQUAL(boiler.troupe({"move", "roam", "boiler"}).exit, 0);
  CAF_CHECK_EQUAL(acts(cellar, "boiler"), "boiler");
  CAF_CHECK(has(owners().back() + owners().front(), "node attic handed it to boiler"));
  CAF_CHECK_EQUAL(attic.troupe({"drain", "boiler"}).exit, 0);
  CAF_CHECK_EQUAL(acts(cellar, "attic"), "attic");
  press();
  CAF_CHECK(is("cellar/lamp", "off"));
  const auto candidates = [](test_node& by) {
    return by.ask({"--node", by.name(), "placement"})["rules"][0]["order"].dump();
  };
  // Each hears of the drain in its own time, and of its end after that.
  for (auto* by : {&attic, &cellar})
    CAF_CHECK(within(10s, [&] { return !has(candidates(*by), "boiler"); }));
  CAF_CHECK_EQUAL(attic.troupe({"move", "roam", "boiler"}).exit, 1); // it drains
  CAF_CHECK_EQUAL(attic.troupe({"undrain", "boiler"}).exit, 0);
  CAF_CHECK(within(10s, [&] { return has(candidates(cellar), "boiler"); }));
  // Where it would go, without going there.
  const auto said = cellar.ask({"--node", "cellar", "placement"});
  CAF_CHECK_EQUAL(said["rules"][0]["acts"], "attic");
  const auto what_if = cellar.troupe({"what-if", "--down", "attic"});
  CAF_CHECK_EQUAL(what_if.exit, 0);
  CAF_CHECK(has(what_if.out, "boiler"));
  CAF_CHECK_EQUAL(cellar.troupe({"what-if", "--down", "attic,boiler"}).exit, 1); // its outputs would go safe
  CAF_CHECK_EQUAL(cellar.troupe({"what-if", "--down", "nobody"}).exit, 2);
}

CAF_TEST(a crashed rule acts on at once on the same node) {
  press();
  CAF_REQUIRE(is("cellar/lamp", "on"));
  CAF_CHECK_EQUAL(cellar.troupe({"kill", "rule/roam"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return has(json(owners()).dump(), "a later start of its actor"); }));
  press();
  CAF_CHECK(is("cellar/lamp", "off"));
  CAF_CHECK_EQUAL(acting(cellar), "attic");
}

CAF_TEST(I5: with no server left the outputs go safe within their lease) {
  press();
  CAF_REQUIRE(is("cellar/lamp", "on"));
  boiler.kill();
  attic.kill();
  CAF_CHECK(is("cellar/lamp", "off", 8s)); // a lease of 5 s
  boiler.start();
  CAF_CHECK_EQUAL(acts(cellar, "boiler"), "boiler");
  CAF_CHECK(is("cellar/lamp", "on")); // it remembers
}

CAF_TEST_FIXTURE_SCOPE_END()
