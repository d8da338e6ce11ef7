// How many edges a gap can hide, by numbers and by rate (I3).

#undef CAF_SUITE
#define CAF_SUITE gpio_gaps

#include "drivers/gpio/gaps.hpp"

#include <caf/test/unit_test.hpp>

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::drivers::gpio;

CAF_TEST(numbers tell exactly what is missing also over the wrap) {
  constexpr std::uint32_t top = 4'294'967'295u;
  struct row {
    const char* what;
    std::uint32_t before, now;
    std::optional<std::uint32_t> missed;
  };
  const row rows[] = {
    {"the first", 0, 1, 0},
    {"the next", 41, 42, 0},
    {"one is missing", 41, 43, 1},
    {"the buffer dropped its oldest", 1, 985, 983},
    {"the last before the wrap", top - 1, top, 0},
    {"the wrap", top, 0, 0},
    {"one is missing at the wrap", top, 1, 1},
    {"many over the wrap", top - 9, 10, 19},
    {"as far as is believed", 0, std::uint32_t{1} << 31, (std::uint32_t{1} << 31) - 1},
    {"the same again says nothing", 42, 42, std::nullopt},
    {"a step back says nothing", 42, 41, std::nullopt},
    {"begun anew says nothing", 42, 1, std::nullopt},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    CAF_CHECK(missed_by_number(row.before, row.now) == row.missed);
  }
}

CAF_TEST(a rate bounds what nobody numbered) {
  constexpr mono_ns ms = 1'000'000;
  struct row {
    const char* what;
    mono_ns from, to;
    double rate_hz;
    std::uint64_t missed;
  };
  const row rows[] = {
    {"shorter than one period: one may hide", 0, 500'000, 1000, 1},
    {"one period: two may", 0, 1 * ms, 1000, 2},
    {"ten", 0, 10 * ms, 1000, 11},
    {"no time", 5, 5, 1000, 1},
    {"time that goes back", 9, 5, 1000, 1},
    {"no rate", 0, 10 * ms, 0, 1},
    {"a rate that is no number", 0, 10 * ms, std::numeric_limits<double>::quiet_NaN(), 1},
    {"a boundless rate stays in the type", 0, 10 * ms,
     std::numeric_limits<double>::infinity(), 1'000'000'000'000'001},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    CAF_CHECK_EQUAL(missed_by_rate(row.from, row.to, row.rate_hz), row.missed);
  }
}

CAF_TEST(the densest pair gives the rate that was seen) {
  const auto rate = [](std::vector<mono_ns> stamps) {
    std::vector<raw_event> events;
    for (const auto at : stamps)
      events.push_back({true, at, 0});
    return densest_rate_hz(events);
  };
  CAF_CHECK_EQUAL(rate({}), 0.0);
  CAF_CHECK_EQUAL(rate({5}), 0.0);
  CAF_CHECK_EQUAL(rate({5, 5}), 0.0);
  CAF_CHECK_EQUAL(rate({0, 1'000'000}), 1000.0);
  CAF_CHECK_EQUAL(rate({0, 1'000'000, 1'010'000, 9'000'000}), 100'000.0);
}

CAF_TEST(I3 edges that keep the promised rate never exceed the bound) {
  const bool ok = rc::check("bound covers every train of pulses", [] {
    const auto rate = *rc::gen::inRange(1, 100'000);
    const auto spacing = 1'000'000'000 / rate + 1;
    const auto start = *rc::gen::inRange<mono_ns>(0, 1'000'000'000);
    const auto length = *rc::gen::inRange<mono_ns>(1, 10'000'000'000);
    // The densest train that keeps the rate, from the first moment on.
    const auto edges = static_cast<std::uint64_t>((length - 1) / spacing + 1);
    RC_ASSERT(missed_by_rate(start, start + length, rate) >= edges);
  });
  CAF_CHECK(ok);
}
