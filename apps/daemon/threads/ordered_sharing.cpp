#include "apps/daemon/threads/ordered_sharing.hpp"

#include "apps/daemon/threads/priority.hpp"

#include <cerrno>
#include <mutex>
#include <utility>

namespace troupe::daemon {

void job_queue::put(caf::resumable* job) {
  worker* next = nullptr;
  {
    std::lock_guard lock{mutex_};
    jobs_.push_back(job);
    next = who_comes();
  }
  wake(next); // not under the lock, or it would run into it
}

void job_queue::put_back(caf::resumable* job) {
  std::lock_guard lock{mutex_};
  jobs_.push_back(job);
}

caf::resumable* job_queue::take(std::size_t number) {
  std::unique_lock lock{mutex_};
  while (workers_.size() <= number)
    workers_.emplace_back();
  auto& me = workers_[number];
  for (;;) {
    me.on_its_way.reset();
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

job_queue::worker* job_queue::who_comes() {
  for (auto& x : workers_) {
    if (x.on_its_way && clock::now() - *x.on_its_way < patience)
      return nullptr;
    if (x.asleep) {
      x.asleep = false;
      x.on_its_way = clock::now();
      return &x;
    }
  }
  return nullptr;
}

void ordered_sharing::begin(std::size_t worker) {
  if (worker > 0)
    stay(station::away);
}

void load_ordered_sharing(caf::actor_system_config& into) {
  into.module_factories.push_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new caf::scheduler::coordinator<ordered_sharing>(system);
  });
}

} // namespace troupe::daemon
