#pragma once

#include "apps/client/problem.hpp"
#include "apps/client/sse_parser.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe::client {

using json = nlohmann::json;
using params = std::map<std::string, std::string>;

/// The socket to use: `given`, else $TROUPE_SOCKET, else /run/troupe/control.sock.
[[nodiscard]] std::string socket_path(const std::string& given);

/// The control interface of one node, as docs/control-interface.yaml describes
/// it. Each call makes its own connection: there is no state to lose when the
/// node restarts.
///
/// Threads:  one per object.
/// Blocking: `patience` at most for a call; a stream until either side ends it.
/// Errors:   returned, with a way out.
class node {
public:
  explicit node(std::string socket, std::chrono::seconds patience = std::chrono::seconds{15});

  // --- any endpoint ---
  [[nodiscard]] answer<json> get(const std::string& path, const params& query = {}) const;
  [[nodiscard]] answer<json> post(const std::string& path, const json& body) const;
  [[nodiscard]] answer<json> remove(const std::string& path) const;

  /// Calls `on_event` for each event until it returns false (then the answer
  /// is true) or the stream ends (`lost`, with the reason that the node gave).
  [[nodiscard]] answer<bool> stream(const std::string& path, const params& query,
                                    const std::function<bool(const event&)>& on_event) const;

  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

private:
  std::string socket_;
  std::chrono::seconds patience_;
};

/// A name as part of a path: everything but letters, digits and "-_./" is
/// escaped.
[[nodiscard]] std::string escape(std::string_view name);

} // namespace troupe::client
