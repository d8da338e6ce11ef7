#undef CAF_SUITE
#define CAF_SUITE hlc
#include <caf/test/dsl.hpp>

#include "storage/hlc.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

using enum clock_quality;

constexpr mono_ns s = 1'000'000'000;
constexpr wall_ms now = 1'795'000'000'000;
constexpr wall_ms in_1970 = 300'000;
constexpr wall_ms in_2099 = 4'070'908'800'000;

/// The commits that a store makes while it works.
void commit(hlc_clock& x, wall_ms wall, mono_ns mono) {
  if (x.wants_bound(wall, mono))
    x.persisted(x.next_bound(wall, mono));
}

} // namespace

CAF_TEST(where the stamps of a start begin) {
  struct row {
    const char* what;
    wall_ms bound;
    clock_quality quality;
    wall_ms wall;
    wall_ms begins;
  };
  const std::vector<row> table{
    {"a good clock", now - 60'000, ntp, now, now},
    {"a good clock, soon after the last stop", now + 90'000, ntp, now, now + 90'000},
    {"a good clock on a new disk", 0, ntp, now, now},
    {"nobody knows the time: from the bound", now, none, in_1970, now},
    {"also if the machine says 2099", now, none, in_2099, now},
    {"nobody knows it, and the disk is new", 0, none, in_1970, in_1970},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    hlc_clock it{hlc::at(x.bound), x.quality, x.wall, s};
    CAF_CHECK_EQUAL(it.tick(x.wall, s).ms(), x.begins);
  }
}

CAF_TEST(a clock that becomes known moves the stamps with the next commit) {
  hlc_clock it{{}, none, in_1970, s};
  commit(it, in_1970, s);
  it.believe(peer);
  CAF_CHECK(it.tick(now, 2 * s).ms() <= in_1970 + 1000); // above the bound nothing is given
  commit(it, now, 2 * s);
  CAF_CHECK_EQUAL(it.tick(now, 2 * s).ms(), now);
  it.believe(none); // what was known is not forgotten
  commit(it, now + 5000, 7 * s);
  CAF_CHECK_EQUAL(it.tick(now + 5000, 7 * s).ms(), now + 5000);
}

CAF_TEST(a hundred power cuts without a clock push the stamps by no more than a second each) {
  auto bound = hlc::at(now);
  for (int i = 0; i < 100; ++i) {
    hlc_clock it{bound, none, in_1970, s};
    commit(it, in_1970, s);
    (void)it.tick(in_1970, s);
    bound = it.bound();
  }
  CAF_CHECK(bound.ms() <= now + 100 * 1000);
}
