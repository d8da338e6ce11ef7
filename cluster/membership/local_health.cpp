#include "cluster/membership/local_health.hpp"

#include <algorithm>

namespace troupe::cluster {

bool local_health::seen(mono_ns now) {
  const bool paused = last_ != 0 && now - last_ > pause_limit();
  last_ = std::max(last_, now);
  if (paused)
    judges_from_ = now + window_;
  return paused;
}

void local_health::ticked(mono_ns due, mono_ns now) {
  const auto late = now - due;
  if (late > beat_)
    factor_ = std::min(worst, factor_ + 0.5 * static_cast<double>(late) / static_cast<double>(beat_));
  else
    factor_ = std::max(1.0, factor_ - 0.02);
}

void local_health::deaf_for(mono_ns late, mono_ns now) {
  if (late > beat_)
    factor_ = std::min(worst, factor_ + 0.5 * static_cast<double>(late) / static_cast<double>(beat_));
  if (late > window_ / 2)
    judges_from_ = std::max(judges_from_, now + window_);
}

void local_health::accused() { factor_ = std::min(worst, factor_ + 1); }

} // namespace troupe::cluster
