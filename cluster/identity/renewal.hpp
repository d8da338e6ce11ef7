#pragma once

#include "cluster/identity/certificate.hpp"

namespace troupe::identity {

/// When a certificate should be renewed: when two thirds of its life are over,
/// and up to a twelfth of it later, by chance of its serial, so that 64 boards
/// that joined on one day do not all ask in one minute. The last quarter is
/// left for trying again.
[[nodiscard]] wall_ms renew_at(wall_ms from, wall_ms until, const std::string& serial) noexcept;

[[nodiscard]] bool needs_renewal(const certificate& x, wall_ms now);

/// After a renewal by a node whose clock is ahead the next one would be due at
/// once, and each would fill an issuer's index.
inline constexpr milliseconds again_after_success{86'400'000};
/// After a failed one. There is a quarter of the certificate's life left.
inline constexpr milliseconds again_after_failure{600'000};
/// A new certificate that begins later than this after our own time was made by
/// a clock that runs ahead, or ours is behind: peers would refuse it.
inline constexpr milliseconds clocks_may_differ{86'400'000};

enum class renewal_need : std::uint8_t {
  none,
  due,
  ended, ///< it expired, or the clock is wrong: in neither case a renewal helps
};

/// @param clock  of this machine
/// @param floor  what it cannot be before
[[nodiscard]] renewal_need judge_renewal(wall_ms clock, wall_ms floor, wall_ms until, wall_ms renew_at) noexcept;

} // namespace troupe::identity
