#pragma once

#include "config/model/time.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::daemon {

/// One thread for small work that may wait for a disk or a peer and that nobody
/// waits for: renewal of certificates, news of authorities, the catalogue.
/// Sleeps without wake-ups between `every`s. What is due and what comes `soon`
/// take turns. Threads: any, but for `start` and `stop`.
class chores {
public:
  static constexpr std::size_t most = 256; ///< more jobs are refused

  chores() = default;
  ~chores() { stop(); }
  chores(const chores&) = delete;
  chores& operator=(const chores&) = delete;

  /// Does `job` each `pause` from now.
  void every(milliseconds pause, std::function<void()> job);
  void start();
  /// Finishes the job in work; those that wait are not done.
  void stop();

  /// @returns false if it will not be done.
  bool soon(std::function<void()> job);

  /// Does `job` once `pause` from now; calls with the same `name` meanwhile
  /// share it. For news that come in bursts.
  void once_in(const std::string& name, milliseconds pause, std::function<void()> job);

private:
  using clock = std::chrono::steady_clock;
  struct timed {
    std::string name; ///< empty: comes again after `pause`
    clock::time_point at;
    milliseconds pause;
    std::function<void()> job;
  };
  void work();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> jobs_;
  std::vector<timed> timed_;
  std::thread thread_;
  bool stopping_ = false;
};

} // namespace troupe::daemon
