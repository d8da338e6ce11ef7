#pragma once

#include "storage/clock_quality.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>

namespace troupe::storage {

/// Hybrid logical clock stamp: 48 bit milliseconds since 1970, 16 bit count.
/// It only picks a winner among truly concurrent siblings, at read time; a
/// wrong clock can therefore never block a later write.
struct hlc {
  std::uint64_t raw = 0;

  [[nodiscard]] wall_ms ms() const noexcept { return static_cast<wall_ms>(raw >> 16); }
  [[nodiscard]] static hlc at(wall_ms ms) noexcept {
    return {ms <= 0 ? 0 : static_cast<std::uint64_t>(ms) << 16};
  }

  friend bool operator==(const hlc&, const hlc&) = default;
  friend auto operator<=>(const hlc&, const hlc&) = default;
};

/// Gives stamps that only grow, also across restarts: it never passes a bound
/// that rests on disk. After a restart it goes on from the wall clock, if that
/// can have been the clock of the run before, and else from the bound: up to
/// `reserve_ms` too late, so what somebody else writes meanwhile would lose.
///
/// A clock of quality `none` is not looked at: the stamps go on from the bound by
/// the monotonic clock. Only where there is none, on a new disk, it tells where they
/// begin; whatever it says there, others hold nothing of this disk yet.
class hlc_clock {
public:
  /// How far ahead the bound is reserved.
  static constexpr wall_ms reserve_ms = 120'000;
  /// By how much the bound moves on when the stamps are ahead of the clock.
  static constexpr wall_ms step_ms = 1000;
  /// A foreign stamp this far ahead of a good clock does not drag us along.
  static constexpr wall_ms trust_ms = 300'000;

  hlc_clock() = default;

  /// @param bound as persisted by the run before; nothing if there was none
  /// @param newest of its own stamps, and of others' that it `follows`
  hlc_clock(hlc bound, hlc newest, clock_quality quality, wall_ms wall, mono_ns mono);

  /// The stamp of a new operation. Clamped to the bound; what is stamped at
  /// the bound is still ordered, by the count.
  [[nodiscard]] hlc tick(wall_ms wall, mono_ns mono);

  /// How far the clock is believed from now on. Never less than before.
  void believe(clock_quality quality) { quality_ = std::max(quality_, quality); }

  /// Whether a foreign stamp drags a clock along: not one that a good clock knows to be wrong.
  [[nodiscard]] static bool follows(hlc other, clock_quality quality, wall_ms wall) {
    return quality == clock_quality::none || other.ms() <= wall + trust_ms;
  }

  /// A foreign stamp was seen: the next own one is later, within reason.
  void saw(hlc other, wall_ms wall);

  /// The bound to persist with the next commit, when a new one is due.
  [[nodiscard]] bool wants_bound(wall_ms wall, mono_ns mono) const;
  [[nodiscard]] hlc next_bound(wall_ms wall, mono_ns mono) const;
  /// It rests on disk now.
  void persisted(hlc bound);

  [[nodiscard]] hlc last() const noexcept { return last_; }
  [[nodiscard]] hlc bound() const noexcept { return bound_; }

private:
  [[nodiscard]] wall_ms physical(wall_ms wall, mono_ns mono) const;
  [[nodiscard]] wall_ms reserve() const noexcept { return quality_ == clock_quality::none ? step_ms : reserve_ms; }

  hlc last_;
  hlc bound_;
  clock_quality quality_ = clock_quality::none;
  wall_ms start_wall_ = 0; ///< where an unbelieved clock goes on from
  mono_ns start_mono_ = 0;
};

} // namespace troupe::storage
