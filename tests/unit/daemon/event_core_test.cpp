// When the threads of an event share a processor, and that they do.

#undef CAF_SUITE
#define CAF_SUITE event_core
#include "tests/support/suite.hpp"

#include "apps/daemon/threads/core_keeper.hpp"
#include "apps/daemon/threads/priority.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <latch>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace troupe::daemon;
using namespace std::chrono_literals;

namespace {

struct event_core_fixture {
  event_core core;
  /// So many looks alike. @returns whether they are together after the last one
  bool looks(unsigned n, double used, double waited = 0) {
    for (; n > 0; --n)
      (void)core.look({used, waited, 0});
    return core.together();
  }
};

cpu_set_t runs_at(int thread) {
  cpu_set_t x;
  CPU_ZERO(&x);
  (void)::sched_getaffinity(thread, sizeof x, &x);
  return x;
}

/// The first processor may be busy with other tests. @returns whether they came together
bool come_together(core_keeper& keeper) {
  for (int i = 0; i < 200 && !keeper.look(1s); ++i)
    std::this_thread::sleep_for(100ms);
  return keeper.look(1s);
}

/// Where there is one processor only, or no real time.
bool no_choice() {
  bool may = false;
  std::thread{[&] { may = take(turn::urgent); }}.join();
  const auto here = runs_at(0);
  if (may && CPU_COUNT(&here) > 1)
    return false;
  std::printf("left out: one processor, or this system allows no real time\n");
  return true;
}

/// Takes its turn, then sleeps until told to burn, or to end.
struct thread_of {
  explicit thread_of(turn x, station stays) : run([this, x, stays] {
    (void)take(x);
    stay(stays);
    id = ::gettid();
    begun.count_down();
    for (; !end; std::this_thread::sleep_for(2ms))
      if (const auto until = std::chrono::steady_clock::now() + 8ms; burns) // not without a pause, or nothing else runs here
        while (std::chrono::steady_clock::now() < until) {
        }
  }) {
    begun.wait();
  }
  ~thread_of() {
    end = true;
    run.join();
  }
  std::latch begun{1};
  std::atomic<int> id{0};
  std::atomic<bool> burns{false}, end{false};
  std::thread run;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(event_core_tests, event_core_fixture)

CAF_TEST(together once they rest and apart as soon as there is much to do) {
  CAF_CHECK(!core.together()); // a start has much to do
  CAF_CHECK(!looks(3, 0.1));
  CAF_CHECK(looks(1, 0.1));
  CAF_CHECK(looks(100, 0.55));
  CAF_CHECK(!looks(1, 0.9));
  CAF_CHECK(!looks(100, 0.5)); // neither much nor little
}

CAF_TEST(not together where others are busy already) {
  for (int i = 0; i < 100; ++i)
    CAF_CHECK(!core.look({0.1, 0, 0.5}));
  CAF_CHECK(!looks(3, 0.1));
  CAF_CHECK(looks(1, 0.1));
  CAF_CHECK(core.look({0.1, 0, 1})); // an ordinary process there keeps nobody waiting
}

CAF_TEST(apart when they wait for each other or for another node) {
  CAF_REQUIRE(looks(4, 0.1));
  CAF_CHECK(looks(100, 0.1, 0.1));
  CAF_CHECK(looks(1, 0.1, 0.3));
  CAF_CHECK(looks(1, 0.1, 0.1));
  CAF_CHECK(looks(1, 0.1, 0.3));
  CAF_CHECK(!looks(1, 0.1, 0.3));
  CAF_CHECK(!looks(7, 0.1, 0.3)); // waiting somewhere else keeps nobody from coming together, but now it takes twice as long
  CAF_CHECK(looks(1, 0.1));
}

CAF_TEST(each time that did not last is followed by a longer pause up to a bound) {
  for (unsigned pause = event_core::calm_for; pause <= event_core::longest; pause *= 2) {
    CAF_CHECK(!looks(pause - 1, 0.1));
    CAF_CHECK(looks(1, 0.1));
    CAF_CHECK(!looks(1, 1));
  }
  CAF_CHECK(!looks(event_core::longest - 1, 0.1));
  CAF_CHECK(looks(1, 0.1));
  CAF_CHECK(looks(event_core::lasting, 0.1)); // that lasted
  CAF_CHECK(!looks(1, 1));
  CAF_CHECK(!looks(2 * event_core::calm_for - 1, 0.1));
  CAF_CHECK(looks(1, 0.1));
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(near ones share a processor others keep off it and all is undone) {
  if (no_choice())
    return;
  const auto all = runs_at(0);
  thread_of near{turn::actor, station::near}, also_near{turn::urgent, station::near}, away{turn::actor, station::away};
  {
    core_keeper keeper;
    CAF_REQUIRE(come_together(keeper));
    const auto core = runs_at(near.id);
    CAF_CHECK_EQUAL(CPU_COUNT(&core), 1);
    for (int x : {also_near.id.load(), away.id.load()}) {
      const auto its = runs_at(x);
      cpu_set_t common;
      CPU_AND(&common, &its, &core);
      CAF_CHECK_EQUAL(CPU_COUNT(&common), x == away.id ? 0 : 1);
    }
    // What a near thread makes begins there; it belongs there if it runs in real time.
    for (const bool real_time : {false, true}) {
      std::atomic<int> made{0};
      std::atomic<bool> end{false};
      std::thread heir{[&] {
        (void)::sched_setaffinity(0, sizeof core, &core);
        const sched_param lowest{.sched_priority = 1};
        if (real_time)
          (void)::sched_setscheduler(0, SCHED_RR, &lowest);
        made = ::gettid();
        while (!end)
          std::this_thread::sleep_for(1ms);
      }};
      while (made == 0)
        std::this_thread::sleep_for(1ms);
      CAF_CHECK(keeper.look(1s));
      const auto its = runs_at(made);
      CAF_CHECK(CPU_EQUAL(&its, real_time ? &core : &all));
      end = true;
      heir.join();
    }
  }
  for (int x : {near.id.load(), also_near.id.load(), away.id.load()}) {
    const auto its = runs_at(x);
    CAF_CHECK(CPU_EQUAL(&its, &all));
  }
}

CAF_TEST(a thread that was made there is let go with the others) {
  if (no_choice())
    return;
  const auto all = runs_at(0);
  thread_of near{turn::actor, station::near};
  core_keeper keeper;
  CAF_REQUIRE(come_together(keeper));
  const auto core = runs_at(near.id);
  CAF_REQUIRE_EQUAL(CPU_COUNT(&core), 1);
  thread_of heir{turn::store, station::anywhere};
  CAF_REQUIRE_EQUAL(::sched_setaffinity(heir.id, sizeof core, &core), 0); // as if a near one had made it
  CAF_CHECK(!keeper.look(1s, true));
  for (int x : {near.id.load(), heir.id.load()}) {
    const auto its = runs_at(x);
    CAF_CHECK(CPU_EQUAL(&its, &all));
  }
}

CAF_TEST(near ones that want more are apart) {
  if (no_choice())
    return;
  const auto all = runs_at(0);
  thread_of one{turn::actor, station::near}, two{turn::actor, station::near};
  core_keeper keeper;
  CAF_REQUIRE(come_together(keeper));
  const auto both_there = runs_at(one.id);
  CAF_REQUIRE_EQUAL(CPU_COUNT(&both_there), 1);
  one.burns = two.burns = true;
  bool together = true;
  for (int i = 0; i < 100 && together; ++i) {
    std::this_thread::sleep_for(50ms);
    together = keeper.look(50ms);
  }
  one.burns = two.burns = false;
  CAF_CHECK(!together);
  for (int x : {one.id.load(), two.id.load()}) {
    const auto its = runs_at(x);
    CAF_CHECK(CPU_EQUAL(&its, &all));
  }
}
