// When threads of a node give real time up, and when they have it back.

#undef CAF_SUITE
#define CAF_SUITE real_time
#include "tests/support/suite.hpp"

#include "apps/daemon/real_time_share.hpp"
#include "apps/daemon/real_time_watch.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <sched.h>
#include <thread>

using namespace troupe;
using namespace troupe::daemon;
using namespace std::chrono_literals;

namespace {

using use = real_time_share::use;

std::vector<int> numbers(const std::vector<use>& all) {
  std::vector<int> out;
  for (const auto& x : all)
    out.push_back(x.thread);
  return out;
}

/// Two workers, the thread of the links and a bus.
std::vector<use> node(double worker, double other_worker, double links, double bus) {
  return {{1, turn::actor, worker}, {2, turn::actor, other_worker}, {3, turn::urgent, links}, {4, turn::urgent, bus}};
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
    CAF_CHECK(share.look(x.all).gives_up.empty()); // one look is a burst
    CAF_CHECK_EQUAL(numbers(share.look(x.all).gives_up), x.gives_up);
    CAF_CHECK_EQUAL(share.all_in_real_time(), x.gives_up.empty());
  }
}

CAF_TEST(when it is back) {
  const auto burns = node(1, 1, 0, 0);
  CAF_REQUIRE_EQUAL(looks(2, burns).gives_up.size(), 1u);
  CAF_CHECK(looks(100, burns).is_back.empty());
  const auto rests = node(0.2, 0.2, 0.1, 0);
  CAF_CHECK(looks(3, rests).is_back.empty());
  (void)share.look(burns); // it was a pause
  CAF_CHECK(looks(3, rests).is_back.empty());
  const auto back = share.look(rests).is_back;
  CAF_REQUIRE_EQUAL(back.size(), 1u);
  CAF_CHECK_EQUAL(back[0].thread, 1);
  CAF_CHECK(back[0].is == turn::actor);
  CAF_CHECK(share.all_in_real_time());
  CAF_CHECK_EQUAL(looks(2, burns).gives_up.size(), 1u); // and goes again
}

CAF_TEST(who burns on after one has gone goes too and who has ended is forgotten) {
  std::vector<use> all{{1, turn::actor, 1}, {2, turn::actor, 1}};
  CAF_CHECK_EQUAL(numbers(looks(2, all).gives_up), (std::vector<int>{1}));
  all.push_back({3, turn::actor, 0.9});
  CAF_CHECK_EQUAL(numbers(looks(2, all).gives_up), (std::vector<int>{2}));
  CAF_CHECK(looks(4, {}).is_back.empty());
  CAF_CHECK(share.all_in_real_time());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(threads that burn run beside ordinary ones and come back) {
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  std::atomic<bool> burn{true}, end{false};
  std::atomic<unsigned> refused{0};
  std::vector<std::thread> all;
  for (unsigned i = 0; i < cores; ++i)
    all.emplace_back([&] {
      refused += take(turn::actor) ? 0 : 1;
      while (!end)
        if (!burn)
          std::this_thread::sleep_for(1ms);
    });
  std::atomic<std::size_t> out{0};
  std::atomic<unsigned> told{0};
  {
    // Made while it can be: this thread is an ordinary one.
    real_time_watch watch{[&](std::size_t threads) { out = threads, ++told; }};
    const auto comes = [](auto what) {
      for (int i = 0; i < 2000 && !what(); ++i)
        std::this_thread::sleep_for(10ms);
      return what();
    };
    if (refused == 0) {
      CAF_CHECK(comes([&] { return out > 0; }));
      burn = false;
      CAF_CHECK(comes([&] { return told == 2 && out == 0; }));
      for (const auto& x : threads_with_a_turn())
        CAF_CHECK_EQUAL(::sched_getscheduler(x.thread), SCHED_RR);
    } else {
      std::printf("left out: this system allows no real time\n");
    }
  }
  end = true;
  for (auto& x : all)
    x.join();
  CAF_CHECK(threads_with_a_turn().empty());
}
