#pragma once

#include "drivers/sim/chance.hpp"

#include <cmath>

namespace troupe::drivers::sim {

enum class sensor_fault : unsigned { stuck = 1, noisy = 2, drifting = 4 };

/// What a cheap sensor makes of the truth: noise, steps, and three ways to
/// age. A dead one is the bus's business: it does not answer.
class sensor {
public:
  sensor(chance luck, double deviation, double step)
    : luck_(luck), deviation_(deviation), step_(step) {}

  void set(sensor_fault f, bool active) noexcept {
    const auto bit = static_cast<unsigned>(f);
    faults_ = active ? faults_ | bit : faults_ & ~bit;
    if (f == sensor_fault::drifting && !active)
      drift_ = 0;
  }

  /// Measures once. Draws the same amount of chance whatever the faults are.
  double measure(double truth, double seconds) noexcept {
    const double noise = luck_.normal() * deviation_;
    if (has(sensor_fault::drifting))
      drift_ += drift_per_hour * seconds / 3600;
    if (has(sensor_fault::stuck))
      return shown_;
    const double wrong = (has(sensor_fault::noisy) ? 10 : 1) * noise + drift_;
    shown_ = std::round((truth + wrong) / step_) * step_;
    return shown_;
  }

  double shown() const noexcept { return shown_; }

  /// Fast, so that a drill need not last a year.
  static constexpr double drift_per_hour = 3.0;

  friend bool operator==(const sensor&, const sensor&) = default;

private:
  bool has(sensor_fault f) const noexcept {
    return (faults_ & static_cast<unsigned>(f)) != 0;
  }

  chance luck_;
  double deviation_;
  double step_;
  double shown_ = 0;
  double drift_ = 0;
  unsigned faults_ = 0;
};

} // namespace troupe::drivers::sim
