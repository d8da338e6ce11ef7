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
  /// {"operations", "done", "for_s", "away_s"} while this node catches up, else null
  [[nodiscard]] virtual json catching_up() = 0;
  /// [{"name", "on", "known", "waits_for"}]: what the house may do once all members can
  [[nodiscard]] virtual json features() = 0;
  /// [{"at", "subject", "text"}], for the status
  [[nodiscard]] virtual json alarms() = 0;
  [[nodiscard]] virtual result<json> act(const control::caller& who, const std::string& name, const std::string& verb) = 0;
  [[nodiscard]] virtual result<json> token(const control::caller& who, const json& body) = 0;
  [[nodiscard]] virtual result<json> enrol(const json& body) = 0;
  [[nodiscard]] virtual result<json> reload(const control::caller& who) = 0;
};

} // namespace troupe::daemon
