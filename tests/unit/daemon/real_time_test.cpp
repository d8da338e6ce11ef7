// When threads of a node give real time up, and when they have it back.

#undef CAF_SUITE
#define CAF_SUITE real_time
#include "tests/support/suite.hpp"

#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/threads/real_time_share.hpp"
#include "apps/daemon/threads/thread_watch.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <latch>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace troupe::daemon;
using namespace std::chrono_literals;

namespace {

using use = real_time_share::use;

/// Two workers, the thread of the links and a detached actor, all in real time.
std::vector<use> node(double worker, double other_worker, double links, double detached) {
  return {{1, worker, worker}, {2, other_worker, other_worker}, {3, links, links}, {4, detached, detached}};
}

struct fixture {
  real_time_share share{2};
  /// So often the same. @returns of the last look
  real_time_share::change looks(unsigned n, const std::vector<use>& all) {
    for (; n > 1; --n)
      (void)share.look(all);
    return share.look(all);
  }
};

/// Where nothing may run in real time, or it would leave nothing to this thread.
bool left_out() {
  std::string limit;
  std::ifstream{"/proc/sys/kernel/sched_rt_runtime_us"} >> limit;
  bool may = false;
  std::thread{[&] { may = take(turn::actor); }}.join();
  if (may && limit != "-1")
    return false;
  std::printf("left out: this system allows no real time, or does not bound it\n");
  return true;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(real_time_share_tests, fixture)

CAF_TEST(who gives real time up) {
  struct row {
    const char* what;
    std::vector<use> all;
    std::vector<int> gives_up;
  };
  const std::vector<row> rows{
    {"a processor is left", node(1, 0, 0.3, 0.1), {}},
    {"both workers burn: one of them", node(0.95, 0.97, 0.05, 0), {2}},
    {"a flood of a peer: its reader", node(0.5, 0.2, 1.0, 0.3), {3}},
    {"many that use little stay", node(0.09, 0.05, 0.95, 0.75), {3}},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    share = real_time_share{2};
    CAF_CHECK(looks(3, x.all).gives_up.empty()); // a burst
    CAF_CHECK_EQUAL(share.look(x.all).gives_up, x.gives_up);
    CAF_CHECK_EQUAL(share.out().size(), x.gives_up.size());
  }
}

CAF_TEST(when it is back) {
  const auto burns = node(1, 1, 0, 0);
  CAF_REQUIRE_EQUAL(looks(4, burns).gives_up, std::vector<int>{1});
  CAF_CHECK(looks(100, burns).is_back.empty());
  const auto rests = node(0.2, 0.2, 0.1, 0);
  CAF_CHECK(looks(3, rests).is_back.empty());
  (void)share.look(burns); // it was a pause
  CAF_CHECK(looks(3, rests).is_back.empty());
  CAF_CHECK_EQUAL(share.look(rests).is_back, std::vector<int>{1});
  CAF_CHECK(share.out().empty());
  CAF_CHECK_EQUAL(looks(4, burns).gives_up.size(), 1u); // and goes again
}

CAF_TEST(who gets little beside others and wants more is not back) {
  auto all = node(1, 1, 0, 0);
  CAF_REQUIRE_EQUAL(looks(4, all).gives_up, std::vector<int>{1});
  all[0] = {1, 0.1, 1.0}; // a build beside it
  all[1] = {2, 0.05, 0.05};
  CAF_CHECK(looks(100, all).is_back.empty());
  all[0] = {1, 0.1, 0.15};
  CAF_CHECK_EQUAL(looks(4, all).is_back, std::vector<int>{1});
}

CAF_TEST(who burns on after one has gone goes too and who has ended is forgotten) {
  std::vector<use> all{{1, 1, 1}, {2, 1, 1}};
  CAF_CHECK_EQUAL(looks(4, all).gives_up, std::vector<int>{1});
  all.push_back({3, 0.9, 0.9});
  CAF_CHECK_EQUAL(looks(4, all).gives_up, std::vector<int>{2});
  (void)share.look({});
  CAF_CHECK(share.out().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(threads that burn give real time up and come back to what they had) {
  if (left_out())
    return;
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<std::size_t> out{0};
  std::atomic<unsigned> told{0};
  thread_watch watch{[&](std::size_t threads) { out = threads, ++told; }};
  std::atomic<bool> burn{true}, end{false};
  std::atomic<int> first{0};
  std::latch all_have_begun{static_cast<std::ptrdiff_t>(cores)};
  std::vector<std::thread> all;
  for (unsigned i = 0; i < cores; ++i)
    all.emplace_back([&, i] {
      (void)take(turn::actor);
      if (i == 0) { // as a bus whose owner has chosen a priority
        const sched_param own{.sched_priority = 3};
        (void)::sched_setscheduler(0, SCHED_FIFO, &own);
        first = ::gettid();
      }
      all_have_begun.arrive_and_wait();
      while (!end)
        if (!burn)
          std::this_thread::sleep_for(1ms);
    });
  const auto comes = [](auto what) {
    for (int i = 0; i < 3000 && !what(); ++i)
      std::this_thread::sleep_for(10ms);
    return what();
  };
  CAF_CHECK(comes([&] { return out > 0; }));
  burn = false;
  CAF_CHECK(comes([&] { return told == 2 && out == 0; }));
  CAF_CHECK_EQUAL(::sched_getscheduler(first), SCHED_FIFO);
  for (const auto& x : threads_that_may_give_up())
    CAF_CHECK_NOT_EQUAL(::sched_getscheduler(x.thread), SCHED_OTHER);
  end = true;
  for (auto& x : all)
    x.join();
  CAF_CHECK(threads_that_may_give_up().empty());
}
