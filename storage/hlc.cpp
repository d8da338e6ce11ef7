#include "storage/hlc.hpp"

#include <algorithm>

namespace troupe::storage {

hlc_clock::hlc_clock(hlc bound, hlc newest, clock_quality quality, wall_ms wall, mono_ns mono)
  : bound_(bound), quality_(quality), start_wall_(bound.raw != 0 ? bound.ms() : wall), start_mono_(mono) {
  // The run before stamped nothing later than its clock and what it had seen. A
  // clock that is further behind than the reserve is another one.
  const bool goes_on = bound.raw == 0 || (quality != clock_quality::none && wall + reserve_ms >= bound.ms());
  // Own stamps were never above the bound; later ones are a foreign clock's.
  last_ = goes_on ? std::max(std::min(newest, bound), hlc::at(wall)) : bound;
  // Nothing was promised beyond the persisted bound yet; the caller persists
  // the first one before the first operation.
  bound_ = std::max(bound_, last_);
}

wall_ms hlc_clock::physical(wall_ms wall, mono_ns mono) const {
  if (quality_ == clock_quality::none)
    return start_wall_ + (mono - start_mono_) / 1'000'000;
  return wall;
}

hlc hlc_clock::tick(wall_ms wall, mono_ns mono) {
  const auto now = std::min(hlc::at(physical(wall, mono)), bound_);
  last_ = std::max(hlc{last_.raw + 1}, now);
  return last_;
}

void hlc_clock::saw(hlc other, wall_ms wall) {
  if (follows(other, quality_, wall))
    last_ = std::max(last_, other);
}

bool hlc_clock::wants_bound(wall_ms wall, mono_ns mono) const {
  return physical(wall, mono) + reserve() / 2 >= bound_.ms()
         || last_.ms() + step_ms / 2 >= bound_.ms();
}

hlc hlc_clock::next_bound(wall_ms wall, mono_ns mono) const {
  // Ahead of the wall by the reserve; where the stamps are ahead already, as
  // after a quick restart, only by what counting may need. Otherwise each of
  // many restarts would push the stamps further into the future; and where no clock
  // is known, nothing would ever bring them back.
  return std::max({bound_, hlc::at(physical(wall, mono) + reserve()),
                   hlc::at(last_.ms() + step_ms)});
}

void hlc_clock::persisted(hlc bound) {
  bound_ = std::max(bound_, bound);
}

} // namespace troupe::storage
