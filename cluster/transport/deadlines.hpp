#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace troupe::cluster {

/// Calls one function when a time has come; sleeps without end while none is
/// set. Times are rounded up to 20 ms, so that a flood makes few wake-ups.
class deadlines {
public:
  ~deadlines() { stop(); }
  void start(std::function<void()> due);
  void stop();
  void at(std::chrono::steady_clock::time_point when); ///< any thread

private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::chrono::steady_clock::time_point> times_;
  std::function<void()> due_;
  bool stopped_ = false;
  std::thread thread_;
};

} // namespace troupe::cluster
