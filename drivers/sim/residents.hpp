#pragma once

#include "drivers/sim/chance.hpp"
#include "drivers/sim/meter.hpp"

namespace troupe::drivers::sim {

/// Somebody walks through the hall.
struct visit {
  model_ns motion = 0;       ///< how long the motion detector sees them
  model_ns press_after = -1; ///< the button is pressed so long after; -1: not
  model_ns press = 0;        ///< how long
};

/// Somebody opens a tap.
struct draw {
  std::int64_t flow = 0; ///< µl/s
  model_ns lasts = 0;
  bool shower = false;   ///< steams up the bath
};

/// The people of the house: who walks, presses and draws water when. Pauses
/// between walks are 15 to 50 s, so a watcher never waits a minute.
class residents {
public:
  explicit residents(std::uint64_t seed)
    : walks_(seed, 1), presses_(seed, 2), taps_(seed, 3) {}

  model_ns until_visit();
  visit next_visit();

  model_ns until_living_press();
  model_ns living_press();

  /// Draws follow the hours of a day: none asleep, most at seven and at
  /// seven in the evening. @param second_of_day of the moment asked.
  model_ns until_draw(double second_of_day);
  draw next_draw(double second_of_day);

  friend bool operator==(const residents&, const residents&) = default;

private:
  chance walks_;
  chance presses_;
  chance taps_;
};

} // namespace troupe::drivers::sim
