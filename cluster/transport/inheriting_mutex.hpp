#pragma once

#include <pthread.h>

namespace troupe::cluster {

/// A mutex with priority inheritance (POSIX PTHREAD_PRIO_INHERIT): who holds it runs as urgently as the most urgent
/// thread that waits for it. For what the I/O thread shares with actors: a thread of less priority that is put aside
/// while it holds an ordinary mutex would keep all links waiting for as long (decision 26).
///
/// Lockable, so `std::lock_guard` takes it. Not recursive.
class inheriting_mutex {
public:
  inheriting_mutex() noexcept {
    pthread_mutexattr_t how;
    ::pthread_mutexattr_init(&how);
    ::pthread_mutexattr_setprotocol(&how, PTHREAD_PRIO_INHERIT); // without support in the kernel it stays an ordinary one
    ::pthread_mutex_init(&mutex_, &how);
    ::pthread_mutexattr_destroy(&how);
  }
  ~inheriting_mutex() { ::pthread_mutex_destroy(&mutex_); }
  inheriting_mutex(const inheriting_mutex&) = delete;
  inheriting_mutex& operator=(const inheriting_mutex&) = delete;

  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }
  [[nodiscard]] bool try_lock() noexcept { return ::pthread_mutex_trylock(&mutex_) == 0; }

private:
  pthread_mutex_t mutex_;
};

} // namespace troupe::cluster
