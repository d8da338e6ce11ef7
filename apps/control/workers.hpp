#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::control {

/// Threads for calls that may wait for an actor's answer. Started when they
/// are first needed, at most `limit`; asleep without wake-ups when idle. The
/// queue's bound is the caller's: the server has one job per connection.
class workers {
public:
  explicit workers(std::size_t limit) : limit_(limit) {}
  ~workers() { stop(); }
  workers(const workers&) = delete;
  workers& operator=(const workers&) = delete;

  /// @returns false after `stop`: the job will not be done.
  [[nodiscard]] bool run(std::function<void()> job);

  /// Does what is queued, then ends the threads. Blocks until they have ended.
  void stop();

private:
  void work();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  std::size_t limit_;
  bool stopping_ = false;
};

} // namespace troupe::control
