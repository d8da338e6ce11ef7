#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>

namespace troupe::daemon {

/// Log lines go to standard error: plain with time for a terminal, with
/// systemd's priority prefix when the journal is at the other end. Nobody who
/// logs waits for standard error to be read; see LOG WRITER. Once per process.
/// @param level trace, debug, info, warn, error
[[nodiscard]] status set_up_log(const std::string& level);

/// How long the end of the process waits for standard error to be read.
constexpr milliseconds last_words_within{1000};

/// Before the process ends: writes what was logged, if it is taken in time.
void finish_log();

} // namespace troupe::daemon
