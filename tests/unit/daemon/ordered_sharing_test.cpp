// Who of a node's workers takes a job.

#undef CAF_SUITE
#define CAF_SUITE ordered_sharing
#include "tests/support/suite.hpp"

#include "apps/daemon/threads/ordered_sharing.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <latch>
#include <pthread.h>
#include <set>
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

  /// Runs it in an actor. @returns once it runs no more
  int thread_of_a_job() {
    std::atomic<int> thread{0};
    auto x = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
      thread = ::gettid();
      return {};
    });
    while (thread == 0)
      std::this_thread::sleep_for(100us);
    return thread;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ordered_sharing_tests, sharing_fixture)

CAF_TEST(one job after the other has one worker) {
  std::this_thread::sleep_for(50ms); // all have begun
  std::set<int> used;
  for (int i = 0; i < 20; ++i) {
    used.insert(thread_of_a_job());
    std::this_thread::sleep_for(5ms);
  }
  CAF_CHECK_EQUAL(used.size(), 1u);
}

CAF_TEST(jobs that come at once have all workers) {
  // Each ends only when all three run: from outside, and in a row from a worker.
  for (const bool from_a_worker : {false, true}) {
    auto all = std::make_shared<std::latch>(3);
    std::atomic<int> done{0};
    const auto meet = [all, &done](caf::event_based_actor*) -> caf::behavior {
      all->arrive_and_wait();
      ++done;
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
    for (int i = 0; i < 10'000 && done < 3; ++i)
      std::this_thread::sleep_for(1ms);
    CAF_CHECK_EQUAL(done.load(), 3);
  }
}

CAF_TEST(a worker that is busy keeps no job waiting) {
  std::atomic<bool> runs{false}, end{false};
  system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    runs = true;
    while (!end)
      std::this_thread::sleep_for(1ms);
    runs = false;
    return {};
  });
  while (!runs)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(10ms);
  const auto one = thread_of_a_job();
  CAF_CHECK_EQUAL(thread_of_a_job(), one);
  end = true;
  while (runs)
    std::this_thread::sleep_for(1ms);
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

CAF_TEST(who is kept from its processor is not waited for) {
  job_queue queue;
  struct job final : caf::resumable {
    resume_result resume(caf::execution_unit*, std::size_t) override { return done; }
    void intrusive_ptr_add_ref_impl() override {}
    void intrusive_ptr_release_impl() override {}
  } jobs[2];
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
  std::atomic<int> taken{0}, by_the_other{0};
  std::thread first{[&] {
    (void)queue.take(0);
    ++taken;
  }};
  std::thread other{[&] {
    std::this_thread::sleep_for(5ms);
    (void)queue.take(1);
    ++by_the_other;
  }};
  std::this_thread::sleep_for(30ms); // both sleep
  ::pthread_kill(first.native_handle(), SIGUSR1);
  while (!held)
    std::this_thread::sleep_for(1ms);
  queue.put(&jobs[0]);
  std::this_thread::sleep_for(30ms);
  CAF_CHECK_EQUAL(by_the_other.load(), 0); // it is trusted to come
  queue.put(&jobs[1]);
  for (int i = 0; i < 10'000 && by_the_other == 0; ++i)
    std::this_thread::sleep_for(1ms);
  CAF_CHECK_EQUAL(by_the_other.load(), 1);
  CAF_CHECK_EQUAL(taken.load(), 0);
  goes_on = true;
  first.join();
  other.join();
  ::sigaction(SIGUSR1, &before, nullptr);
  CAF_CHECK_EQUAL(taken.load(), 1);
  CAF_CHECK(queue.take_left_over() == nullptr);
}
