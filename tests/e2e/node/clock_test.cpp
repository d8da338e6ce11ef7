// The wall clock of a whole node is set back a year while it runs: outputs,
// timers, counters and the order of the journal go on, nothing is lost.

#define CAF_SUITE e2e_clock

#include "tests/e2e/node/readings.hpp"
#include "tests/support/test_house.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;
using steady = std::chrono::steady_clock;

namespace {

constexpr auto year = std::chrono::hours{24 * 365};

const std::string timed_house = R"(
[bus.sim]
driver = "sim"

[counter.meter]
bus = "sim"
line = "pulse.3@200"

[channel."hall/button"]
bus = "sim"
line = "in.1"

[channel."test/finger"]
bus = "sim"
line = "out.1"
direction = "output"

[channel."hall/lamp"]
bus = "sim"
line = "out.2"
direction = "output"

[channel."hall/fan"]
bus = "sim"
line = "out.3"
direction = "output"

[channel."hall/leased"]
bus = "sim"
line = "out.4"
direction = "output"

[rule.light]
outputs = ["hall/lamp"]
lua = '''
set("hall/lamp", held("hall/button", "1s"))
'''

[rule.fan]
outputs = ["hall/fan"]
lua = '''
if rising("hall/button") then start("cool", "1500ms") end
set("hall/fan", remaining("cool") ~= nil)
'''
)";

double seconds_until(const test_house& house, const char* name, const char* text) {
  const auto from = steady::now();
  const auto last = house.wait_for({"get", name}, [&](auto& x) { return is(x, text); }, 8s);
  CAF_MESSAGE(name << ": " << last.value("text", "?"));
  return is(last, text) ? std::chrono::duration<double>(steady::now() - from).count() : 99;
}

double meter_total(const test_house& house) {
  return house.wait_for({"get", "meter"}, [](auto& x) {
    return x.is_object() && x.contains("value") && x["value"].is_number();
  })["value"].template get<double>();
}

void expect_ordered(const json& events) {
  for (std::size_t i = 1; i < events.size(); ++i)
    CAF_CHECK(events[i]["seq"].get<std::uint64_t>() > events[i - 1]["seq"].get<std::uint64_t>());
}

} // namespace

CAF_TEST(a clock set back a year while it runs stops nothing and loses nothing I3 I5 I7) {
#ifdef __SANITIZE_ADDRESS__
  CAF_MESSAGE("not under the address sanitizer, which must be the first library itself");
  return;
#endif
  test_house house{timed_house};
  house.shift_clock(0s);
  house.start();
  seconds_until(house, "hall/lamp", "off");
  const auto started_wall = house.ask({"status"})["started_wall"].get<double>();
  house.wait_for({"get", "meter"}, [](auto& x) {
    return x.contains("value") && x["value"].is_number() && x["value"].template get<double>() > 100;
  });
  const auto before = house.ask({"log", "--newest", "10000"});
  CAF_REQUIRE(!before.empty());

  // All of them are under way when the clock jumps.
  CAF_CHECK_EQUAL(house.troupe({"set", "hall/leased", "on", "--for", "2s"}).exit, 0);
  CAF_CHECK_EQUAL(house.troupe({"set", "test/finger", "on"}).exit, 0);
  CAF_CHECK(seconds_until(house, "hall/fan", "on") < 2);
  const auto counted = meter_total(house);
  const auto jumped = steady::now();
  house.shift_clock(-year);
  const auto moved = started_wall - house.ask({"status"})["started_wall"].get<double>();
  CAF_CHECK(moved > 364.0 * 24 * 3600 * 1000); // it is seen indeed

  CAF_CHECK(seconds_until(house, "hall/lamp", "on") < 3);   // `held`
  CAF_CHECK(seconds_until(house, "hall/fan", "off") < 4);   // a durable timer
  CAF_CHECK(seconds_until(house, "hall/leased", "off") < 5); // a lease
  // The meter goes on at its pace: neither stalls nor counts a year.
  test_house::pause(500ms);
  const auto later = meter_total(house);
  const auto passed = std::chrono::duration<double>(steady::now() - jumped).count();
  CAF_MESSAGE(later - counted << " pulses in " << passed << " s");
  CAF_CHECK(later - counted > 200 * passed * 0.5 - 100);
  CAF_CHECK(later - counted < 200 * passed * 1.5 + 300);

  // A new command works, and stands in the journal behind all that was before.
  CAF_CHECK_EQUAL(house.troupe({"set", "test/finger", "off"}).exit, 0);
  CAF_CHECK(seconds_until(house, "hall/lamp", "off") < 3);
  const auto after = house.ask({"log", "--newest", "10000"});
  expect_ordered(after);
  CAF_CHECK(after.size() > before.size());
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i)
    CAF_CHECK_EQUAL(after[i]["seq"].get<std::uint64_t>(), before[i]["seq"].get<std::uint64_t>());
  const json newer(std::vector<json>(after.begin() + static_cast<std::ptrdiff_t>(before.size()), after.end()));
  CAF_CHECK(newer.dump().find("hall/lamp") != std::string::npos);

  // Nor does a kill in the wrong year: what was not durable yet is told as a
  // bound, which the monotonic clock knows.
  const auto at_death = meter_total(house);
  house.kill();
  house.start();
  CAF_MESSAGE("at death " << at_death << ", now " << house.ask({"get", "meter"}).dump());
  const auto told = house.ask({"get", "meter"});
  CAF_CHECK(told["value"].get<double>() + told.value("missed_at_most", 0.0) >= at_death);
  CAF_CHECK(seconds_until(house, "hall/lamp", "off") < 3);
  CAF_CHECK_EQUAL(house.troupe({"set", "test/finger", "on"}).exit, 0);
  CAF_CHECK(seconds_until(house, "hall/lamp", "on") < 4);
  auto events = house.ask({"log", "--newest", "10000"});
  expect_ordered(events);
  CAF_CHECK(events.size() > after.size());
  CAF_CHECK(events.dump().find("the wall clock is") != std::string::npos);

  // And forward again, to where it belongs.
  const auto back = meter_total(house);
  house.shift_clock(0s);
  CAF_CHECK_EQUAL(house.troupe({"set", "test/finger", "off"}).exit, 0);
  CAF_CHECK(seconds_until(house, "hall/lamp", "off") < 3);
  CAF_CHECK(meter_total(house) >= back);
  events = house.ask({"log", "--newest", "10000"});
  expect_ordered(events);
  CAF_CHECK_EQUAL(house.stop(), 0);
}
