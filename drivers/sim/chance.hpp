#pragma once

#include <cmath>
#include <cstdint>

namespace troupe::drivers::sim {

/// A stream of chance that is the same on every machine and library, which
/// the distributions of <random> are not (splitmix64, Steele et al. 2014).
/// Each subject of the house draws from its own stream, so that a fault in one
/// does not shift the others.
class chance {
public:
  chance(std::uint64_t seed, std::uint64_t subject)
    : state_(seed * 0x9e3779b97f4a7c15u + subject * 0xd1b54a32d192ed03u) {
    next();
  }

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  /// In [0, 1).
  double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [low, high).
  double between(double low, double high) noexcept { return low + (high - low) * unit(); }

  /// Mean 0, deviation 1, never beyond 6: the sum of twelve, so that no
  /// library's logarithm decides the last bit.
  double normal() noexcept {
    double sum = -6;
    for (int i = 0; i < 12; ++i)
      sum += unit();
    return sum;
  }

  friend bool operator==(const chance&, const chance&) = default;

private:
  std::uint64_t state_;
};

} // namespace troupe::drivers::sim
