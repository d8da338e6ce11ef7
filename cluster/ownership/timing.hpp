#pragma once

#include "config/model/time.hpp"

#include <optional>
#include <string_view>

namespace troupe::cluster {

/// How fast a controller's silence is noticed. All limits follow from two: how
/// often it renews, and how long an output believes it without a renewal.
struct timing {
  milliseconds renew{100};
  milliseconds lease{400};

  /// A holder whose renewals are not answered for so long lets go of what it
  /// still reaches, well before the lease of the first output ends (FAILOVER
  /// 3.9, 8).
  [[nodiscard]] constexpr milliseconds stand_down() const { return lease * 6 / 10; }
  /// Each rank waits so much longer than the one before, so that the best one
  /// is granted before the next one asks.
  static constexpr milliseconds stagger{120};

  /// "critical", "fast", "normal" or "slow".
  [[nodiscard]] static std::optional<timing> named(std::string_view name);

  friend bool operator==(const timing&, const timing&) = default;
};

} // namespace troupe::cluster
