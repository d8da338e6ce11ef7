#undef CAF_SUITE
#define CAF_SUITE membership_dial_plan

#include "cluster/membership/dial_plan.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;

CAF_TEST(the smaller name dials at once and the larger one after a second) {
  dial_plan small, large;
  small.want(true, sec);
  large.want(false, sec);
  CAF_CHECK_EQUAL(*small.due(), sec);
  CAF_CHECK_EQUAL(*large.due(), 2 * sec);
  large.want(false, 5 * sec); // wanting twice starts no new wait
  CAF_CHECK_EQUAL(*large.due(), 2 * sec);
  large.on_up(sec + ms);
  CAF_CHECK(!large.due());
}

CAF_TEST(pauses double up to the longest and are never in step) {
  const profile pace;
  std::mt19937_64 chance{1};
  for (const auto& [how, longest] : {std::pair{dial_end::turned_away, 5 * sec}, std::pair{dial_end::refused, 5 * sec},
                                     std::pair{dial_end::silence, 500 * ms}}) {
    dial_plan x;
    mono_ns now = 0, expected = 100 * ms;
    bool differs = false;
    x.want(true, now);
    for (int i = 0; i < 12; ++i) {
      x.on_dialling(pace, now);
      x.on_failed(how, pace, chance, now);
      const auto pause = *x.due() - now;
      CAF_CHECK(pause >= expected / 2);
      CAF_CHECK(pause <= expected * 3 / 2);
      differs |= pause != expected;
      expected = std::min(expected * 2, longest);
      now = *x.due();
    }
    CAF_CHECK(differs);
  }
}

CAF_TEST(a loss is dialled at once but not again and again) {
  const profile pace;
  std::mt19937_64 chance{1};
  dial_plan x;
  x.want(true, 0);
  x.on_up(0);
  x.on_down(true, pace, chance, 5 * sec);
  CAF_CHECK_EQUAL(*x.due(), 5 * sec);
  x.on_up(5 * sec + ms);
  x.on_down(true, pace, chance, 5 * sec + 2 * ms);
  CAF_CHECK(*x.due() >= 5 * sec + 50 * ms);
  dial_plan ordered;
  ordered.on_up(0);
  ordered.on_down(false, pace, chance, 5 * sec);
  CAF_CHECK(*ordered.due() >= 5 * sec + 50 * ms);
}

CAF_TEST(over radio a dial may take longer before it is forgotten) {
  dial_plan x;
  x.want(true, 0);
  x.on_dialling(profile::named("radio"), 0);
  CAF_CHECK_EQUAL(*x.due(), 56 * sec);
  CAF_CHECK(x.dialling(55 * sec));
}

CAF_TEST(a dial of which nothing is told is forgotten and a new address is tried at once) {
  const profile pace;
  std::mt19937_64 chance{1};
  dial_plan x;
  x.want(true, 0);
  x.on_dialling(pace, 0);
  CAF_CHECK_EQUAL(*x.due(), 20 * sec);
  CAF_CHECK(x.dialling(19 * sec));
  CAF_CHECK(!x.dialling(20 * sec));
  for (int i = 0; i < 9; ++i)
    x.on_failed(dial_end::refused, pace, chance, 0);
  CAF_CHECK(*x.due() > sec);
  x.on_new_address(ms);
  CAF_CHECK_EQUAL(*x.due(), ms);
}
