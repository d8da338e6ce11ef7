// What each uAPI can lose, and how it shows.

#undef CAF_SUITE
#define CAF_SUITE gpio_edge_track

#include "drivers/gpio/edge_track.hpp"
#include "tests/support/edge_log.hpp"
#include "tests/support/words.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::drivers::gpio;
using namespace troupe::test;

namespace {

const abilities v1{"v1", false, false, 16};
const abilities v2{"v2", true, true, 1024};

struct fixture {
  explicit fixture(const abilities& uapi, edge_kind edges = edge_kind::both,
                   int debounce_ms = 0) {
    line_config config;
    config.edges = edges;
    config.max_rate_hz = 1000;
    config.debounce = milliseconds{debounce_ms};
    track.emplace(config, uapi, debounce_ms > 0, false, log, [this] {
      ++looks;
      return lost ? std::nullopt : std::optional{pin};
    });
  }

  /// One read that brings these, then nothing is left.
  void read(std::vector<raw_event> events, mono_ns at) {
    track->on_events(events, at);
    track->on_drained(at);
  }

  bool pin = false; ///< what the line shows when it is looked at
  bool lost = false;
  int looks = 0;
  test::edge_log log;
  std::optional<edge_track> track;
};

/// Edges `spacing` apart from `from` on, alternating from rising, numbered or not.
std::vector<raw_event> train(std::size_t count, mono_ns from, mono_ns spacing,
                             std::uint32_t first_number = 0, bool alternate = true) {
  std::vector<raw_event> events;
  for (std::size_t i = 0; i < count; ++i)
    events.push_back(
      {!alternate || i % 2 == 0, from + static_cast<mono_ns>(i) * spacing,
       first_number == 0 ? 0 : first_number + static_cast<std::uint32_t>(i)});
  return events;
}

} // namespace

CAF_TEST(edges pass as they are when nothing is amiss) {
  for (const auto& uapi : {v1, v2}) {
    fixture f{uapi};
    const auto events = train(4, 10 * ms, ms, uapi.numbers ? 1 : 0);
    f.read({events[0]}, 20 * ms);
    f.read({events[1], events[2], events[3]}, 20 * ms);
    const auto seen = f.log.edges();
    CAF_REQUIRE_EQUAL(seen.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      CAF_CHECK_EQUAL(seen[i].level, events[i].level);
      CAF_CHECK_EQUAL(seen[i].at, events[i].at);
      CAF_CHECK_EQUAL(seen[i].sequence, events[i].sequence);
    }
    CAF_CHECK(f.log.gaps().empty());
    CAF_CHECK(!f.track->deadline());
  }
}

CAF_TEST(I3 a jump of the numbers is exactly what was lost) {
  struct row {
    const char* what;
    std::vector<std::uint32_t> numbers;
    std::vector<std::uint64_t> missed;
  };
  const row rows[] = {
    {"none", {1, 2, 3}, {}},
    {"the first ones", {985, 986}, {984}},
    {"one", {1, 3}, {1}},
    {"twice", {1, 3, 4, 14}, {1, 9}},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    fixture f{v2, edge_kind::rising};
    f.pin = true;
    mono_ns at = 0;
    for (const auto number : row.numbers)
      f.read({{true, at += ms, number}}, at);
    CAF_CHECK_EQUAL(f.log.edges().size(), row.numbers.size());
    const auto gaps = f.log.gaps();
    CAF_REQUIRE_EQUAL(gaps.size(), row.missed.size());
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      CAF_CHECK_EQUAL(gaps[i].missed_at_most, row.missed[i]);
      CAF_CHECK_EQUAL(gaps[i].level, true); // looked at anew
    }
  }
}

CAF_TEST(numbers that begin anew fall back to the rate) {
  fixture f{v2, edge_kind::rising};
  f.read({{true, 10 * ms, 1}}, 10 * ms);
  f.read({{true, 20 * ms, 2}}, 20 * ms);
  f.read({{true, 30 * ms, 1}}, 30 * ms);
  const auto gaps = f.log.gaps();
  CAF_REQUIRE_EQUAL(gaps.size(), 1u);
  CAF_CHECK_EQUAL(gaps[0].missed_at_most, 11u); // 10 ms at 1000 Hz
}

CAF_TEST(I3 without numbers a read that brings all the buffer holds is a gap) {
  struct row {
    const char* what;
    std::size_t count;
    mono_ns spacing, read_at;
    std::uint64_t missed; // 0: no gap
  };
  // Events begin at 1 s; the last of 16 comes 15 spacings later.
  const mono_ns s = 1000 * ms;
  const row rows[] = {
    {"fifteen cannot have overflowed", 15, ms, s + 50 * ms, 0},
    {"sixteen can: 35 ms at the promised 1000 Hz", 16, ms, s + 50 * ms, 36},
    {"slower than promised: the promise counts", 16, 2 * ms, s + 50 * ms, 21},
    {"faster than promised: twice what was seen counts", 16, ms / 10, s + 50 * ms, 971},
    {"read at once: still one may hide", 16, ms, s + 15 * ms, 1},
  };
  for (const auto& row : rows)
    for (const bool both : {true, false}) {
      CAF_MESSAGE(row.what << (both ? ", both edges" : ", rising"));
      fixture f{v1, both ? edge_kind::both : edge_kind::rising};
      f.pin = both && row.count % 2 == 1;
      f.read(train(row.count, s, row.spacing, 0, both), row.read_at);
      CAF_CHECK_EQUAL(f.log.edges().size(), row.count);
      const auto gaps = f.log.gaps();
      CAF_CHECK_EQUAL(gaps.size(), row.missed == 0 ? 0u : 1u);
      if (!gaps.empty()) {
        CAF_CHECK_EQUAL(gaps[0].missed_at_most, row.missed);
        CAF_CHECK_EQUAL(gaps[0].at, row.read_at);
        CAF_CHECK_EQUAL(gaps[0].level, f.pin);
      }
    }
}

CAF_TEST(with numbers a long read is no suspicion) {
  fixture f{v2};
  f.read(train(64, 0, ms, 1), 64 * ms);
  CAF_CHECK_EQUAL(f.log.edges().size(), 64u);
  CAF_CHECK(f.log.gaps().empty());
}

CAF_TEST(two equal edges in a row hide at least one) {
  for (const auto& uapi : {v1, v2}) {
    fixture f{uapi};
    f.pin = true;
    f.read({{true, 10 * ms, uapi.numbers ? 1u : 0u}}, 10 * ms);
    f.read({{true, 15 * ms, uapi.numbers ? 2u : 0u}}, 15 * ms);
    CAF_CHECK_EQUAL(f.log.edges().size(), 2u);
    const auto gaps = f.log.gaps();
    CAF_REQUIRE_EQUAL(gaps.size(), 1u);
    CAF_CHECK_EQUAL(gaps[0].missed_at_most, 6u); // 5 ms at 1000 Hz
  }
  // Rising edges only are all equal, and that is no gap.
  fixture f{v1, edge_kind::rising};
  f.read(train(5, 0, ms, 0, false), 5 * ms);
  CAF_CHECK(f.log.gaps().empty());
  CAF_CHECK_EQUAL(f.looks, 0);
}

CAF_TEST(a level that nothing explains is a gap after the grace) {
  constexpr mono_ns grace = std::chrono::nanoseconds{edge_track::grace}.count();
  fixture f{v1};
  f.pin = true; // and the burst ends low
  f.read(train(4, 0, ms), 5 * ms);
  CAF_CHECK(f.log.gaps().empty());
  CAF_CHECK(f.track->deadline() == std::optional<mono_ns>{5 * ms + grace});
  f.track->on_drained(5 * ms + grace - 1);
  CAF_CHECK(f.log.gaps().empty());
  f.track->on_drained(5 * ms + grace);
  const auto gaps = f.log.gaps();
  CAF_REQUIRE_EQUAL(gaps.size(), 1u);
  CAF_CHECK_EQUAL(gaps[0].level, true);
  CAF_CHECK_EQUAL(gaps[0].missed_at_most, 23u); // 3 ms .. 25 ms at 1000 Hz
  CAF_CHECK(!f.track->deadline());
}

CAF_TEST(a level that the next edge explains is no gap) {
  fixture f{v1};
  f.pin = true;
  f.read(train(4, 0, ms), 5 * ms);
  f.read({{true, 6 * ms, 0}}, 7 * ms);
  CAF_CHECK(!f.track->deadline());
  CAF_CHECK(f.log.gaps().empty());
}

CAF_TEST(a single edge is not held against the line) {
  fixture f{v1};
  f.pin = false; // It has fallen again, and that event is on its way.
  f.read({{true, 1 * ms, 0}}, 2 * ms);
  CAF_CHECK(!f.track->deadline());
  CAF_CHECK_EQUAL(f.looks, 0);
}

CAF_TEST(a gap is told also when the chip is going) {
  fixture f{v2};
  f.lost = true;
  f.read({{true, 10 * ms, 5}}, 10 * ms);
  const auto gaps = f.log.gaps();
  CAF_REQUIRE_EQUAL(gaps.size(), 1u);
  CAF_CHECK_EQUAL(gaps[0].missed_at_most, 4u);
}

CAF_TEST(debounced here only what stands is told and only what is wanted) {
  fixture f{v1, edge_kind::rising, 10};
  f.pin = true;
  f.read(train(5, 0, ms), 5 * ms); // bounces until 4 ms, ends high
  CAF_CHECK(f.log.edges().empty());
  CAF_CHECK(!f.track->settled_level());
  CAF_CHECK(f.track->deadline() == std::optional<mono_ns>{14 * ms});
  f.track->on_drained(14 * ms);
  const auto told = f.log.edges();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told[0].at, 14 * ms);
  CAF_CHECK(f.track->settled_level());
  f.pin = false;
  f.read({{false, 50 * ms, 0}}, 50 * ms);
  f.track->on_drained(60 * ms);
  CAF_CHECK_EQUAL(f.log.edges().size(), 1u); // falling was not asked for
  CAF_CHECK(!f.track->settled_level());
  CAF_CHECK(f.log.gaps().empty());
}

CAF_TEST(bounces that overflow hide only what could have stood) {
  struct row {
    const char* what;
    mono_ns read_at;
    std::uint64_t missed;
  };
  // 16 bounces, the last at 1.5 ms; the period is 10 ms.
  const row rows[] = {
    {"shorter than a period: nothing can have stood", 9 * ms, 0},
    {"three periods: three levels can have", 33 * ms, 3},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    fixture f{v1, edge_kind::both, 10};
    f.read(train(16, 0, ms / 10), row.read_at);
    const auto gaps = f.log.gaps();
    CAF_REQUIRE_EQUAL(gaps.size(), row.missed == 0 ? 0u : 1u);
    if (row.missed != 0)
      CAF_CHECK_EQUAL(gaps[0].missed_at_most, row.missed);
    // What was missed has moved the line, so it must stand anew.
    CAF_CHECK(f.track->deadline() == std::optional<mono_ns>{row.read_at + 10 * ms});
  }
}
