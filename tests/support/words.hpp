#pragma once

#include "config/model/time.hpp"
#include "config/model/value.hpp"

// Short words of many tests.

namespace troupe::test {

inline constexpr mono_ns ms = 1'000'000;
inline constexpr mono_ns sec = 1'000 * ms;

inline const auto on = value::digital(true);
inline const auto off = value::digital(false);

} // namespace troupe::test
