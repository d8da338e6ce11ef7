#undef CAF_SUITE
#define CAF_SUITE hlc
#include <caf/test/dsl.hpp>

#include "storage/hlc.hpp"
#include "tests/support/times.hpp"

#include <vector>

using namespace troupe;
using namespace troupe::storage;

namespace {

using test::s;
using test::now;
using test::in_1970;
using test::in_2099;
using enum clock_quality;

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
    wall_ms newest;
    clock_quality quality;
    wall_ms wall;
    wall_ms begins;
  };
  const auto reserve = hlc_clock::reserve_ms;
  const std::vector<row> table{
    {"a good clock", now - 60'000, 0, ntp, now, now},
    {"a good clock on a new disk", 0, 0, ntp, now, now},
    {"a crash: the bound is ahead, the clock is good", now + reserve, now - 5, ntp, now, now},
    {"the newest stamp ran ahead of the clock", now + reserve, now + 700, ntp, now, now + 700},
    {"somebody else's clock is years ahead", now + reserve, 2 * now, ntp, now, now + reserve},
    {"the clock was set back by an hour", now + reserve, now, ntp, now - 3'600'000, now + reserve},
    {"off for a day", now + reserve, now, peer, now + 86'400'000, now + 86'400'000},
    {"nobody knows the time: from the bound", now, 0, none, in_1970, now},
    {"also if the machine says 2099", now, 0, none, in_2099, now},
    {"nobody knows it, and the disk is new", 0, 0, none, in_1970, in_1970},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    hlc_clock it{hlc::at(x.bound), hlc::at(x.newest), x.quality, x.wall, s};
    commit(it, x.wall, s);
    const auto first = it.tick(x.wall, s);
    CAF_CHECK_EQUAL(first.ms(), x.begins);
    CAF_CHECK(first > hlc::at(x.begins) || x.bound == 0); // later than all that were given
    CAF_CHECK(it.tick(x.wall - 1000, s) > first);         // also if the clock steps back
  }
}

CAF_TEST(no stamp passes the bound) {
  hlc_clock it{{}, {}, ntp, now, s};
  it.persisted(it.next_bound(now, s));
  const auto bound = it.bound();
  CAF_CHECK_EQUAL(bound.ms(), now + hlc_clock::reserve_ms);
  const auto x = it.tick(now + 10 * hlc_clock::reserve_ms, s);
  CAF_CHECK_EQUAL(x.ms(), bound.ms()); // ordered by the count from here on
  CAF_CHECK(it.wants_bound(now + 10 * hlc_clock::reserve_ms, s));
}

CAF_TEST(a foreign stamp drags a good clock along only within reason) {
  for (const auto quality : {ntp, peer, none}) {
    hlc_clock it{hlc::at(now), {}, quality, now, s};
    it.saw(hlc::at(now + hlc_clock::trust_ms), now);
    CAF_CHECK_EQUAL(it.last().ms(), now + hlc_clock::trust_ms);
    it.saw(hlc::at(now + hlc_clock::trust_ms + 1), now);
    CAF_CHECK_EQUAL(it.last().ms(), now + hlc_clock::trust_ms + (quality == none ? 1 : 0));
  }
}

CAF_TEST(a clock that becomes known moves the stamps with the next commit) {
  hlc_clock it{{}, {}, none, in_1970, s};
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
    hlc_clock it{bound, {}, none, in_1970, s};
    commit(it, in_1970, s);
    (void)it.tick(in_1970, s);
    bound = it.bound();
  }
  CAF_CHECK(bound.ms() <= now + 100 * 1000);
}
