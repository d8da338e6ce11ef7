#undef CAF_SUITE
#define CAF_SUITE membership_verdict

#include "cluster/membership/verdict.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::cluster;

CAF_TEST(the table of decision 8) {
  constexpr mono_ns ms = 1'000'000;
  const auto linked = [](mono_ns quiet, poll asked, opinion others = opinion::none) {
    return evidence{true, true, false, false, quiet * ms, others, asked};
  };
  const auto lost = [](mono_ns quiet, bool refused, opinion others) {
    return evidence{true, false, true, refused, quiet * ms, others, poll::none};
  };
  const auto ended = [](mono_ns quiet, opinion others) {
    return evidence{true, false, false, false, quiet * ms, others, poll::none};
  };
  const auto never = [](opinion others) { return evidence{false, false, false, false, 0, others, poll::none}; };
  using o = opinion;
  const verdict direct{standing::alive, true}, by_others{standing::alive, false},
    suspect{standing::suspect, false}, down{standing::down, false}, unknown{};
  struct line {
    const char* what;
    evidence sees;
    verdict so;
  };
  // suspect_after 200 ms, down_after 600 ms
  const line table[] = {
    {"linked and heard", linked(200, poll::none), direct},
    {"silent, questions under way", linked(201, poll::open), suspect},
    {"silent, somebody hears it", linked(201, poll::heard), by_others},
    {"silent for long, somebody hears it", linked(9000, poll::heard), by_others},
    {"silent, nobody hears it, too early", linked(600, poll::not_heard), suspect},
    {"silent, nobody hears it", linked(601, poll::not_heard), down},
    {"silent, nobody can be asked", linked(601, poll::no_answer), down},
    {"silent, still asking", linked(601, poll::open), suspect},
    {"linked, not watched by us, its watchers doubt", linked(0, poll::none, o::doubt_it), {standing::suspect, true}},
    {"linked, not watched by us, its watchers lost it", linked(0, poll::none, o::lost_it), down},
    {"linked, not watched by us, its watchers hear it", linked(0, poll::none, o::hear_it), direct},
    {"lost just now", lost(0, false, o::hear_it), suspect},
    {"lost, and its host refuses", lost(1, true, o::hear_it), down},
    {"lost, refused, others go on hearing it", lost(201, true, o::hear_it), by_others},
    {"lost, others lost it too, which a switch can do", lost(1, false, o::doubt_it), suspect},
    {"lost, a word from before the loss", lost(100, false, o::hear_it), suspect},
    {"lost, others lost it, which a switch can do as well", lost(200, false, o::lost_it), suspect},
    {"lost, others hear it", lost(201, false, o::hear_it), by_others},
    {"lost, nobody to ask, too early", lost(200, false, o::none), suspect},
    {"lost, nobody to ask", lost(201, false, o::none), down},
    {"lost, others doubt it too", lost(201, false, o::doubt_it), down},
    {"ended in order", ended(600, o::none), suspect},
    {"ended in order, others are linked", ended(1, o::hear_it), by_others},
    {"ended in order long ago", ended(601, o::none), down},
    {"never met, never told of", never(o::none), unknown},
    {"never met, others hear it", never(o::hear_it), by_others},
    {"never met, others doubt it", never(o::doubt_it), suspect},
    {"never met, others lost it", never(o::lost_it), down},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(judge(x.sees, 200 * ms, 600 * ms) == x.so);
  }
}
