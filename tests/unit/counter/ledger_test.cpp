#undef CAF_SUITE
#define CAF_SUITE pulse_ledger

#include "actors/counter/ledger.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>
#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::test;

namespace {
}

CAF_TEST(what may be missing after a start is what time allows less what was found I3) {
  using stamp = pulse_ledger::stamp;
  const struct {
    const char* what;
    std::optional<stamp> last;
    std::uint64_t raw_now;
    double rate;
    wall_ms now;
    std::uint64_t missed;
    std::uint32_t gaps;
    bool bounded;
  } rows[] = {
    {"the first life of all", {}, 0, 10, 5000, 0, 0, true},
    {"a second away at 10 Hz", stamp{100, 5000, 0, 0, {}, 0}, 100, 10, 6000, 11, 1, true},
    {"some of them were saved", stamp{100, 5000, 0, 0, {}, 0}, 107, 10, 6000, 4, 1, true},
    {"all that could happen were saved", stamp{100, 5000, 0, 0, {}, 0}, 111, 10, 6000, 0, 0, true},
    {"more than could happen", stamp{100, 5000, 0, 0, {}, 0}, 500, 10, 6000, 0, 0, true},
    {"no time at all", stamp{100, 5000, 0, 0, {}, 0}, 100, 10, 5000, 1, 1, true},
    {"an earlier bound goes on", stamp{100, 5000, 7, 2, {}, 0}, 100, 10, 6000, 18, 3, true},
    {"the store forgot its tail", stamp{100, 5000, 0, 0, {}, 0}, 90, 10, 6000, 11, 1, true},
    {"the clock stands before", stamp{100, 5000, 7, 2, {}, 0}, 100, 10, 4000, 7, 3, false},
    {"it was set back within one boot", stamp{100, 5000, 7, 2, "this", 59 * sec}, 100, 10, 4000, 18, 3,
     true},
    {"back, and another boot", stamp{100, 5000, 7, 2, "that", 59 * sec}, 100, 10, 4000, 7, 3, false},
    {"back, and a later time of this boot", stamp{100, 5000, 7, 2, "this", 61 * sec}, 100, 10, 4000, 7,
     3, false},
    {"set back less than it was away", stamp{100, 5000, 0, 0, "this", 50 * sec}, 100, 10, 6000, 101, 1,
     true},
    {"it slept, which the monotonic clock does not see", stamp{100, 5000, 0, 0, "this", 59 * sec}, 100,
     10, 7000, 21, 1, true},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    pulse_ledger books;
    CAF_CHECK(!books.open());
    CAF_CHECK_EQUAL(books.begin(x.last, x.raw_now, 0, x.rate, {x.now, "this", 60 * sec}), x.bounded);
    CAF_CHECK(books.open());
    CAF_CHECK_EQUAL(books.missed(0), x.missed);
    CAF_CHECK_EQUAL(books.gaps(0), x.gaps);
  }
}

CAF_TEST(a counter that is added again goes on above what the store has counted I3) {
  pulse_ledger books;
  books.begin({}, 500, 40, 10, {});
  CAF_CHECK_EQUAL(books.in_stream(0), 40u);
  CAF_CHECK_EQUAL(books.in_stream(7), 47u);
}

CAF_TEST(a total set by hand forgives what was missed before and no more) {
  pulse_ledger books;
  books.begin(pulse_ledger::stamp{100, 5000, 7, 2, {}, 0}, 100, 0, 10, {6000});
  CAF_CHECK_EQUAL(books.missed(5), 23u);
  books.forgive(5, 1);
  CAF_CHECK_EQUAL(books.missed(5), 0u);
  CAF_CHECK_EQUAL(books.gaps(1), 0u);
  CAF_CHECK_EQUAL(books.missed(8), 3u);
  CAF_CHECK_EQUAL(books.gaps(2), 1u);
}

CAF_TEST(a stamp comes back as it was and nothing else is believed) {
  const pulse_ledger::stamp s{1, 2, 3, 4, "boot", 5};
  const auto back = decode_stamp(encode(s));
  CAF_REQUIRE(back);
  CAF_CHECK(*back == s);
  // Without a boot, as the first release wrote it.
  const auto old = decode_stamp("{\"v\":1,\"raw\":1,\"at\":2,\"missed\":3,\"gaps\":4}");
  CAF_REQUIRE(old);
  CAF_CHECK(*old == (pulse_ledger::stamp{1, 2, 3, 4, {}, 0}));
  for (const char* bad : {"", "{}", "7", "{\"raw\":\"x\",\"at\":1}", "{\"raw\":1}"})
    CAF_CHECK(!decode_stamp(bad));
}

CAF_TEST(over any series of lives and clock settings the truth lies between total and bound I3) {
  CAF_CHECK(rc::check([] {
    const auto lives = *rc::gen::container<std::vector<std::tuple<int, int, int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 20000), rc::gen::inRange(0, 20000),
                     rc::gen::inRange(0, 101), rc::gen::inRange(-900'000, 900'000)));
    const double rate = 20;
    wall_ms now = 1'000'000;
    std::uint64_t truth = 0;
    std::uint64_t durable = 0; // raw pulses that survive
    std::uint64_t told_before = 0;
    std::optional<pulse_ledger::stamp> last;
    for (const auto& [ran, away, saved, shift] : lives) {
      pulse_ledger books;
      // The machine is not booted, but somebody sets its clock.
      const pulse_ledger::moment begins{now + shift, "boot", now * 1'000'000};
      RC_ASSERT(books.begin(last, durable, 0, rate, begins));
      RC_ASSERT(durable <= truth);
      RC_ASSERT(durable + books.missed(0) >= truth);
      RC_ASSERT(durable >= told_before);
      last = pulse_ledger::stamp{durable,         begins.wall, books.missed(0),
                                 books.gaps(0),   begins.boot, begins.mono};
      const auto born = durable;
      // Pulses come as fast as they may, while it runs and while it is away.
      const auto seen = static_cast<std::uint64_t>(ran * rate / 1000);
      truth += seen;
      told_before = born;
      durable = born + seen * static_cast<std::uint64_t>(saved) / 100;
      now += ran;
      truth += static_cast<std::uint64_t>(away * rate / 1000);
      now += away;
    }
  }));
}
