#undef CAF_SUITE
#define CAF_SUITE membership_campaign

#include "tests/sim/membership/world.hpp"
#include "tests/support/env_number.hpp"

#include <caf/test/dsl.hpp>

#include <chrono>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Half a minute of faults drawn from the seed, then peace.
/// @returns what went wrong; empty: nothing.
std::string one_life(std::uint64_t seed, bool loud) {
  std::mt19937_64 dice{seed};
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(dice() % n); };
  const auto n = pick(10) == 0 ? 10 + pick(20) : 3 + pick(7);
  world w{seed, n, "lan"};
  w.loud = loud;
  for (unsigned i = 0; i < n; ++i) {
    w.start(i, {(i + 1) % n, pick(n)});
    w.pass(static_cast<mono_ns>(pick(300)) * ms);
  }
  // Falls are true only for what was dead, cut or stopped for long.
  bool excused = false;
  for (int k = 0; k < 20; ++k) {
    const auto a = pick(n), b = (a + 1 + pick(n - 1)) % n;
    switch (pick(10)) {
    case 0: w.kill(a), excused = true; break;
    case 1: w.power_off(a), excused = true; break;
    case 2:
      if (!w.runs(a)) {
        if (pick(2))
          w.move(a);
        w.start(a, {b});
      }
      break;
    case 3: w.both_ways(a, b, true), excused = true; break;
    case 4: w.cut[a][b] = true, excused = true; break;
    case 5:
      excused = true;
      for (unsigned i = 0; i < n; ++i)
        for (unsigned j = 0; j < n; ++j)
          w.cut[i][j] = i % 2 != j % 2;
      break;
    case 6: w.heal(); break;
    case 7: w.pause(a, static_cast<mono_ns>(pick(500)) * ms); break;
    case 8: w.pause(a, static_cast<mono_ns>(pick(5000)) * ms), excused = true; break;
    default: w.reset_link(a, b);
    }
    w.pass(static_cast<mono_ns>(pick(2500)) * ms);
    if (!excused)
      for (const auto& h : w.all)
        if (!h.falls.empty())
          return fmt::format("{} called {} down, but nothing worse than a short pause or a reset happened", h.name, h.falls.begin()->first);
  }
  if (!w.kept_wrongly.empty())
    return "kept wrongly: " + w.kept_wrongly;
  w.heal();
  w.pass(6 * sec); // the longest pause
  for (unsigned i = 0; i < n; ++i)
    if (!w.runs(i) && pick(3) != 0)
      w.start(i, {(i + 1) % n, (i + 2) % n});
  // The last known peers of a node may all be dead: two names can be too few.
  unsigned lives = 0, first = 0;
  for (unsigned i = n; i-- > 0;)
    if (w.runs(i))
      ++lives, first = i;
  for (unsigned i = 0; lives > 0 && i < n; ++i)
    if (w.runs(i) && i != first)
      w.all[i].inside->know(w.all[first].name, {fmt::format("dns:{}", first)}, w.now);
  // redial_longest with its jitter, a connect time-out, the slower name's
  // second, and a view to a random peer.
  w.until_agreed(25 * sec);
  if (const auto d = w.disagreement(); !d.empty())
    return "25 s after the last fault: " + d;
  if (!w.kept_wrongly.empty())
    return "kept wrongly: " + w.kept_wrongly;
  for (auto& h : w.all)
    h.falls.clear(), h.dials = 0;
  w.pass(10 * sec);
  if (const auto d = w.disagreement(); !d.empty())
    return "agreed, and no more: " + d;
  for (const auto& h : w.all) {
    if (!h.falls.empty())
      return fmt::format("{} called {} down in peace", h.name, h.falls.begin()->first);
    // A peer that was lost just before is dialled up to nine times until its
    // pauses have grown.
    if (h.dials > 10 * n)
      return fmt::format("{} dialled {} times in 10 s of peace", h.name, h.dials);
  }
  return {};
}

} // namespace

/// TROUPE_SEED and TROUPE_LIVES: from which seed, how many; one alone tells each step.
CAF_TEST(whatever happened all views agree in the end) {
  const auto first = test::number<std::uint64_t>("TROUPE_SEED", 1);
  const auto lives = test::number<std::uint64_t>("TROUPE_LIVES", 150);
  std::uint64_t done = 0;
  for (; done < lives; ++done) {
    const auto seed = first + done;
    const auto wrong = one_life(seed, lives == 1);
    if (wrong.empty())
      continue;
    fmt::print("seed {}: {}\n  repeat: TROUPE_SEED={} TROUPE_LIVES=1 sim_membership_test -n -v 3 -s '^membership_campaign$'\n", seed, wrong, seed);
    CAF_ERROR("seed " << seed << ": " << wrong);
    break;
  }
  CAF_MESSAGE(done << " lives from seed " << first << ", each half a minute of faults");
}
