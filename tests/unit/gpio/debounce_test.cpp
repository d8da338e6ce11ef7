// Debouncing where the kernel has none: drawn as pictures.

#undef CAF_SUITE
#define CAF_SUITE gpio_debounce

#include "drivers/debounce.hpp"
#include "tests/support/words.hpp"

#include <caf/test/unit_test.hpp>

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::drivers;
using namespace troupe::test;

namespace {

/// Plays a picture, one character a millisecond, '#' high and '_' low, through
/// a debouncer of `period`; time goes on for a while after its end.
/// @param timer whether `settle` is called as time passes, or only at the end:
///        a reader that was late must find the same.
std::vector<edge> play(const std::string& picture, int period, bool timer) {
  debouncer aut{milliseconds{period}, picture[0] == '#'};
  std::vector<edge> told;
  const auto note = [&](const std::optional<edge>& e) {
    if (e)
      told.push_back(*e);
  };
  bool level = picture[0] == '#';
  mono_ns now = 0;
  for (const char c : picture) {
    const bool next = c == '#';
    if (next != level)
      note(aut.on_edge(next, now));
    level = next;
    if (timer)
      note(aut.settle(now, level));
    now += ms;
  }
  note(aut.settle(now + 100 * ms, level));
  CAF_CHECK(!aut.deadline());
  CAF_CHECK_EQUAL(aut.level(), level);
  return told;
}

std::string words(const std::vector<edge>& edges) {
  std::string text;
  for (const auto& e : edges)
    text += (e.level ? "+" : "-") + std::to_string(e.at / ms) + " ";
  return text;
}

} // namespace

CAF_TEST(a level counts once it has stood for the period) {
  struct row {
    const char* what;
    const char* picture;
    int period;
    const char* told;
  };
  const row rows[] = {
    {"nothing happens", "________", 3, ""},
    {"a clean press", "__######", 3, "+5 "},
    {"a clean press and release", "__#####_____", 3, "+5 -10 "},
    {"a bouncing press is one edge", "__#_#_####", 3, "+9 "},
    {"bounces each way", "__#_#####_#____", 3, "+7 -14 "},
    {"a spike is nothing", "__#_______", 3, ""},
    {"a dip is nothing", "####_#####", 3, ""},
    {"exactly the period counts", "__###_____", 3, "+5 -8 "},
    {"a period less one does not", "__##______", 3, ""},
    {"the next press is not swallowed", "__####___####___", 3, "+5 -9 +12 -16 "},
    {"it stands high at the start", "####____", 3, "-7 "},
  };
  for (const auto& row : rows)
    for (const bool timer : {true, false}) {
      CAF_MESSAGE(row.what << (timer ? "" : ", read late"));
      CAF_CHECK_EQUAL(words(play(row.picture, row.period, timer)), row.told);
    }
}

CAF_TEST(the line itself is believed before the last event) {
  // The kernel reads the level after the interrupt: of a quick pair both events
  // can say "low" although the line went high and stayed.
  debouncer aut{milliseconds{3}, false};
  CAF_CHECK(!aut.on_edge(true, 0));
  CAF_CHECK(!aut.on_edge(false, 1 * ms));
  const auto certain = aut.settle(4 * ms, true);
  CAF_CHECK(certain && certain->level && certain->at == 4 * ms);
}

CAF_TEST(unseen edges leave nothing standing) {
  debouncer aut{milliseconds{3}, false};
  CAF_CHECK(!aut.on_edge(true, 0));
  aut.disturb(5 * ms);
  CAF_CHECK(!aut.settle(6 * ms, true));
  CAF_CHECK(aut.deadline() == std::optional<mono_ns>{8 * ms});
  const auto certain = aut.settle(8 * ms, true);
  CAF_CHECK(certain && certain->at == 8 * ms);
}

CAF_TEST(told edges alternate and lie a period apart whatever bounces) {
  const bool ok = rc::check("any picture", [] {
    const auto period = *rc::gen::inRange(1, 6);
    const auto bits = *rc::gen::nonEmpty<std::vector<bool>>();
    std::string picture;
    for (const bool bit : bits)
      picture += bit ? '#' : '_';
    const auto told = play(picture, period, true);
    RC_ASSERT(words(told) == words(play(picture, period, false)));
    bool level = bits.front();
    mono_ns last = 0;
    for (const auto& e : told) {
      RC_ASSERT(e.level != level);
      RC_ASSERT(e.at >= last + period * ms);
      level = e.level;
      last = e.at;
    }
    RC_ASSERT(level == bits.back());
  });
  CAF_CHECK(ok);
}
