#pragma once

#include "config/model/lending_mutex.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include <semaphore.h>

namespace troupe::daemon {

/// Who works at the one queue of all workers, and who is woken for a job: of those that sleep the first one, and while
/// one before it has been woken and is still on its way, nobody, for that one will take the job. Who takes a job and sees
/// another behind it wakes the next. So a node with little to do has one worker, which stays where its caches are
/// (event_core), and one with much has all.
///
/// Whoever is on its way may be kept from its processor, or whoever wakes it may be put aside before it does. So while there is
/// a job, a guard looks every `patience`, and wakes the next that sleeps.
///
/// Threads: any, and the guard, one of its own. The lock lends priority: the thread of the links takes it too.
class job_queue {
public:
  static constexpr std::chrono::milliseconds patience{2};

  /// @param guard runs on its thread around what it does
  explicit job_queue(std::function<void(const std::function<void()>&)> guard = {});
  ~job_queue();
  job_queue(const job_queue&) = delete;
  job_queue& operator=(const job_queue&) = delete;

  void put(caf::resumable* job);
  /// Wakes nobody for it: the caller is a worker, and takes the next job itself.
  void put_back(caf::resumable* job);
  /// Waits for one. @param worker 0, 1, ...
  [[nodiscard]] caf::resumable* take(std::size_t worker);
  /// @returns null: there is none
  [[nodiscard]] caf::resumable* take_left_over();

  /// For tests: how many sleep, and how many times one was woken.
  [[nodiscard]] std::size_t sleepers() const;
  [[nodiscard]] std::uint64_t wakes() const;

private:
  struct worker {
    worker() { ::sem_init(&woken, 0, 0); }
    ~worker() { ::sem_destroy(&woken); }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    sem_t woken;
    bool asleep = false;
    bool on_its_way = false;
  };

  // Under the lock.
  [[nodiscard]] worker* who_comes(bool trusting = true); ///< @param trusting nobody, while one is on its way
  void watch(); ///< has the guard look in a while, if it does not already

  /// Not under the lock, or it would run into it.
  static void wake(worker* x) {
    if (x != nullptr)
      ::sem_post(&x->woken);
  }

  void guard();

  mutable lending_mutex mutex_;
  std::deque<caf::resumable*> jobs_;
  std::deque<worker> workers_; ///< of those that have begun, and those before them
  std::uint64_t wakes_ = 0;
  bool watched_ = false;
  bool ends_ = false;
  int timer_ = -1; ///< none: the system gives us none, and nobody guards
  std::thread guard_;
};

/// CAF's scheduler policy (caf/policy/work_sharing.hpp) with such a queue. Its first worker is `near`, all others `away`.
class ordered_sharing : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator* of) : jobs(as_thread_of(of->system())) {}
    job_queue jobs;
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    bool has_begun = false;
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    d(self).jobs.put(job);
  }
  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    d(self->parent()).jobs.put(job);
  }
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    d(self->parent()).jobs.put(job);
  }
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    d(self->parent()).jobs.put_back(job);
  }
  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    if (!d(self).has_begun) {
      d(self).has_begun = true;
      begin(self->id());
    }
    return d(self->parent()).jobs.take(self->id());
  }
  template <class Worker, class F>
  void foreach_resumable(Worker*, F) {}
  template <class Coordinator, class F>
  void foreach_central_resumable(Coordinator* self, F f) {
    while (auto* job = d(self).jobs.take_left_over())
      f(job);
  }

private:
  static void begin(std::size_t worker);
  [[nodiscard]] static std::function<void(const std::function<void()>&)> as_thread_of(caf::actor_system& system);
};

/// Has the actor system use it.
void load_ordered_sharing(caf::actor_system_config& into);

} // namespace troupe::daemon
