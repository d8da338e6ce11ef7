#include "drivers/gpio/gaps.hpp"

#include <algorithm>
#include <limits>

namespace troupe::drivers::gpio {

std::optional<std::uint32_t> missed_by_number(std::uint32_t before, std::uint32_t now) {
  // Unsigned: the step from 4294967295 to 0 is a step of one.
  const std::uint32_t step = now - before;
  // No buffer holds 2^31 events, and none was ever silent that long: a step so
  // long is a step back.
  if (step == 0 || step > std::uint32_t{1} << 31)
    return std::nullopt;
  return step - 1;
}

std::uint64_t missed_by_rate(mono_ns from, mono_ns to, double rate_hz) {
  if (to <= from || !(rate_hz > 0))
    return 1;
  const auto edges = static_cast<double>(to - from) * 1e-9 * rate_hz;
  // Far beyond what a line can do, and safely inside the type.
  constexpr double most = 1e15;
  return static_cast<std::uint64_t>(std::min(edges, most)) + 1;
}

double densest_rate_hz(std::span<const raw_event> events) {
  auto closest = std::numeric_limits<mono_ns>::max();
  for (std::size_t i = 1; i < events.size(); ++i)
    if (const auto apart = events[i].at - events[i - 1].at; apart > 0)
      closest = std::min(closest, apart);
  return closest == std::numeric_limits<mono_ns>::max()
           ? 0
           : 1e9 / static_cast<double>(closest);
}

} // namespace troupe::drivers::gpio
