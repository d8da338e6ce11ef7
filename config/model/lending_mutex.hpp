#pragma once

#include <pthread.h>

namespace troupe {

/// A mutex with priority inheritance (POSIX PTHREAD_PRIO_INHERIT): who waits for it lends its priority to who holds it.
/// For what threads in real time share with others (decision 26): whoever is put aside while it holds an ordinary mutex keeps
/// them waiting for as long as anything runs, on a board with one core behind everything.
///
/// Lockable, so `std::lock_guard` takes it. Not recursive.
class lending_mutex {
public:
  lending_mutex() noexcept {
    pthread_mutexattr_t how;
    ::pthread_mutexattr_init(&how);
    ::pthread_mutexattr_setprotocol(&how, PTHREAD_PRIO_INHERIT);
    if (::pthread_mutex_init(&mutex_, &how) != 0) // a kernel without it
      ::pthread_mutex_init(&mutex_, nullptr);
    ::pthread_mutexattr_destroy(&how);
  }
  ~lending_mutex() { ::pthread_mutex_destroy(&mutex_); }
  lending_mutex(const lending_mutex&) = delete;
  lending_mutex& operator=(const lending_mutex&) = delete;

  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }
  [[nodiscard]] bool try_lock() noexcept { return ::pthread_mutex_trylock(&mutex_) == 0; }

private:
  pthread_mutex_t mutex_;
};

} // namespace troupe
