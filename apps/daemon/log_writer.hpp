#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::daemon {

/// LOG WRITER: lines go to a file descriptor by a thread of its own. Whoever
/// reads them may stand still (journald, when its disk does), and no thread of
/// the node may stand still with it (I9).
///
/// Bounded (I11): past the bound the oldest lines are dropped, and their number
/// is told as soon as writing goes on.
///
/// Threads: any. Ownership: `fd` must stay open; a thread that stands in `write`
/// is left behind by the destructor.
class log_writer {
public:
  static constexpr std::size_t most_lines = 4096;
  static constexpr std::size_t most_bytes = 1 << 20;

  /// @param dropped makes the line that tells how many were dropped; called by the writing thread
  log_writer(int fd, std::function<std::string(std::uint64_t)> dropped);
  /// Waits for nothing; see `drain`.
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  /// Never waits for the reader. @param line with its end
  void write(std::string line);

  /// Waits until all is written, at most `limit`. Async-signal-safe.
  /// @returns whether it is
  bool drain(milliseconds limit) const;

private:
  struct state;
  std::shared_ptr<state> state_; ///< shared with the thread, which may outlive us
};

/// When the process is ended by a fault or an assertion, what `log` holds is
/// written first, if its reader takes it within `limit`. Once per process.
void write_before_dying(const log_writer& log, milliseconds limit);

} // namespace troupe::daemon
