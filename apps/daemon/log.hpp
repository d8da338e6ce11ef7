#pragma once

#include "config/model/result.hpp"

#include <string>

namespace troupe::daemon {

/// Log lines go to standard error: plain with time for a terminal, with
/// systemd's priority prefix when the journal is at the other end.
/// @param level trace, debug, info, warn, error
[[nodiscard]] status set_up_log(const std::string& level);

} // namespace troupe::daemon
