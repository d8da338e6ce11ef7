#pragma once

#include "config/model/time.hpp"

namespace troupe {

/// May a message be acted on? It carries the newest tick of *our* clock that
/// its sender had heard, so its age is measured by one clock alone: a command
/// that waited in a dead connection, in a stopped process or at a node in
/// between is refused when it comes back to life (FAILOVER 3.2, tick echo).
///
/// @param now,echo our CLOCK_MONOTONIC
[[nodiscard]] constexpr bool is_fresh(mono_ns now, mono_ns echo, milliseconds limit) noexcept {
  // A tick of the future is none that we ever sent.
  return echo > 0 && echo <= now && now - echo <= std::chrono::nanoseconds{limit}.count();
}

} // namespace troupe
