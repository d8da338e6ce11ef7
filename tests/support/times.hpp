#pragma once

#include "config/model/time.hpp"

// Times that tests of clocks speak of.

namespace troupe::test {

inline constexpr mono_ns s = 1'000'000'000;
inline constexpr wall_ms now = 1'795'000'000'000; ///< in 2026
inline constexpr wall_ms in_1970 = 300'000;
inline constexpr wall_ms in_2099 = 4'070'908'800'000;

} // namespace troupe::test
