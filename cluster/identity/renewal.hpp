#pragma once

#include "cluster/identity/certificate.hpp"

#include <map>

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
  /// It expired, or the clock is wrong. No peer renews it, for it is not shown to
  /// any; who holds an issuer may sign for itself: see `believe_own_clock`.
  ended,
};

/// @param clock  of this machine
/// @param floor  what it cannot be before
[[nodiscard]] renewal_need judge_renewal(wall_ms clock, wall_ms floor, wall_ms until, wall_ms renew_at) noexcept;

/// After so long without any other clock, a node that holds an issuer decides by what it knows itself.
inline constexpr milliseconds clocks_asked_for{600'000};
/// A node that was off for longer than this cannot know by itself that its clock
/// is right.
inline constexpr milliseconds off_at_most{30 * 86'400'000LL};

/// What a node knows of the time that is to sign its own certificate.
struct own_clock {
  wall_ms clock = 0; ///< of this machine
  wall_ms floor = 0; ///< what it cannot be before; never after `until`
  wall_ms from = 0, until = 0; ///< of its certificate
  bool alone = false; ///< its house has no other node
  milliseconds asked_for{0}; ///< how long nobody has answered
  std::map<std::string, wall_ms> said; ///< the clocks of those that answered
};

/// May it sign for itself by its own clock? Nobody corrects it: with a clock
/// months ahead it would take a certificate that all others refuse as not yet
/// valid. A clock that is behind does no harm.
///
/// - A clock before `from` is none, and has no say.
/// - One that is more than `clocks_may_differ` behind ours: no.
/// - One that is about as ours: yes.
/// - Nobody answers: wait for `clocks_asked_for`, unless it is alone; as long as
///   there is a month left, wait for ever. Then yes, if the clock is no more than
///   `off_at_most` after the floor. An ended certificate is refused by the peers,
///   so mostly there is nobody to be asked.
///
/// @returns `untrusted`: another clock says otherwise; `unreachable`: no other
///          clock was seen, try again when there is one
[[nodiscard]] status believe_own_clock(const own_clock& x);

} // namespace troupe::identity
