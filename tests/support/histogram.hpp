#pragma once

#include "config/model/time.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace troupe::test {

/// Prints one line of figures and bars by powers of two: the tail is what matters.
inline void tell(const char* what, std::vector<mono_ns> times) {
  if (times.empty())
    return;
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    const auto i = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1));
    return static_cast<double>(times[i]) * 1e-3;
  };
  std::printf("%s: min %.1f, p50 %.1f, p99 %.1f, max %.1f us of %zu\n", what, at(0),
              at(0.5), at(0.99), at(1), times.size());
  std::size_t i = 0;
  for (mono_ns limit = 1'000; i < times.size(); limit *= 2) {
    const auto from = i;
    while (i < times.size() && times[i] < limit)
      ++i;
    if (i > from)
      std::printf("  below %7.0f us %7zu %s\n", static_cast<double>(limit) * 1e-3, i - from,
                  std::string((i - from) * 50 / times.size() + 1, '#').c_str());
  }
}

} // namespace troupe::test
