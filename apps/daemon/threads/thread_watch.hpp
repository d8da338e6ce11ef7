#pragma once

#include "config/model/time.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe::daemon {

/// Looks twice a second what this process's threads use of the processors. Those that may give real time up run at the
/// node's nice -10 for a while, and as before again (real_time_share); those of an event share a processor, or do not
/// (core_keeper). Its own thread is an urgent one, or it would not come to it.
class thread_watch {
public:
  static constexpr milliseconds look_every{500};

  /// @param tell on its thread: how many threads run beside ordinary ones now; 0: none any more
  explicit thread_watch(std::function<void(std::size_t)> tell);
  ~thread_watch();
  thread_watch(const thread_watch&) = delete;
  thread_watch& operator=(const thread_watch&) = delete;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::daemon
