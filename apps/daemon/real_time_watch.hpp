#pragma once

#include "config/model/time.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe::daemon {

/// Looks twice a second what the threads that may give real time up (`take`) use of
/// the processors, and has them run at the node's nice -10 for a while, and as before
/// again (real_time_share). Its own thread is an urgent one, or it would not come to it.
class real_time_watch {
public:
  static constexpr milliseconds look_every{500};

  /// @param tell on its thread: how many threads run beside ordinary ones now; 0: none any more
  explicit real_time_watch(std::function<void(std::size_t)> tell);
  ~real_time_watch();
  real_time_watch(const real_time_watch&) = delete;
  real_time_watch& operator=(const real_time_watch&) = delete;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace troupe::daemon
