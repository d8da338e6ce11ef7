#pragma once

#include "actors/counter/rate_meter.hpp"
#include "config/model/house.hpp"
#include "config/model/reading.hpp"

#include <optional>

namespace troupe {

/// Decides what a counter says. Pure.
class counter_core {
public:
  struct facts {
    std::uint64_t total = 0;   ///< pulses, after meter replacements
    std::uint64_t raw = 0;     ///< pulses, never changed by one
    bool settled = true;
    std::uint64_t missed = 0;
    std::uint32_t gaps = 0;
    bool line_open = false;
    bool simulated = false;
    bool line_trouble = false; ///< it could not be opened, or was lost
    mono_ns last_pulse_at = 0; ///< this process; 0: none
  };

  explicit counter_core(counter_config config);

  /// Goes on from what this process has told before a crash of the unit.
  void resume(const reading& told);

  /// @returns the reading to publish, or nothing when there is no news.
  [[nodiscard]] std::optional<reading> tell(const facts& x, mono_ns now, wall_ms wall);

  /// In `rate_unit`.
  [[nodiscard]] double rate(mono_ns now) const;
  /// When to call `tell` again at the latest; max() if only a pulse is news.
  [[nodiscard]] mono_ns next(mono_ns now) const;

  [[nodiscard]] const reading& told() const noexcept { return told_; }
  [[nodiscard]] double units(std::uint64_t pulses) const {
    return static_cast<double>(pulses) / config_.pulses_per_unit;
  }

private:
  counter_config config_;
  rate_meter rate_;
  reading told_;
  bool told_any_ = false;
  mono_ns alive_at_ = 0; ///< newest pulse, else when the line was first seen open
};

} // namespace troupe
