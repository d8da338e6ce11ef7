#undef CAF_SUITE
#define CAF_SUITE workshop

#include "apps/daemon/workshop.hpp"
#include "tests/support/unit_bench.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

struct workshop_fixture {
  unit_bench bench;
  node_config node;
  daemon::catalog names;
  daemon::placement_desk placing{node, *bench.all};
  daemon::workshop makers{*bench.all, node, names, placing,
                          [this](const bus_config&) { return open_fake(bench.hw); }};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(workshops, workshop_fixture)

CAF_TEST(the desk of a removed bus goes when nobody holds it and nobody is attached) {
  auto held = makers.desk("held");
  makers.desk("used")->attach_input("a", {}, {});
  (void)makers.desk("gone");
  CAF_CHECK_EQUAL(makers.desks(), 3u);
  for (int i = 0; i < 1000; ++i)
    (void)makers.desk("bus" + std::to_string(i));
  CAF_CHECK_EQUAL(makers.desks(), 3u); // held, used and the newest
  CAF_CHECK(makers.desk("held") == held);
  makers.desk("used")->detach("a");
  held.reset();
  (void)makers.desk("next");
  CAF_CHECK_EQUAL(makers.desks(), 1u);
}

CAF_TEST(what goes from here shows on what the node shows that has it now) {
  const auto shown = [&](const std::string& name) {
    const auto row = bench.all->live.find(name);
    return row ? "at '" + row->node + "'" : "nowhere";
  };
  const auto there = [&](const std::string& name) {
    storage::live_table::row x;
    x.name = name;
    x.node = "boiler";
    bench.all->live.publish_from(std::move(x));
  };
  document rule, meter;
  rule.section = "rule";
  rule.name = "fan";
  meter.section = "counter";
  meter.name = "gas";
  for (const char* name : {"rule/fan", "gas", "gas/rate"})
    there(name);
  makers.forget(rule, true);
  makers.forget(meter, true);
  CAF_CHECK_EQUAL(shown("rule/fan"), "at 'boiler'");
  CAF_CHECK_EQUAL(shown("gas"), "at 'boiler'");
  CAF_CHECK_EQUAL(shown("gas/rate"), "at 'boiler'");
  // Nobody has what was removed.
  makers.forget(rule);
  makers.forget(meter);
  CAF_CHECK_EQUAL(shown("rule/fan"), "nowhere");
  CAF_CHECK_EQUAL(shown("gas/rate"), "nowhere");
  // What only this node showed goes with it, wherever it goes to.
  bench.all->live.publish("rule/fan", {});
  makers.forget(rule, true);
  CAF_CHECK_EQUAL(shown("rule/fan"), "nowhere");
}

CAF_TEST_FIXTURE_SCOPE_END()
