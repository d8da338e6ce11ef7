#pragma once

#include "config/model/time.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>

namespace troupe {

/// Pulses per second over a sliding window. Slow meters give less than two
/// pulses a window; then the pause between the last two pulses counts, and
/// shrinks the rate while the next one is not coming, down to 0 after ten
/// windows. Holds at most `buckets` + 2 points. Pure.
class rate_meter {
public:
  static constexpr mono_ns buckets = 16;

  explicit rate_meter(milliseconds window)
    : window_(std::max<mono_ns>(window.count(), 1) * 1'000'000) {}

  /// @param pulses ever growing; a smaller number starts over.
  void see(std::uint64_t pulses, mono_ns last_pulse_at, mono_ns now) {
    if (points_.empty() || pulses < newest_) {
      points_.assign(1, {now, pulses});
      newest_ = pulses;
      last_at_ = 0;
      pause_ = 0;
      return;
    }
    if (pulses > newest_) {
      const auto grown = static_cast<mono_ns>(pulses - newest_);
      if (last_at_ != 0 && last_pulse_at > last_at_)
        pause_ = (last_pulse_at - last_at_) / grown;
      last_at_ = last_pulse_at;
    }
    newest_ = pulses;
    if (now - points_.back().at >= window_ / buckets)
      points_.push_back({now, pulses});
    while (points_.size() > 2 && points_[1].at <= now - window_)
      points_.pop_front();
  }

  [[nodiscard]] double per_second(mono_ns now) const {
    if (points_.empty())
      return 0;
    const auto n = newest_ > points_.front().pulses ? newest_ - points_.front().pulses : 0;
    const auto span = now - points_.front().at;
    if (n >= 2 && span > 0)
      return static_cast<double>(n) * 1e9 / static_cast<double>(span);
    const auto silent = now - last_at_;
    if (last_at_ == 0 || pause_ == 0 || silent > 10 * window_)
      return 0;
    return 1e9 / static_cast<double>(std::max(pause_, silent));
  }

  /// How often to look again while the rate is not 0.
  [[nodiscard]] mono_ns step() const { return std::max<mono_ns>(window_ / buckets, 200'000'000); }

private:
  struct point {
    mono_ns at;
    std::uint64_t pulses;
  };

  mono_ns window_;
  std::deque<point> points_;
  std::uint64_t newest_ = 0;
  mono_ns last_at_ = 0; ///< of the newest pulse; 0: none seen
  mono_ns pause_ = 0;   ///< between the last two; 0: unknown
};

} // namespace troupe
