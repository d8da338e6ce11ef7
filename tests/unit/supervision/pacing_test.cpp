#undef CAF_SUITE
#define CAF_SUITE supervision_pacing

#include "actors/supervision/alarm_summary.hpp"
#include "actors/supervision/pacing.hpp"
#include "actors/supervision/stuck.hpp"
#include "actors/supervision/timers.hpp"

#include <caf/test/dsl.hpp>

#include <cmath>

using namespace troupe;
using namespace troupe::supervision;
using namespace std::chrono_literals;

namespace {

mono_ns at(std::chrono::nanoseconds x) {
  return x.count();
}

} // namespace

CAF_TEST(the pause doubles from the second failure up to its limit) {
  backoff_policy p;
  const std::pair<unsigned, int> table[] = {{1, 0},    {2, 50},    {3, 100},    {4, 200},
                                            {5, 400},  {9, 6400},  {10, 10000}, {11, 10000},
                                            {90, 10000}, {1'000'000, 10000}};
  for (auto [n, ms] : table)
    CAF_CHECK_EQUAL(pause_before(n, p).count(), ms);
}

CAF_TEST(jitter stays within its share and repeats with its seed) {
  backoff_policy p;
  p.first = 1000ms;
  p.jitter = 0.2;
  std::vector<std::int64_t> first, second;
  for (auto out : {&first, &second}) {
    dice chance{42};
    for (int i = 0; i < 1000; ++i)
      out->push_back(pacing{}.failed(at(1s), p, chance).count());
  }
  CAF_CHECK(first == second);
  auto [low, high] = std::minmax_element(first.begin(), first.end());
  CAF_CHECK(*low >= 800 && *low < 820);
  CAF_CHECK(*high <= 1200 && *high > 1180);
}

CAF_TEST(a minute without failure starts over) {
  backoff_policy p;
  p.jitter = 0;
  dice chance{1};
  pacing x;
  CAF_CHECK_EQUAL(x.failed(at(0s), p, chance).count(), 0);
  CAF_CHECK_EQUAL(x.failed(at(59s), p, chance).count(), 50);
  CAF_CHECK_EQUAL(x.failed(at(118s), p, chance).count(), 100);
  CAF_CHECK_EQUAL(x.failed(at(178s), p, chance).count(), 0);
}

CAF_TEST(the window counts what lies within the period) {
  intensity_policy p;
  p.restarts = 2;
  p.period = 10s;
  failure_window w;
  struct row {
    std::chrono::seconds when;
    bool too_often;
    std::size_t left;
  };
  const row table[] = {{1s, false, 1}, {2s, false, 0}, {3s, true, 0}, {12s, false, 0}, {30s, false, 1}};
  for (auto& x : table) {
    w.note(at(x.when), p);
    CAF_CHECK_EQUAL(w.too_often(at(x.when), p), x.too_often);
    CAF_CHECK_EQUAL(w.left(at(x.when), p), x.left);
  }
}

CAF_TEST(the flap score halves every ten minutes) {
  flap_score x;
  for (int i = 0; i < 4; ++i)
    x.note(at(1s));
  CAF_CHECK(x.value(at(1s)) == 4.0);
  CAF_CHECK(std::abs(x.value(at(1s + 10min)) - 2.0) < 1e-9);
  CAF_CHECK(std::abs(x.value(at(1s + 30min)) - 0.5) < 1e-9);
  // One failure every five minutes stays below every intensity, and shows.
  flap_score y;
  for (int i = 0; i < 50; ++i)
    y.note(at(i * 5min));
  CAF_CHECK(y.value(at(49 * 5min)) > flap_score::restless);
}

CAF_TEST(who is stuck) {
  struct row {
    const char* what;
    sight sees;
    verdict is;
  };
  const auto now = at(100s);
  const row table[] = {
    {"idle", {0, 0, 5, 5, 5s}, verdict::fine},
    {"busy for a moment", {at(96s), 0, 5, 5, 5s}, verdict::fine},
    {"in one message for its whole deadline", {at(95s), 0, 5, 5, 5s}, verdict::hung},
    {"pinged a moment ago", {0, at(96s), 5, 5, 5s}, verdict::fine},
    {"pinged long ago, nothing handled", {0, at(95s), 5, 5, 5s}, verdict::hung},
    {"pinged long ago, working through its queue", {at(99s), at(95s), 9, 5, 5s}, verdict::slow},
    {"working through its queue, stuck in the last", {at(95s), at(90s), 9, 5, 5s}, verdict::hung},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(std::string{to_string(judge(x.sees, now))}, to_string(x.is));
  }
  CAF_CHECK(!hung_at({0, 0, 5, 5, 5s}));
  CAF_CHECK_EQUAL(*hung_at({at(98s), at(97s), 5, 5, 5s}), at(102s));
  CAF_CHECK_EQUAL(*hung_at({at(98s), at(97s), 6, 5, 5s}), at(103s));
}

CAF_TEST(a timer that is moved all the time asks for few wake ups) {
  timers t;
  int asked = 0;
  for (int i = 0; i < 1000; ++i)
    asked += t.arm(1, at(1h + i * 1ms)).has_value();
  CAF_CHECK_EQUAL(asked, 1);
  CAF_CHECK(!t.due(at(1h)));
  CAF_CHECK_EQUAL(*t.next(), at(1h + 999ms));
  CAF_CHECK_EQUAL(*t.due(at(1h + 999ms)), 1);
  CAF_CHECK(!t.due(at(1h + 999ms)));
  CAF_CHECK(!t.next());
}

CAF_TEST(timers come in their order and the cancelled ones not at all) {
  timers t;
  CAF_CHECK_EQUAL(*t.arm(1, at(3s)), at(3s));
  CAF_CHECK_EQUAL(*t.arm(2, at(1s)), at(1s));
  CAF_CHECK(!t.arm(3, at(2s)));
  t.cancel(1);
  CAF_CHECK_EQUAL(*t.due(at(5s)), 2);
  CAF_CHECK_EQUAL(*t.due(at(5s)), 3);
  CAF_CHECK(!t.due(at(5s)));
  (void) t.arm(4, at(9s));
  t.clear();
  CAF_CHECK(!t.due(at(10s)));
}

CAF_TEST(a hundred troubles make one alarm) {
  alarm_summary x{"channels"};
  for (int i = 0; i < 100; ++i)
    x.trouble("c" + std::to_string(i), "crashed: bus lost", at(10s));
  CAF_CHECK_EQUAL(*x.due(), at(12s));
  CAF_CHECK(!x.tick(at(11s), 120));
  auto told = x.tick(at(12s), 120);
  CAF_REQUIRE(told);
  CAF_CHECK_EQUAL(told->count, 100u);
  CAF_CHECK_EQUAL(told->text,
                  "100 of 120 children of 'channels' in trouble: c99 (crashed: bus lost); "
                  "c0 (crashed: bus lost); c1 (crashed: bus lost); c10 (crashed: bus lost); "
                  "c11 (crashed: bus lost); and 95 more");
  CAF_CHECK(!x.tick(at(13s), 120));
  // More of it is told after a minute, the end at once.
  x.trouble("d", "hung", at(14s));
  CAF_CHECK_EQUAL(*x.due(), at(72s));
  for (int i = 0; i < 100; ++i)
    x.well("c" + std::to_string(i), at(15s));
  x.well("d", at(15s));
  auto over = x.tick(at(17s), 120);
  CAF_REQUIRE(over);
  CAF_CHECK(!over->raised);
  CAF_CHECK(!x.due());
}

CAF_TEST(trouble that is over within a moment is no alarm) {
  alarm_summary x{"channels"};
  x.trouble("a", "crashed", at(10s));
  x.well("a", at(10s + 1ms));
  CAF_CHECK(!x.tick(at(20s), 5));
}
