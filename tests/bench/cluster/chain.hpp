#pragma once

#include "tests/bench/cluster/tls_side.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace troupe::bench {

/// A thread that sleeps until it is handed something, and does it.
class stage_thread {
public:
  explicit stage_thread(std::function<void(head)> work);
  ~stage_thread();
  void hand(head x);

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<head> due_;
  bool over_ = false;
  std::thread thread_;
};

/// The I/O thread of one end: sleeps in epoll until bytes come. Whoever writes does so
/// itself, beside it.
class io_thread {
public:
  /// @param came called with each message that has come whole
  io_thread(tls_side& side, std::function<void(head)> came);
  ~io_thread();
  void write(head x); ///< `x.size` bytes; any thread
  void wait();        ///< until the other side is gone

private:
  void run();

  tls_side& side_;
  std::function<void(head)> came_;
  int wake_ = -1; ///< for the end
  std::mutex mutex_; ///< of the TLS session
  std::string out_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

} // namespace troupe::bench
