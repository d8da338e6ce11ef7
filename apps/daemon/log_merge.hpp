#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace troupe::daemon {

/// Journals of several nodes as one, oldest first, at most the `newest`. An event
/// that its writer and an archive both tell is told once; what one node tells
/// twice happened twice. Of its times that of the teller who knows it best counts.
/// Rows: {"node": of the writer, "at", "boot", ...}. Pure.
[[nodiscard]] nlohmann::json merge_logs(std::vector<nlohmann::json> all, std::size_t newest);

/// Says whose rows are that do not say it themselves, as those of an archive do.
void stamp(nlohmann::json& rows, const std::string& node);

/// What tellings of one event have in common: everything but the sequence number,
/// which each node gives by itself, and what it has found out about the time, which
/// another one may not have heard yet.
[[nodiscard]] std::string mark_of(const nlohmann::json& row);

} // namespace troupe::daemon
