#pragma once

#include "apps/daemon/drill_plan.hpp"
#include "storage/store.hpp"

#include <optional>

namespace troupe::daemon {

/// DRILLS that were, in the replicated store, so that every node shows them:
/// the newest `most`. Threads: any.
class drill_book {
public:
  static constexpr std::size_t most = 100;

  explicit drill_book(storage::store& disk) : disk_(disk) {}

  /// A name that sorts by time and that no drill has: "20261130-060102-attic", and
  /// "20261130-060102-attic-2" for the second of one second.
  [[nodiscard]] std::string name_for(wall_ms now, const std::string& node) const;

  /// Writes it, and forgets the oldest.
  [[nodiscard]] status keep(const std::string& id, const nlohmann::json& report);
  [[nodiscard]] std::optional<nlohmann::json> find(const std::string& id) const;
  [[nodiscard]] std::vector<nlohmann::json> all() const; ///< oldest first

private:
  storage::store& disk_;
};

} // namespace troupe::daemon
