#pragma once

#include "apps/control/node_api.hpp"

#include <nlohmann/json.hpp>

namespace troupe::daemon {

/// What the control interface asks of the cluster. A node alone has none.
/// Threads: any.
class cluster_words {
public:
  using json = nlohmann::json;
  virtual ~cluster_words() = default;

  /// {"node", "now": of this node's clock, as each "since", "members": [...],
  /// "differences": [...]}
  [[nodiscard]] virtual json members() = 0;
  /// [{"name", "linked", "equal", "entries", "bytes", "behind_s", ...}]: the other members' stores
  [[nodiscard]] virtual json replicas() = 0;
  /// Of all that its store shows; the same at nodes that have seen the same.
  [[nodiscard]] virtual std::string digest() = 0;
  /// [{"at", "subject", "text"}], for the status
  [[nodiscard]] virtual json alarms() = 0;
  [[nodiscard]] virtual result<json> act(const control::caller& who, const std::string& name, const std::string& verb) = 0;
  [[nodiscard]] virtual result<json> token(const control::caller& who, const json& body) = 0;
  [[nodiscard]] virtual result<json> enrol(const json& body) = 0;
  [[nodiscard]] virtual result<json> reload(const control::caller& who) = 0;
};

} // namespace troupe::daemon
