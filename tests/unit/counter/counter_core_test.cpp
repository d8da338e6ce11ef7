#undef CAF_SUITE
#define CAF_SUITE counter_core

#include "actors/counter/counter_core.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

#include <cmath>
#include <limits>

using namespace troupe;
using namespace troupe::test;

namespace {

counter_config meter() {
  counter_config c;
  c.name = "meters/power";
  c.pulses_per_unit = 1000;
  c.unit = "kWh";
  c.rate_factor = 3'600'000;
  c.rate_unit = "W";
  return c;
}

counter_core::facts counted(std::uint64_t raw) {
  counter_core::facts x;
  x.total = x.raw = raw;
  x.line_open = true;
  return x;
}

} // namespace

CAF_TEST(a counter says what its total is worth) {
  const auto with = [](auto change) {
    auto x = counted(1843);
    change(x);
    return x;
  };
  const struct {
    const char* what;
    counter_core::facts x;
    const char* told;
  } rows[] = {
    {"counting", counted(1843), "1.843 (good)"},
    {"nothing yet", counted(0), "0 (good)"},
    {"before the line is open", with([](auto& x) { x.line_open = false; }),
     "1.843 (uncertain, restored)"},
    {"the line is lost", with([](auto& x) { x.line_open = false; x.line_trouble = true; }),
     "1.843 (uncertain, bus_lost)"},
    {"not yet compared with its copies", with([](auto& x) { x.settled = false; }),
     "1.843 (uncertain, settling)"},
    {"a gap, with its bound", with([](auto& x) { x.missed = 3; x.gaps = 2; }),
     "1.843 (good, gap)"},
    {"a gap whose bound is unknown", with([](auto& x) { x.gaps = 1; }), "1.843 (good, gap)"},
    {"simulated", with([](auto& x) { x.simulated = true; }), "1.843 (good, simulated)"},
    {"after a meter replacement", with([](auto& x) { x.total = 5; }), "0.005 (good)"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    counter_core core{meter()};
    const auto r = core.tell(x.x, sec, 1000);
    CAF_REQUIRE(r);
    CAF_CHECK_EQUAL(to_string(*r), x.told);
    CAF_CHECK(r->told_as == origin::restore); // nothing was seen to change (I6)
    CAF_CHECK_EQUAL(r->missed_at_most, x.x.missed);
    CAF_CHECK_EQUAL(r->gaps, x.x.gaps);
  }
}

CAF_TEST(only news is told) {
  counter_core core{meter()};
  CAF_CHECK(core.tell(counted(10), sec, 1));
  CAF_CHECK(!core.tell(counted(10), 2 * sec, 2));
  auto x = counted(11);
  x.last_pulse_at = 3 * sec;
  const auto r = core.tell(x, 3 * sec, 3);
  CAF_REQUIRE(r);
  CAF_CHECK(r->told_as == origin::change);
  CAF_CHECK_EQUAL(r->changes, 11u);
  CAF_CHECK_EQUAL(r->measured_at, 3 * sec);
  x.missed = 1;
  const auto gap = core.tell(x, 4 * sec, 4);
  CAF_REQUIRE(gap);
  CAF_CHECK(gap->told_as == origin::refresh);
}

CAF_TEST(silence makes a total stale at its time) {
  auto c = meter();
  c.stale_after = milliseconds{60000};
  counter_core core{c};
  auto x = counted(10);
  x.last_pulse_at = 100 * sec;
  CAF_CHECK(core.tell(x, 100 * sec, 0));
  CAF_CHECK_EQUAL(core.next(100 * sec), 160 * sec);
  const auto r = core.tell(x, 160 * sec, 0);
  CAF_REQUIRE(r);
  CAF_CHECK_EQUAL(to_string(*r), "0.01 (uncertain, stale)");
  CAF_CHECK_EQUAL(core.next(160 * sec), std::numeric_limits<mono_ns>::max());
}

CAF_TEST(the rate follows the pulses) {
  const struct {
    const char* what;
    double pulses_per_second;
    int for_s;
    int then_silent_s;
    double watts, within;
  } rows[] = {
    {"one a second is 3600 W", 1, 120, 0, 3600, 100},
    {"a storm", 1000, 120, 0, 3'600'000, 50'000},
    {"one every hundred seconds", 0.01, 1000, 0, 36, 1},
    {"it sinks while the next one is not coming", 0.01, 1000, 400, 9, 1},
    {"and ends", 0.01, 1000, 700, 0, 0},
    {"a minute after the storm", 1000, 120, 70, 50, 5},
    {"nothing ever", 0, 120, 0, 0, 0},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    rate_meter m{milliseconds{60000}};
    mono_ns now = 1000 * sec;
    double pulses = 0;
    mono_ns last = 0;
    const mono_ns step = sec / 5;
    for (mono_ns t = 0; t < x.for_s * sec; t += step, now += step) {
      const auto before = std::floor(pulses + 1e-9);
      pulses += x.pulses_per_second / 5;
      if (std::floor(pulses + 1e-9) > before)
        last = now;
      m.see(static_cast<std::uint64_t>(pulses + 1e-9), last, now);
    }
    for (mono_ns t = 0; t < x.then_silent_s * sec; t += sec) {
      now += sec;
      m.see(static_cast<std::uint64_t>(pulses + 1e-9), last, now);
    }
    CAF_CHECK(std::abs(m.per_second(now) * 3600 - x.watts) <= x.within);
  }
}
