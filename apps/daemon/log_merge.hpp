#pragma once

#include <nlohmann/json.hpp>

#include <vector>

namespace troupe::daemon {

/// Journals of several nodes as one, oldest first, at most the `newest`. An event
/// that its writer and an archive both tell is told once; what one node tells
/// twice happened twice. Of its times that of the teller who knows it best counts.
/// Rows: {"node": of the writer, "at", "boot", ...}. Pure.
[[nodiscard]] nlohmann::json merge_logs(std::vector<nlohmann::json> all, std::size_t newest);

} // namespace troupe::daemon
