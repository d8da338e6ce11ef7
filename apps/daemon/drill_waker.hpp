#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <sys/types.h>

namespace troupe::daemon {

/// A process of its own that wakes this one: who is stopped cannot do it himself.
/// It is this program once more, with `--wake`; it knows nothing of the node and
/// ends with it.
///
/// @param after CLOCK_MONOTONIC from now on; then SIGCONT, whatever became of who
///        ordered the stop
/// @returns its process number, once it watches; to be waited for
[[nodiscard]] result<pid_t> start_waker(milliseconds after);

/// Is this the command line of a waker? Then it is one, and ends with the process's exit code.
[[nodiscard]] bool is_waker(int argc, char** argv);
[[nodiscard]] int run_waker(char** argv);

} // namespace troupe::daemon
