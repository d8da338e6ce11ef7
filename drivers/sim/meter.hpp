#pragma once

#include <cstdint>
#include <limits>

namespace troupe::drivers::sim {

/// Model time in nanoseconds since the house was built.
using model_ns = std::int64_t;

inline constexpr model_ns never = std::numeric_limits<model_ns>::max();
inline constexpr model_ns second = 1'000'000'000;

/// Turns a flow into pulses, one for each quantum that has passed.
///
/// All whole numbers: the sum is exact, so cutting a time span differently
/// cannot move or lose a pulse. A flow of f units a second gives `f` per
/// nanosecond in units of 1e-9.
class pulse_meter {
public:
  /// `quantum` in 1e-9 units: mW give pJ, a pulse of 3600 J is 3.6e15.
  explicit pulse_meter(std::int64_t quantum) : quantum_(quantum) {}

  /// Time until the next pulse if `flow` stays; `never` without a flow.
  model_ns until_pulse(std::int64_t flow) const noexcept {
    return flow <= 0 ? never : (quantum_ - sum_ + flow - 1) / flow;
  }

  /// Moves on by at most `until_pulse(flow)`.
  /// @returns whether a pulse is due now.
  bool pass(std::int64_t flow, model_ns time) noexcept {
    sum_ += flow * time;
    if (sum_ < quantum_)
      return false;
    sum_ -= quantum_;
    ++pulses_;
    return true;
  }

  std::uint64_t pulses() const noexcept { return pulses_; }
  std::int64_t quantum() const noexcept { return quantum_; }

  friend bool operator==(const pulse_meter&, const pulse_meter&) = default;

private:
  std::int64_t quantum_;
  std::int64_t sum_ = 0;
  std::uint64_t pulses_ = 0;
};

} // namespace troupe::drivers::sim
