#undef CAF_SUITE
#define CAF_SUITE node_clock
#include <caf/test/dsl.hpp>

#include "storage/node_clock.hpp"
#include "tests/support/times.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

using test::s;
using test::now;
using test::in_1970;
using enum clock_quality;

constexpr mono_ns at = 5000 * s;
constexpr wall_ms year = 31'536'000'000;

struct word {
  clock_quality quality;
  wall_ms off; ///< of the true time
};

/// A machine in 1970, some seconds after it started.
node_clock lost_board() { return {none, in_1970, at}; }

void hear(node_clock& x, const std::string& peer, clock_quality quality, wall_ms off = 0, mono_ns later = 0) {
  x.heard(peer, {now + later / 1'000'000 + off, quality}, at + later);
}

} // namespace

CAF_TEST(what a machine that nobody keeps right takes the time to be) {
  struct row {
    const char* what;
    std::vector<word> peers;
    clock_quality becomes;
    wall_ms off; ///< of the true time, where it becomes good
  };
  const std::vector<row> table{
    {"alone", {}, none, 0},
    {"one peer that has the time", {{ntp, 0}}, peer, 0},
    {"one that has it from others", {{peer, 40}}, peer, 40},
    {"one that has none itself", {{none, 0}}, none, 0},
    {"that one and a good one", {{none, -now}, {ntp, 5}}, peer, 5},
    {"two: the earlier", {{ntp, 30}, {ntp, 10}}, peer, 10},
    {"two, one of them years ahead", {{ntp, 0}, {ntp, 70 * year}}, peer, 0},
    {"three", {{ntp, 30}, {ntp, 10}, {ntp, 20}}, peer, 20},
    {"three, one lies ahead", {{ntp, 0}, {ntp, 70 * year}, {ntp, 7}}, peer, 7},
    {"three, one lies behind", {{ntp, 9}, {ntp, -50 * year}, {ntp, 7}}, peer, 7},
    {"three at second hand, one lies", {{peer, 9}, {peer, 70 * year}, {peer, 7}}, peer, 9},
    {"four: the earlier one in the middle", {{ntp, 40}, {ntp, 10}, {ntp, 30}, {ntp, 20}}, peer, 20},
    {"four, two lie on either side", {{ntp, -year}, {ntp, 11}, {ntp, year}, {ntp, 12}}, peer, 11},
    {"first hand before second hand", {{peer, 900}, {peer, 800}, {peer, 700}, {ntp, 3}}, peer, 3},
    {"a time before 1970", {{ntp, -now - 5}}, none, 0},
    {"a time after all calendars", {{ntp, 8'000 * year}}, none, 0},
    {"a quality that nobody knows", {{static_cast<clock_quality>(7), 0}}, none, 0},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    auto it = lost_board();
    for (std::size_t i = 0; i < x.peers.size(); ++i)
      hear(it, std::string(1, static_cast<char>('a' + i)), x.peers[i].quality, x.peers[i].off);
    const auto told = it.look(none, in_1970, at);
    CAF_CHECK_EQUAL(to_string(it.quality()), std::string{to_string(x.becomes)});
    if (x.becomes == none) {
      CAF_CHECK(!told);
      CAF_CHECK_EQUAL(it.wall(in_1970, at), in_1970);
      continue;
    }
    CAF_CHECK_EQUAL(it.wall(in_1970, at) - now, x.off);
    CAF_REQUIRE(told);
    CAF_CHECK(*told == (node_clock::change{at, in_1970, now + x.off, peer}));
    CAF_CHECK_EQUAL(it.wall(in_1970 + 1000, at + s) - now, x.off + 1000); // it goes on
  }
}

CAF_TEST(a machine that the network keeps right is believed whatever peers say) {
  node_clock it{ntp, now, at};
  hear(it, "a", ntp, year);
  CAF_CHECK(!it.look(ntp, now, at));
  CAF_CHECK_EQUAL(it.wall(now, at), now);
  CAF_CHECK(it.quality() == ntp);
}

CAF_TEST(a peer that has no good clock any more is not asked) {
  auto it = lost_board();
  hear(it, "a", ntp, 0);
  CAF_CHECK_EQUAL(it.sources(), 1u);
  hear(it, "a", none, 0);
  CAF_CHECK_EQUAL(it.sources(), 0u);
  CAF_CHECK(!it.look(none, in_1970, at));
  CAF_CHECK(it.quality() == none);
}

CAF_TEST(links that end and steps of the own clock do not move what is known) {
  auto it = lost_board();
  hear(it, "a", ntp);
  CAF_CHECK(it.look(none, in_1970, at));
  it.lost("a");
  CAF_CHECK(!it.look(none, in_1970, at));
  CAF_CHECK(!it.look(none, now + 70 * year, at + 10 * s)); // somebody sets it wrong
  CAF_CHECK_EQUAL(it.wall(now + 70 * year, at + 10 * s), now + 10'000);
  CAF_CHECK(it.quality() == peer);
}

CAF_TEST(a machine that loses its source goes on by what it knew) {
  node_clock it{ntp, now, at};
  CAF_CHECK(!it.look(ntp, now, at));
  CAF_CHECK(!it.look(none, now - year + 5000, at + 5 * s)); // set by hand: the kernel says so
  CAF_CHECK(it.quality() == peer);
  CAF_CHECK_EQUAL(it.wall(now - year + 5000, at + 5 * s), now + 5000);
  CAF_CHECK(!it.look(ntp, now + 9000, at + 9 * s)); // the network has set it right again
  CAF_CHECK(it.quality() == ntp);
}

CAF_TEST(the network that comes later tells what was wrong) {
  auto it = lost_board();
  const auto told = it.look(ntp, now, at);
  CAF_REQUIRE(told);
  CAF_CHECK(*told == (node_clock::change{at, in_1970, now, ntp}));
  node_clock right{none, now, at}; // a battery had kept it
  const auto same = right.look(ntp, now, at);
  CAF_REQUIRE(same);
  CAF_CHECK_EQUAL(same->before, same->now); // still news: it was not known to be right
}

CAF_TEST(where nobody knows the time the clock of the machine is shown and its steps are told) {
  auto it = lost_board();
  CAF_CHECK(!it.look(none, in_1970 + 900, at));
  const auto told = it.look(none, now, at + s);
  CAF_REQUIRE(told);
  CAF_CHECK(told->quality == none);
  CAF_CHECK_EQUAL(told->before, in_1970 + 900 + 1000);
  CAF_CHECK_EQUAL(told->now, now);
}

CAF_TEST(steps are told once a minute and none is left out) {
  node_clock it{ntp, now, at};
  CAF_CHECK(it.look(ntp, now + 10'000, at));
  CAF_CHECK(!it.look(ntp, now + 21'000, at + s));
  CAF_CHECK(!it.look(ntp, now + 32'000, at + 2 * s));
  const auto told = it.look(ntp, now + 90'000, at + 60 * s);
  CAF_REQUIRE(told);
  CAF_CHECK_EQUAL(told->now - told->before, 20'000);
  CAF_CHECK(!it.look(ntp, now + 91'000, at + 61 * s));
}

CAF_TEST(that a clock became good is told at once also shortly after a step) {
  auto it = lost_board();
  CAF_CHECK(it.look(none, year, at));
  CAF_CHECK(it.look(ntp, now, at + s));
}

CAF_TEST(messages that come late do not set the clock back) {
  auto it = lost_board();
  hear(it, "a", ntp);
  CAF_CHECK(it.look(none, in_1970, at));
  for (int i = 1; i < 8; ++i) { // seven of them wait for 3 s
    it.heard("a", {now + i * 1000, ntp}, at + (i + 3) * s);
    CAF_CHECK(!it.look(none, in_1970, at + (i + 3) * s));
    CAF_CHECK_EQUAL(it.wall(0, at + (i + 3) * s), now + (i + 3) * 1000);
  }
}

CAF_TEST(a peer whose clock was wrong and is set right is followed) {
  auto it = lost_board();
  hear(it, "a", ntp, 70 * year);
  CAF_CHECK(it.look(none, in_1970, at));
  for (int i = 0; i < 9; ++i)
    hear(it, "a", ntp, 0, (i + 61) * s);
  const auto told = it.look(none, in_1970, at + 70 * s);
  CAF_REQUIRE(told);
  CAF_CHECK_EQUAL(told->now - told->before, -70 * year);
  CAF_CHECK_EQUAL(it.wall(0, at + 70 * s), now + 70'000);
}

CAF_TEST(two at second hand do not drag each other back) {
  // Each word takes 2 ms to the other.
  node_clock a = lost_board(), b = lost_board();
  hear(a, "c", ntp);
  hear(b, "c", ntp);
  CAF_CHECK(a.look(none, in_1970, at));
  CAF_CHECK(b.look(none, in_1970, at));
  a.lost("c");
  b.lost("c");
  for (int i = 1; i <= 3600; ++i) {
    const auto sent = at + i * s, comes = sent + 2'000'000;
    const auto said_a = clock_word{a.wall(0, sent), a.quality()}, said_b = clock_word{b.wall(0, sent), b.quality()};
    a.heard("b", said_b, comes);
    b.heard("a", said_a, comes);
    CAF_CHECK(!a.look(none, in_1970, comes));
    CAF_CHECK(!b.look(none, in_1970, comes));
  }
  CAF_CHECK_EQUAL(a.wall(0, at + 3600 * s), now + 3'600'000);
}

CAF_TEST(a node at second hand that is far off is set right by others at second hand) {
  auto it = lost_board();
  hear(it, "a", peer, -5000);
  CAF_CHECK(it.look(none, in_1970, at));
  it.lost("a");
  hear(it, "b", peer, 0, 61 * s);
  const auto told = it.look(none, in_1970, at + 61 * s);
  CAF_REQUIRE(told);
  CAF_CHECK_EQUAL(told->now - told->before, 5000);
}
