#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// Nanoseconds of CLOCK_MONOTONIC. All leases, time-outs, debouncing and pulse
/// timing use it; comparable within one boot of one machine only.
using mono_ns = std::int64_t;

inline constexpr mono_ns one_second = 1'000'000'000;

/// Milliseconds since 1970, UTC, for people and across nodes. May jump.
using wall_ms = std::int64_t;

using std::chrono::milliseconds;

/// A setting as a span of the clock that decisions use.
constexpr mono_ns to_ns(milliseconds x) { return std::chrono::nanoseconds{x}.count(); }

/// Where pure code gets its time from; the simulator and tests move it by hand.
class clock_source {
public:
  virtual ~clock_source() = default;
  [[nodiscard]] virtual mono_ns mono() const = 0;
  [[nodiscard]] virtual wall_ms wall() const = 0;
  /// Is `mono` CLOCK_MONOTONIC of this machine's boot? A clock of a test belongs to no boot.
  [[nodiscard]] virtual bool of_boot() const { return false; }
};

/// The machine's own clocks. Any thread.
const clock_source& system_clocks();

} // namespace troupe
