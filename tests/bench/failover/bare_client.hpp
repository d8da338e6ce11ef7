#pragma once

#include "tests/bench/cluster/echo.hpp"

#include <string>
#include <vector>

namespace troupe::bench {

/// The floor of a failover: a bare TLS client that is linked to two bare servers
/// already and sends to the second one what the first does not answer. Nothing
/// is decided, kept or written.
///
/// Forks: before this process has threads.
/// @param folder for certificates
/// @returns milliseconds from SIGKILL of the first to the second one's answer, of each run
[[nodiscard]] std::vector<double> bare_failovers(unsigned runs, const std::string& folder);

} // namespace troupe::bench
