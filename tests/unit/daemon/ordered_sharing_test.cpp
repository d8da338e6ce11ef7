// Who of a node's workers takes a job.

#undef CAF_SUITE
#define CAF_SUITE ordered_sharing
#include "tests/support/suite.hpp"

#include "apps/daemon/threads/ordered_sharing.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <future>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace troupe::daemon;
using namespace std::chrono_literals;

namespace {

struct sharing_config : caf::actor_system_config {
  explicit sharing_config(std::size_t workers) {
    load_ordered_sharing(*this);
    set("scheduler.max-threads", workers);
  }
};

struct sharing_fixture {
  sharing_config how{3};
  caf::actor_system system{how};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ordered_sharing_tests, sharing_fixture)

CAF_TEST(jobs that come at once have all workers) {
  // Each ends only when all three run: from outside, and in a row from a worker.
  struct meeting {
    std::mutex mutex;
    std::condition_variable changed;
    int there = 0, met = 0;
  };
  for (const bool from_a_worker : {false, true}) {
    auto here = std::make_shared<meeting>();
    const auto meet = [here](caf::event_based_actor*) -> caf::behavior {
      std::unique_lock lock{here->mutex};
      ++here->there;
      here->changed.notify_all();
      here->met += here->changed.wait_for(lock, 20s, [&] { return here->there == 3; });
      here->changed.notify_all();
      return {};
    };
    if (from_a_worker)
      system.spawn([meet](caf::event_based_actor* self) -> caf::behavior {
        for (int i = 0; i < 3; ++i)
          self->spawn(meet);
        return {};
      });
    else
      for (int i = 0; i < 3; ++i)
        system.spawn(meet);
    std::unique_lock lock{here->mutex};
    CAF_CHECK(here->changed.wait_for(lock, 30s, [&] { return here->met == 3; }));
  }
}

CAF_TEST(what a worker puts is not kept waiting by what it does itself) {
  auto done = std::make_shared<std::promise<bool>>();
  auto in_time = done->get_future();
  auto by_another = std::make_shared<std::promise<void>>();
  auto other_ran = by_another->get_future().share();
  system.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    self->spawn([by_another](caf::event_based_actor*) -> caf::behavior {
      by_another->set_value();
      return {};
    });
    done->set_value(other_ran.wait_for(20s) == std::future_status::ready);
    return {};
  });
  CAF_CHECK(in_time.get());
}

CAF_TEST(no message is lost among many that send to each other) {
  constexpr int actors = 30, each = 2000;
  std::atomic<int> got{0};
  std::vector<caf::actor> all;
  for (int i = 0; i < actors; ++i)
    all.push_back(system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[self, &got](int left, const std::vector<caf::actor>& others) {
        ++got;
        if (left > 1)
          self->send(others[static_cast<std::size_t>(left * 7) % others.size()], left - 1, others);
      }};
    }));
  for (const auto& x : all)
    caf::anon_send(x, each, all);
  for (int i = 0; i < 30'000 && got < actors * each; ++i)
    std::this_thread::sleep_for(1ms);
  CAF_CHECK_EQUAL(got.load(), actors * each);
  for (const auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

CAF_TEST_FIXTURE_SCOPE_END()

namespace {

struct job final : caf::resumable {
  resume_result resume(caf::execution_unit*, std::size_t) override { return done; }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override {}
};

/// Takes one job after the other.
struct taker {
  taker(job_queue& queue, std::size_t number) : thread([this, &queue, number] {
    while (dynamic_cast<job*>(queue.take(number)) != &last)
      ++taken;
  }) {}
  ~taker() { thread.join(); }
  static job last; ///< ends it
  std::atomic<int> taken{0};
  std::thread thread;
};
job taker::last;

template <class F>
bool comes(F what) {
  for (int i = 0; i < 20'000 && !what(); ++i)
    std::this_thread::sleep_for(1ms);
  return what();
}

} // namespace

CAF_TEST(one job after the other has the first worker) {
  job_queue queue;
  job x;
  taker first{queue, 0};
  CAF_CHECK(comes([&] { return queue.sleepers() == 1; }));
  taker second{queue, 1};
  for (int i = 0; i < 20; ++i) {
    CAF_CHECK(comes([&] { return queue.sleepers() == 2; }));
    const auto before = queue.wakes();
    queue.put(&x);
    CAF_CHECK(comes([&] { return first.taken + second.taken == i + 1; }));
    CAF_CHECK(queue.wakes() >= before + 1);
  }
  CAF_CHECK(first.taken >= 15); // the guard may have found the first one late
  queue.put(&taker::last);
  CAF_CHECK(comes([&] { return queue.sleepers() == 1; }));
  queue.put(&taker::last);
}

CAF_TEST(who is kept from its processor is not waited for) {
  // Worker 0 sleeps, and a signal holds it where it is: it is woken and does not come.
  static std::atomic<bool> held, goes_on;
  held = goes_on = false;
  struct sigaction hold {}, before {};
  hold.sa_handler = [](int) {
    held = true;
    while (!goes_on) {
    }
  };
  ::sigaction(SIGUSR1, &hold, &before);
  {
    job_queue queue;
    job x;
    taker first{queue, 0};
    CAF_CHECK(comes([&] { return queue.sleepers() == 1; }));
    taker second{queue, 1};
    CAF_CHECK(comes([&] { return queue.sleepers() == 2; }));
    ::pthread_kill(first.thread.native_handle(), SIGUSR1);
    CAF_CHECK(comes([&] { return held.load(); }));
    queue.put(&x);
    CAF_CHECK(comes([&] { return second.taken == 1; }));
    CAF_CHECK_EQUAL(first.taken.load(), 0);
    goes_on = true;
    CAF_CHECK(comes([&] { return queue.sleepers() == 2; }));
    queue.put(&taker::last);
    CAF_CHECK(comes([&] { return queue.sleepers() == 1; }));
    queue.put(&taker::last);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}
