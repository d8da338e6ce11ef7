#undef CAF_SUITE
#define CAF_SUITE ramps

#include "actors/bus/make.hpp"
#include "actors/channel/make.hpp"
#include "actors/channel/ramp_words.hpp"
#include "actors/protocol/channel.hpp"
#include "tests/support/unit_bench.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

channel_config dimmer() {
  channel_config c;
  c.name = "dimmer";
  c.line.line = "dimmer";
  c.dir = direction::output;
  c.kind = value_kind::analog;
  c.unit = "%";
  c.safe = value::analog(0);
  c.max_slope = 50;
  return c;
}

/// One dimmer that needs 1.6 s to 80 %.
struct ramps_fixture : unit_bench {
  std::shared_ptr<bus_desk> desk = std::make_shared<bus_desk>("main", clock);

  using unit_bench::unit_bench;

  void start_dimmer(channel_config c = dimmer()) {
    start("bus/main", make_bus(*all, desk, bus_config{}, [this](const bus_config&) { return open_fake(hw); }));
    start("dimmer", make_output(*all, desk, std::move(c)));
    bus();
  }

  void bus() {
    tell("bus/main", wake_atom::value);
    tell("dimmer", wake_atom::value);
  }

  void wish(double x, const std::string& source = "rule/light", int lease_s = 60) {
    command c;
    c.output = "dimmer";
    c.source = source;
    c.val = value::analog(x);
    c.priority = 10;
    c.lease = std::chrono::seconds{lease_s};
    c.story = {{"rule", source, "line 3", 1}};
    (void)ask<command_answer>("dimmer", c);
    bus();
  }

  void go_on(mono_ns time) {
    for (const auto end = clock.now + time; clock.now < end;) {
      pass(20 * ms);
      bus();
    }
  }

  std::vector<std::string> lines() {
    std::vector<std::string> out;
    for (const auto& x : store->journal({.subject = "dimmer", .kind = "output"}))
      out.push_back(x.text);
    return out;
  }

  std::vector<std::string> told() {
    std::vector<std::string> out;
    const auto row = live.find("dimmer");
    if (row && row->why)
      for (const auto& x : *row->why)
        out.push_back(x.name + ": " + x.text);
    return out;
  }
};

using words = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(ramps_scope, ramps_fixture)

CAF_TEST(the journal has the begin and the end and the table each step with its cause) {
  start_dimmer();
  wish(80);
  CAF_CHECK_EQUAL(lines(), words{"0 -> 80 (ramp of 1.6 s, 50 % a second) by rule/light"});
  go_on(600 * ms);
  CAF_CHECK_EQUAL(lines().size(), 1u);
  CAF_CHECK(std::abs(live.get("dimmer")->val.real - 30.0) < 1e-6);
  CAF_CHECK_EQUAL(told(), (words{"rule/light: line 3", "dimmer: 0 -> 80 (ramp of 1.6 s, 50 % a second)", "dimmer: on the way: 30 -> 80"}));
  go_on(2 * sec);
  CAF_CHECK_EQUAL(lines(), (words{"0 -> 80 (ramp of 1.6 s, 50 % a second) by rule/light", "reached 80 after a ramp of 1.6 s by rule/light"}));
  CAF_CHECK_EQUAL(told(), (words{"rule/light: line 3", "dimmer: 0 -> 80 (ramp of 1.6 s, 50 % a second)", "dimmer: reached 80 after a ramp of 1.6 s"}));
  CAF_CHECK_EQUAL(live.get("dimmer")->changes, 16u); // each step is a value
}

CAF_TEST(a ramp that turns says what it did not reach) {
  start_dimmer();
  wish(80);
  go_on(600 * ms);
  wish(0, "operator/anna");
  CAF_REQUIRE_EQUAL(lines().size(), 2u);
  CAF_CHECK_EQUAL(lines()[1], "30 -> 0 (ramp of 600 ms, 50 % a second; 80 was not reached) by operator/anna");
  go_on(300 * ms);
  wish(live.get("dimmer")->val.real, "operator/anna");
  CAF_REQUIRE_EQUAL(lines().size(), 3u);
  CAF_CHECK_EQUAL(lines()[2], "stays at 15 (0 was not reached) by operator/anna");
}

CAF_TEST(a wish that ends on a ramp turns it and is told as the cause) {
  start_dimmer();
  wish(80, "rule/light", 1);
  go_on(1100 * ms);
  CAF_REQUIRE_EQUAL(lines().size(), 2u);
  CAF_CHECK_EQUAL(lines()[1], "45 -> 0 (ramp of 900 ms, 50 % a second; 80 was not reached) by the safe state");
  CAF_REQUIRE(!told().empty());
  CAF_CHECK_EQUAL(told()[0], "rule/light: its lease ended");
}

CAF_TEST(what is there at its first step is an ordinary change) {
  start_dimmer();
  wish(4);
  go_on(500 * ms);
  CAF_CHECK_EQUAL(lines(), words{"0 -> 4 by rule/light"});
  CAF_CHECK_EQUAL(told(), (words{"rule/light: line 3", "dimmer: 0 -> 4"}));
}

CAF_TEST(without a slope nothing of this is said) {
  auto c = dimmer();
  c.max_slope = 0;
  start_dimmer(c);
  wish(80);
  CAF_CHECK_EQUAL(lines(), words{"0 -> 80 by rule/light"});
}

CAF_TEST(a crash in the middle of a ramp keeps its cause) {
  start_dimmer();
  wish(80);
  go_on(400 * ms);
  crash("dimmer");
  bus();
  go_on(200 * ms);
  CAF_REQUIRE_EQUAL(told().size(), 3u);
  CAF_CHECK_EQUAL(told()[0], "rule/light: line 3");
  go_on(2 * sec);
  CAF_REQUIRE_EQUAL(lines().size(), 2u);
  CAF_CHECK_EQUAL(lines()[1], "reached 80 after a ramp of 1.6 s by rule/light");
}

CAF_TEST_FIXTURE_SCOPE_END()
