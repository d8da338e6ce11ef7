#define CAF_SUITE hlc

#include "tests/support/suite.hpp"

#include "storage/hlc.hpp"

#include <vector>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr wall_ms noon = 1'800'000'000'000;
constexpr mono_ns second = 1'000'000'000;

} // namespace

CAF_TEST(where stamps go on after a restart) {
  struct row {
    const char* what;
    wall_ms bound;
    wall_ms newest;
    clock_quality quality;
    wall_ms wall;
    wall_ms begins;
  };
  const auto reserve = hlc_clock::reserve_ms;
  const std::vector<row> rows{
    {"first open", 0, 0, clock_quality::ntp, noon, noon},
    {"first open without a clock", 0, 0, clock_quality::none, noon, 0},
    {"a crash: the bound is ahead, the clock is good", noon + reserve, noon - 5, clock_quality::ntp, noon, noon},
    {"the newest stamp ran ahead of the clock", noon + reserve, noon + 700, clock_quality::ntp, noon, noon + 700},
    {"somebody else's clock is years ahead", noon + reserve, 2 * noon, clock_quality::ntp, noon, noon + reserve},
    {"the clock was set back by an hour", noon + reserve, noon, clock_quality::ntp, noon - 3'600'000, noon + reserve},
    {"a clock that nobody believes", noon + reserve, noon, clock_quality::none, noon + 500, noon + reserve},
    {"off for a day", noon + reserve, noon, clock_quality::ntp, noon + 86'400'000, noon + 86'400'000},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    hlc_clock clock{hlc::at(x.bound), hlc::at(x.newest), x.quality, x.wall, second};
    clock.persisted(clock.next_bound(x.wall, second));
    const auto first = clock.tick(x.wall, second);
    CAF_CHECK_EQUAL(first.ms(), x.begins);
    CAF_CHECK(first > hlc::at(x.begins)); // later than all that were given
    CAF_CHECK(clock.tick(x.wall - 1000, second) > first); // also if the clock steps back
  }
}

CAF_TEST(no stamp passes the bound) {
  hlc_clock clock{{}, {}, clock_quality::ntp, noon, second};
  clock.persisted(clock.next_bound(noon, second));
  const auto bound = clock.bound();
  CAF_CHECK_EQUAL(bound.ms(), noon + hlc_clock::reserve_ms);
  const auto x = clock.tick(noon + 10 * hlc_clock::reserve_ms, second);
  CAF_CHECK_EQUAL(x.ms(), bound.ms()); // ordered by the count from here on
  CAF_CHECK(clock.wants_bound(noon + 10 * hlc_clock::reserve_ms, second));
}

CAF_TEST(a foreign stamp drags a good clock along only within reason) {
  for (const auto quality : {clock_quality::ntp, clock_quality::none}) {
    hlc_clock clock{hlc::at(noon), {}, quality, noon, second};
    clock.saw(hlc::at(noon + hlc_clock::trust_ms), noon);
    CAF_CHECK_EQUAL(clock.last().ms(), noon + hlc_clock::trust_ms);
    clock.saw(hlc::at(noon + hlc_clock::trust_ms + 1), noon);
    CAF_CHECK_EQUAL(clock.last().ms(), noon + hlc_clock::trust_ms + (quality == clock_quality::ntp ? 0 : 1));
  }
}
