#pragma once

#include "apps/client/problem.hpp"
#include "apps/client/sse_parser.hpp"
#include "apps/client/target.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe::client {

using json = nlohmann::json;
using params = std::map<std::string, std::string>;

/// The control interface of one node, as docs/control-interface.yaml describes
/// it, over its unix socket or over TLS. Each call makes its own connection:
/// there is no state to lose when the node restarts.
///
/// Threads:  one per object. SIGPIPE must be ignored.
/// Blocking: `patience` at most without progress, or `patience_for` what changes
///           something; a stream until either side ends
///           it, or until it is silent for three heartbeats.
/// Errors:   returned, with a way out.
class node {
public:
  /// @param to `resolve`d
  explicit node(target to, std::chrono::seconds patience = std::chrono::seconds{15});

  // --- any endpoint ---
  [[nodiscard]] answer<json> get(const std::string& path, const params& query = {}) const;
  /// As `get`, of what is no JSON.
  [[nodiscard]] answer<std::string> fetch(const std::string& path, const params& query = {}) const;
  [[nodiscard]] answer<json> post(const std::string& path, const json& body) const;
  [[nodiscard]] answer<json> remove(const std::string& path) const;

  /// Calls `on_event` for each event until it returns false (then the answer
  /// is true) or the stream ends (`lost`, with the reason that the node gave).
  [[nodiscard]] answer<bool> stream(const std::string& path, const params& query,
                                    const std::function<bool(const event&)>& on_event) const;

  /// For people: the socket's path, or the host.
  [[nodiscard]] const std::string& where() const noexcept;

private:
  using on_piece = std::function<bool(int status, std::string_view)>;
  answer<int> call(const std::string& method, const std::string& path, const std::string& body,
                   std::chrono::seconds patience, const on_piece& on_body) const;
  answer<json> ask(const std::string& method, const std::string& path,
                   const std::string& body) const;

  target to_;
  std::chrono::seconds patience_;
};

/// How long the answer to a call may take: longer than the nodes themselves wait
/// for each other, or people would hear "did not answer" of what is being done.
/// A change of the house goes from node to node, twice.
/// @param path  as it is sent
/// @param usual of what only looks
[[nodiscard]] std::chrono::seconds patience_for(const std::string& method, const std::string& path,
                                                std::chrono::seconds usual);

/// A name as part of a path: everything but letters, digits and "-_./" is
/// escaped.
[[nodiscard]] std::string escape(std::string_view name);

} // namespace troupe::client
