#pragma once

#include "config/model/time.hpp"

#include <string_view>

namespace troupe::drivers::gpio {

/// Before Linux 5.7 the events of uAPI v1 were stamped with CLOCK_REALTIME,
/// since then with CLOCK_MONOTONIC. `release` is that of uname: "5.4.0-99".
/// A release that cannot be read counts as new.
[[nodiscard]] bool events_carry_wall_time(std::string_view release);

/// The monotonic time of a wall-clock stamp, by way of its age: exact unless
/// the wall clock was set since. An age below zero is such a jump and counts as
/// none.
[[nodiscard]] mono_ns wall_to_mono(std::int64_t stamp, std::int64_t wall_now,
                                   mono_ns mono_now);

} // namespace troupe::drivers::gpio
