#include "apps/daemon/threads/thread_watch.hpp"

#include "apps/daemon/threads/core_keeper.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/threads/real_time_share.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <sched.h>

namespace troupe::daemon {

namespace {

using seconds = std::chrono::duration<double>;

} // namespace

struct thread_watch::parts {
  struct row {
    std::chrono::nanoseconds used{0}, waited{0}; ///< at the last look
  };
  struct priority {
    int policy = SCHED_OTHER;
    sched_param how{};
  };

  std::function<void(std::size_t)> tell;
  std::mutex mutex;
  std::condition_variable changed;
  bool ends = false;
  std::thread thread;
  real_time_share share{std::max(1u, std::thread::hardware_concurrency())};
  std::map<int, row> rows;
  std::map<int, priority> had; ///< by those that gave it up
  std::size_t told = 0;

  void run() {
    core_keeper where;
    bool together = false;
    (void)take(turn::urgent);
    stay(station::away); // it goes before links there
    auto before = std::chrono::steady_clock::now();
    std::unique_lock lock{mutex};
    while (!changed.wait_for(lock, look_every, [this] { return ends; })) {
      lock.unlock();
      const auto now = std::chrono::steady_clock::now();
      const seconds passed = now - std::exchange(before, now);
      if (const bool now_together = where.look(passed, !share.out().empty()); now_together != std::exchange(together, now_together))
        spdlog::debug("the threads of an event {}", now_together ? "share a processor" : "use all processors");
      const auto todo = share.look(since(passed));
      for (const int x : todo.gives_up)
        give_up(x);
      for (const int x : todo.is_back)
        come_back(x);
      if (const auto out = share.out().size(); out != told)
        tell(told = out);
      lock.lock();
    }
  }

  std::vector<real_time_share::use> since(seconds passed) {
    std::vector<real_time_share::use> out;
    std::map<int, row> now;
    for (const auto& x : threads_that_may_give_up()) {
      const bool is_out = share.out().contains(x.thread);
      const auto& seen = now[x.thread] = {x.used, is_out ? thread_time_of(x.thread).waited : std::chrono::nanoseconds{0}};
      const auto known = rows.find(x.thread);
      if (known == rows.end())
        continue; // of a new one nothing is known yet
      const auto cores = seconds{seen.used - known->second.used} / passed;
      // Its waiting was not looked at before it gave up.
      const bool was_out = known->second.waited.count() > 0;
      out.push_back({x.thread, cores, !is_out ? cores : was_out ? cores + seconds{seen.waited - known->second.waited} / passed : 1.0});
    }
    rows = std::move(now);
    return out;
  }

  void give_up(int x) {
    auto& before = had[x];
    const sched_param none{};
    before.policy = ::sched_getscheduler(x);
    if (before.policy < 0 || ::sched_getparam(x, &before.how) != 0 || ::sched_setscheduler(x, SCHED_OTHER, &none) != 0)
      had.erase(x);
  }

  void come_back(int x) {
    const auto before = had.find(x);
    if (before == had.end())
      return;
    if (::sched_setscheduler(x, before->second.policy, &before->second.how) != 0)
      spdlog::warn("a thread of this node stays beside ordinary processes until its next start: the system refuses real time now");
    had.erase(before);
  }
};

thread_watch::thread_watch(std::function<void(std::size_t)> tell) : parts_(std::make_unique<parts>()) {
  parts_->tell = std::move(tell);
  parts_->thread = std::thread{[of = parts_.get()] { of->run(); }};
}

thread_watch::~thread_watch() {
  {
    std::lock_guard lock{parts_->mutex};
    parts_->ends = true;
  }
  parts_->changed.notify_all();
  parts_->thread.join();
}

} // namespace troupe::daemon
