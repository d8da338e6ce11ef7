#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace troupe::daemon {

/// What an order to an actor came to: once it is done.
struct acted {
  std::string verb; ///< "kill", "restart", "quarantine", "unquarantine", "hang"
  std::string name, type, node, supervisor;
  std::uint32_t incarnation = 0; ///< that runs now
  bool detached = false;         ///< it has a thread of its own
  std::int64_t hangs_ms = 0;
};

/// {"name", "done", "node", "type", "supervisor", "incarnation", "text", "next"}:
/// what was done to whom and where, and what follows from it. Pure.
[[nodiscard]] nlohmann::json act_words(const acted& x);

} // namespace troupe::daemon
