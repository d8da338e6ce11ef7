#pragma once

#include "config/model/time.hpp"

#include <condition_variable>
#include <mutex>

namespace troupe::drivers::sim {

/// Lets the model thread sleep until a time or a nudge. Any thread may nudge;
/// a nudge that comes before the sleep ends it at once.
class waker {
public:
  void wake() {
    {
      std::lock_guard guard{mutex_};
      woken_ = true;
    }
    bell_.notify_one();
  }

  void sleep_until(mono_ns at) {
    // steady_clock is CLOCK_MONOTONIC in every library that we build with.
    const std::chrono::steady_clock::time_point deadline{std::chrono::nanoseconds{at}};
    std::unique_lock lock{mutex_};
    bell_.wait_until(lock, deadline, [this] { return woken_; });
    woken_ = false;
  }

private:
  std::mutex mutex_;
  std::condition_variable bell_;
  bool woken_ = false;
};

} // namespace troupe::drivers::sim
