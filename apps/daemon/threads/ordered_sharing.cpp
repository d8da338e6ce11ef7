#include "apps/daemon/threads/ordered_sharing.hpp"

#include "apps/daemon/threads/priority.hpp"

#include <caf/detail/set_thread_name.hpp>

#include <cerrno>
#include <mutex>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

namespace troupe::daemon {

namespace {

void ring_after(int timer, std::chrono::nanoseconds x) {
  itimerspec when{};
  when.it_value.tv_nsec = x.count();
  (void)::timerfd_settime(timer, 0, &when, nullptr);
}

} // namespace

job_queue::job_queue(std::function<void(const std::function<void()>&)> around) : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  if (timer_ >= 0)
    guard_ = std::thread{[this, around = std::move(around)] {
      caf::detail::set_thread_name("guard");
      around ? around([this] { guard(); }) : guard();
    }};
}

job_queue::~job_queue() {
  if (timer_ < 0)
    return;
  {
    std::lock_guard lock{mutex_};
    ends_ = true;
    ring_after(timer_, std::chrono::nanoseconds{1});
  }
  guard_.join();
  ::close(timer_);
}

void job_queue::put(caf::resumable* job) {
  worker* next = nullptr;
  {
    std::lock_guard lock{mutex_};
    jobs_.push_back(job);
    next = who_comes();
    watch();
  }
  wake(next);
}

void job_queue::put_back(caf::resumable* job) {
  std::lock_guard lock{mutex_};
  jobs_.push_back(job);
  watch();
}

caf::resumable* job_queue::take(std::size_t number) {
  std::unique_lock lock{mutex_};
  while (workers_.size() <= number)
    workers_.emplace_back();
  auto& me = workers_[number];
  for (;;) {
    me.on_its_way = false;
    if (!jobs_.empty()) {
      auto* job = jobs_.front();
      jobs_.pop_front();
      worker* next = jobs_.empty() ? nullptr : who_comes();
      lock.unlock();
      wake(next);
      return job;
    }
    me.asleep = true;
    lock.unlock();
    while (::sem_wait(&me.woken) != 0 && errno == EINTR) {
    }
    lock.lock();
  }
}

caf::resumable* job_queue::take_left_over() {
  std::lock_guard lock{mutex_};
  if (jobs_.empty())
    return nullptr;
  auto* job = jobs_.front();
  jobs_.pop_front();
  return job;
}

std::size_t job_queue::sleepers() const {
  std::lock_guard lock{mutex_};
  std::size_t n = 0;
  for (const auto& x : workers_)
    n += x.asleep;
  return n;
}

std::uint64_t job_queue::wakes() const {
  std::lock_guard lock{mutex_};
  return wakes_;
}

job_queue::worker* job_queue::who_comes(bool trusting) {
  for (auto& x : workers_) {
    if (x.on_its_way && trusting)
      return nullptr;
    if (x.asleep) {
      x.asleep = false;
      x.on_its_way = true;
      ++wakes_;
      return &x;
    }
  }
  return nullptr;
}

void job_queue::watch() {
  if (watched_ || timer_ < 0)
    return;
  watched_ = true;
  ring_after(timer_, patience);
}

void job_queue::guard() {
  for (;;) {
    std::uint64_t rings = 0;
    if (::read(timer_, &rings, sizeof rings) < 0 && errno != EINTR)
      return;
    std::unique_lock lock{mutex_};
    if (ends_)
      return;
    watched_ = false;
    if (jobs_.empty())
      continue;
    auto* next = who_comes(false);
    watch();
    lock.unlock();
    wake(next);
  }
}

void ordered_sharing::begin(std::size_t worker) {
  if (worker > 0)
    stay(station::away);
}

std::function<void(const std::function<void()>&)> ordered_sharing::as_thread_of(caf::actor_system& system) {
  return [&system](const std::function<void()>& guards) {
    system.thread_started(); // the hooks: its turn
    stay(station::away);
    guards();
    system.thread_terminates();
  };
}

void load_ordered_sharing(caf::actor_system_config& into) {
  into.module_factories.push_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new caf::scheduler::coordinator<ordered_sharing>(system);
  });
}

} // namespace troupe::daemon
