#pragma once

#include "config/model/lending_mutex.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <chrono>
#include <deque>
#include <optional>

#include <semaphore.h>

namespace troupe::daemon {

/// Who works at the one queue of all workers, and who is woken for a job: of those that sleep the first one, and while
/// one before it has been woken and is still on its way, nobody, for that one will take the job. Who takes a job and sees
/// another behind it wakes the next. So a node with little to do has one worker, which stays where its caches are
/// (event_core), and one with much has all.
///
/// Threads: any. The lock lends priority: the thread of the links takes it too.
class job_queue {
public:
  /// Whoever is on its way for longer is kept from its processor, and another is woken as well.
  static constexpr std::chrono::milliseconds patience{1};

  void put(caf::resumable* job);
  /// Without waking anybody: who puts it there takes the next one itself.
  void put_back(caf::resumable* job);
  /// Waits for one. @param worker 0, 1, ...
  [[nodiscard]] caf::resumable* take(std::size_t worker);
  /// @returns null: there is none
  [[nodiscard]] caf::resumable* take_left_over();

private:
  using clock = std::chrono::steady_clock;

  struct worker {
    worker() { ::sem_init(&woken, 0, 0); }
    ~worker() { ::sem_destroy(&woken); }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    sem_t woken;
    bool asleep = false;
    std::optional<clock::time_point> on_its_way; ///< since then
  };

  [[nodiscard]] worker* who_comes();
  static void wake(worker* x) {
    if (x != nullptr)
      ::sem_post(&x->woken);
  }

  lending_mutex mutex_;
  std::deque<caf::resumable*> jobs_;
  std::deque<worker> workers_; ///< of those that have begun, and those before them
};

/// CAF's scheduler policy (caf/policy/work_sharing.hpp) with such a queue. Its first worker is `near`, all others `away`.
class ordered_sharing : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
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
};

/// Has the actor system use it.
void load_ordered_sharing(caf::actor_system_config& into);

} // namespace troupe::daemon
