#pragma once

#include "drivers/digital.hpp"

#include <optional>

namespace troupe::drivers {

/// Debouncing where the kernel has none (uAPI v1) and where there is no kernel
/// (the simulator), with the meaning that the kernel's has in uAPI v2: a new level is told once it has stood for a whole
/// period without any edge, stamped with the end of that period; whatever is
/// shorter never happened. A bouncing press is thus one edge, late by the
/// period, and the next press is never swallowed, as nothing is locked out
/// afterwards.
///
/// Pure: time comes in with the events and through `settle`.
class debouncer {
public:
  debouncer(milliseconds period, bool level_now);

  /// An edge as the kernel gave it. @returns a change that became certain
  /// before it, because the line had stood still for the period.
  std::optional<edge> on_edge(bool level, mono_ns at);

  /// Time has passed; call with everything read that happened before `now`.
  /// `level_now` is the line's level as it is: the kernel reads the level after
  /// the edge, so the last of a fast pair can carry the wrong one.
  std::optional<edge> settle(mono_ns now, bool level_now);

  /// Edges may have come unseen until `at`, so nothing stood still before it.
  void disturb(mono_ns at) { since_ = at; }

  /// When `settle` may have something to say.
  [[nodiscard]] std::optional<mono_ns> deadline() const;

  [[nodiscard]] bool level() const noexcept { return stable_; }

private:
  std::optional<edge> accept(bool level);

  mono_ns period_;
  bool stable_;
  bool latest_;
  std::optional<mono_ns> since_; ///< of the last edge, while it is not settled
};

} // namespace troupe::drivers
