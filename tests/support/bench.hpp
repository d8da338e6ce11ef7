#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace troupe::bench {

/// Which side of the goal is good.
enum class better { lower, higher };

/// One line of the table: what, measured, unit, goal, and how many times the
/// goal was met (1.0 is on it, more is better). Goals are stated limits; a
/// missed one is shown, not failed: timed checks on shared machines lie.
inline void row(const std::string& what, double measured, const std::string& unit, double goal,
                better side) {
  const double met = side == better::lower ? goal / std::max(measured, 1e-9) : measured / goal;
  std::printf("%-58s %14.2f %-10s goal %s %-12.6g %6.2fx %s\n", what.c_str(), measured, unit.c_str(),
              side == better::lower ? "<=" : ">=", goal, met, met >= 1 ? "" : "MISSED");
  std::fflush(stdout);
}

/// A figure without a goal: context for the others.
inline void note(const std::string& what, double measured, const std::string& unit) {
  std::printf("%-58s %14.2f %-10s\n", what.c_str(), measured, unit.c_str());
  std::fflush(stdout);
}

/// The sample below which the share `p` (0..1) lies. Sorts its argument.
inline double percentile(std::vector<double>& samples, double p) {
  if (samples.empty())
    return 0;
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(p * last + 0.5)];
}

} // namespace troupe::bench
