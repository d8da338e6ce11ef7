#include "drivers/gpio/stamps.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::drivers::gpio {

bool events_carry_wall_time(std::string_view release) {
  int major = 0;
  int minor = 0;
  const auto* end = release.data() + release.size();
  const auto first = std::from_chars(release.data(), end, major);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.')
    return false;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc{})
    return false;
  return major < 5 || (major == 5 && minor < 7);
}

mono_ns wall_to_mono(std::int64_t stamp, std::int64_t wall_now, mono_ns mono_now) {
  return mono_now - std::max<std::int64_t>(wall_now - stamp, 0);
}

} // namespace troupe::drivers::gpio
