#undef CAF_SUITE
#define CAF_SUITE bus

#include <caf/test/dsl.hpp>

#include "tests/unit/sim/probe.hpp"

#include <atomic>
#include <thread>

using namespace troupe;
using namespace troupe::test;

CAF_TEST(an output that is set is heard on its loop) {
  auto house = open_house("loop");
  CAF_REQUIRE(house);
  probe heard;
  auto in = house->open_digital_input(line("in.7"), heard);
  auto out = house->open_digital_output(line("out.7"), false);
  CAF_REQUIRE(in);
  CAF_REQUIRE(out);
  const auto before = system_clocks().mono();
  CAF_REQUIRE((*out)->set(true));
  CAF_REQUIRE(heard.wait([](probe& p) { return p.edges.size() == 1; }));
  CAF_CHECK(heard.edges[0].level);
  CAF_CHECK_EQUAL(heard.edges[0].sequence, 1u);
  CAF_CHECK_GREATER_OR_EQUAL(heard.edges[0].at, before);
  CAF_CHECK_LESS_OR_EQUAL(heard.edges[0].at, system_clocks().mono());
  CAF_CHECK(*(*in)->level());
  CAF_CHECK(*(*out)->level());
}
