#undef CAF_SUITE
#define CAF_SUITE membership_scenes

#include "tests/sim/membership/world.hpp"

#include <caf/test/dsl.hpp>

#include <cstdlib>

using namespace troupe;
using namespace troupe::test;

namespace {

std::vector<unsigned> everybody(unsigned n) {
  std::vector<unsigned> out(n);
  for (unsigned i = 0; i < n; ++i)
    out[i] = i;
  return out;
}

/// A cluster of which each node was told of all others, and that has met.
struct met : world {
  met(std::uint64_t seed, unsigned n, const std::string& profile = "lan") : world(seed, n, profile) {
    for (unsigned i = 0; i < n; ++i)
      start(i, everybody(n));
    until_agreed(30 * sec);
    pass(3 * sec);
    loud = std::getenv("MEMBERSHIP_LOUD") != nullptr;
  }
};

unsigned falls(const world& w) {
  unsigned n = 0;
  for (const auto& h : w.all)
    for (const auto& [name, times] : h.falls)
      n += times;
  return n;
}

} // namespace

CAF_TEST(a node that knows one peer finds all in any order) {
  for (unsigned n : {3u, 9u, 24u, 64u}) {
    for (bool upward : {true, false}) {
      world w{n, n, "lan"};
      for (unsigned k = 0; k < n; ++k) {
        const auto i = upward ? k : n - 1 - k;
        w.start(i, {upward ? (i + 1) % n : (i + n - 1) % n}); // the one that starts next
        if (n < 24)
          w.pass(static_cast<mono_ns>(w.below(700)) * ms);
      }
      const auto took = w.until_agreed(20 * sec);
      CAF_MESSAGE(n << (upward ? " upward" : " downward") << ": " << took / ms << " ms");
      CAF_CHECK_EQUAL(w.disagreement(), "");
      CAF_CHECK(took < 12 * sec);
      CAF_CHECK_EQUAL(falls(w), 0u);
    }
  }
}

CAF_TEST(a killed process is down everywhere within milliseconds) {
  for (unsigned n : {2u, 3u, 9u, 32u}) {
    met w{n, n};
    CAF_REQUIRE_EQUAL(w.disagreement(), "");
    const auto at = w.now;
    w.kill(1);
    w.pass(50 * ms);
    for (unsigned i = 0; i < n; ++i)
      if (i != 1) {
        CAF_REQUIRE(w.all[i].down_at.contains("n01"));
        CAF_CHECK(w.all[i].down_at["n01"] - at < 3 * ms);
      }
    w.pass(5 * sec);
    CAF_CHECK_EQUAL(w.disagreement(), "");
    CAF_CHECK_EQUAL(falls(w), n - 1); // once each, no flapping
  }
}

CAF_TEST(a stopped process is suspect under 300 ms and down under 1 s everywhere) {
  for (unsigned n : {2u, 3u, 9u, 10u, 24u, 64u}) {
    for (std::uint64_t seed = 1; seed <= (n > 20 ? 1u : 8u); ++seed) {
      met w{seed, n};
      CAF_REQUIRE_EQUAL(w.disagreement(), "");
      w.pass(static_cast<mono_ns>(w.below(100)) * ms);
      const auto at = w.now;
      w.pause(1, 3600 * sec);
      w.pass(2 * sec);
      unsigned suspected = 0;
      for (unsigned i = 0; i < n; ++i) {
        if (i == 1)
          continue;
        if (w.all[i].suspect_at.contains("n01") && w.all[i].suspect_at["n01"] - at < 300 * ms)
          ++suspected;
        CAF_REQUIRE(w.all[i].down_at.contains("n01"));
        CAF_CHECK(w.all[i].down_at["n01"] - at > 500 * ms);
        CAF_CHECK(w.all[i].down_at["n01"] - at < sec);
      }
      CAF_CHECK(suspected >= std::min(n - 1, 8u)); // all that watch it
      CAF_CHECK_EQUAL(falls(w), n - 1);
    }
  }
}

CAF_TEST(a machine without power is down under 1 s and back when it is) {
  met w{7, 5};
  const auto at = w.now;
  w.power_off(2);
  w.pass(sec);
  for (unsigned i : {0u, 1u, 3u, 4u}) {
    CAF_REQUIRE(w.all[i].down_at.contains("n02"));
    CAF_CHECK(w.all[i].down_at["n02"] - at < sec);
  }
  w.move(2);
  w.start(2, {4});
  CAF_CHECK(w.until_agreed(10 * sec) < 3 * sec);
}

CAF_TEST(a reset of young links or of all links of a node is no death) {
  world w{20, 3, "lan"}; // seed 20: reset before the third node had a link
  w.start(0, {1, 2});
  w.start(1, {0});
  w.pass(300 * ms);
  w.start(2, {0});
  while (!w.runs(2) || w.sees(0, 2).is != standing::alive)
    w.pass(ms / 10);
  w.reset_link(0, 1);
  w.pass(2 * sec);
  CAF_CHECK_EQUAL(falls(w), 0u);
  w.reset_link(0, 1); // seed 2676: a switch that forgets both links at once
  w.reset_link(0, 2);
  w.pass(2 * sec);
  CAF_CHECK_EQUAL(falls(w), 0u);
  CAF_CHECK_EQUAL(w.disagreement(), "");
}

CAF_TEST(a cut between two is no death while a third hears both) {
  met w{3, 3};
  w.both_ways(0, 2, true);
  w.pass(30 * sec);
  CAF_CHECK_EQUAL(falls(w), 0u);
  CAF_CHECK(w.sees(0, 2).is == standing::alive);
  CAF_CHECK(!w.sees(0, 2).direct);
  CAF_CHECK(w.sees(1, 2).direct);
  const auto d = w.all[0].inside->differences();
  CAF_REQUIRE(d.contains("n02"));
  CAF_CHECK((d.at("n02").at("n01") == told{standing::alive, true}));
  w.heal();
  CAF_CHECK(w.until_agreed(10 * sec) < 9 * sec);
}

CAF_TEST(a one-way cut is noticed by the side that is not heard) {
  met w{4, 4};
  w.cut[1][2] = true; // 2 does not hear 1
  w.pass(700 * ms);
  CAF_CHECK(w.sees(2, 1).is == standing::alive);
  CAF_CHECK(!w.sees(2, 1).direct);
  CAF_CHECK(w.all[1].inside->deaf_to_us(w.now) == std::vector<std::string>{"n02"});
  w.pass(20 * sec);
  CAF_CHECK_EQUAL(falls(w), 0u);
  w.heal();
  CAF_CHECK(w.until_agreed(20 * sec) < 12 * sec);
}

CAF_TEST(a partition is seen by both sides and heals) {
  met w{5, 7};
  for (unsigned i = 0; i < 3; ++i)
    for (unsigned j = 3; j < 7; ++j)
      w.both_ways(i, j, true);
  w.pass(sec);
  CAF_CHECK_EQUAL(falls(w), 24u);
  w.pass(20 * sec);
  CAF_CHECK_EQUAL(falls(w), 24u);
  CAF_CHECK(w.all[0].inside->flap_score("n05", w.now) > 700);
  w.heal();
  CAF_CHECK(w.until_agreed(20 * sec) < 9 * sec);
}

CAF_TEST(short pauses and a lossy radio make nobody fall) {
  {
    met w{6, 6};
    for (int k = 0; k < 300; ++k) {
      w.pause(w.below(6), static_cast<mono_ns>(w.below(500)) * ms);
      w.pass(static_cast<mono_ns>(300 + w.below(300)) * ms);
    }
    CAF_CHECK_EQUAL(falls(w), 0u);
  }
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    met w{seed, 8, "radio"};
    w.delay = 200 * ms;
    w.jitter = 50 * ms;
    w.loss = 0.3;
    w.pass(300 * sec);
    CAF_CHECK_EQUAL(falls(w), 0u);
  }
}

CAF_TEST(a node that was stopped itself judges nobody when it goes on) {
  met w{8, 4};
  w.pause(0, 5 * sec);
  w.pass(5 * sec + 400 * ms);
  CAF_CHECK(w.all[0].falls.empty());
  CAF_CHECK(w.until_agreed(10 * sec) < 8 * sec);
  CAF_CHECK(w.all[0].falls.empty());
}

CAF_TEST(watching costs a node the same with 9 and with 64) {
  std::map<unsigned, std::uint64_t> beats;
  for (unsigned n : {9u, 64u}) {
    met w{n, n};
    for (auto& h : w.all)
      h.beats = h.letters = 0;
    w.pass(5 * sec);
    for (const auto& h : w.all) {
      beats[n] = std::max(beats[n], h.beats);
      CAF_CHECK(h.letters <= 2);
      CAF_CHECK(h.beats > 8 * 90);
    }
  }
  CAF_CHECK(beats[64] <= 8 * 101);
  CAF_CHECK(beats[9] <= 8 * 101);
}

CAF_TEST(a switch that comes back meets no storm of dials) {
  const unsigned n = 32;
  met w{9, n};
  for (unsigned i = 0; i < n; ++i)
    for (unsigned j = 0; j < n; ++j)
      w.cut[i][j] = i != j;
  w.pass(20 * sec);
  for (auto& h : w.all)
    h.dials = 0;
  w.pass(30 * sec);
  for (const auto& h : w.all)
    CAF_CHECK(h.dials <= 31 * 7); // not more than one for each peer in redial_longest + its connect time-out
  w.heal();
  for (auto& h : w.all)
    h.dials = 0;
  CAF_CHECK(w.until_agreed(20 * sec) < 12 * sec);
  for (const auto& h : w.all)
    CAF_CHECK(h.dials <= 3 * 31);
}

CAF_TEST(goodbye is no death and removal lasts until an approval) {
  met w{10, 4};
  w.leave(3);
  w.pass(2 * sec);
  CAF_CHECK_EQUAL(falls(w), 0u);
  for (unsigned i : {0u, 1u, 2u})
    CAF_CHECK(w.sees(i, 3).is == standing::left);
  w.start(3, {0});
  w.until_agreed(5 * sec);
  CAF_CHECK_EQUAL(w.disagreement(), "");

  auto done = w.all[0].inside->remove("n03", w.now, 0);
  CAF_REQUIRE(done);
  w.apply(0, *done);
  w.pass(3 * sec);
  for (unsigned i : {0u, 1u, 2u})
    CAF_CHECK(w.sees(i, 3).is == standing::removed);
  CAF_CHECK(w.sees(3, 3).is == standing::removed);
  w.kill(3);
  w.start(3, {0, 1, 2}); // a new life does not bring it back
  w.pass(5 * sec);
  for (unsigned i : {0u, 1u, 2u})
    CAF_CHECK(w.sees(i, 3).is == standing::removed);
  auto back = w.all[1].inside->approve("n03", w.now, 0);
  CAF_REQUIRE(back);
  w.apply(1, *back);
  CAF_CHECK(w.until_agreed(20 * sec) < 12 * sec);
}
