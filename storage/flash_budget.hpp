#pragma once

#include "config/model/time.hpp"

#include <array>
#include <cstdint>

namespace troupe::storage {

/// What the medium may take per day, and how far to slow down so that it does.
/// A bucket that fills with the budget's pace and holds an hour's share: bursts
/// pass, a steady excess is slowed. Only what may wait is slowed: check points,
/// state of owners, ordinary events; never configuration and alarms.
class flash_budget {
public:
  /// Nothing is slowed more than this.
  static constexpr int max_slowdown = 16;

  flash_budget() = default;
  flash_budget(std::uint64_t bytes_per_day, mono_ns now);

  void spend(std::uint64_t bytes, mono_ns now);

  /// Factor for periods of what may wait: 1 while more than half of the hour's
  /// share is left, up to `max_slowdown` when it is used up.
  [[nodiscard]] int slowdown(mono_ns now) const;
  [[nodiscard]] bool used_up(mono_ns now) const;

  /// What the last hour wrote, 24 times; low during the first hour.
  [[nodiscard]] std::uint64_t bytes_per_day(mono_ns now) const;
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

private:
  static constexpr std::size_t minutes = 60;

  [[nodiscard]] double level(mono_ns now) const; ///< 0 .. 1 of the hour's share

  std::uint64_t limit_ = 0; ///< 0: none
  double bucket_ = 0;
  mono_ns filled_at_ = 0;
  std::array<std::uint64_t, minutes> spent_{};
  std::int64_t minute_ = 0;
};

} // namespace troupe::storage
