#include "drivers/sim/residents.hpp"

#include <algorithm>
#include <array>

namespace troupe::drivers::sim {

namespace {

model_ns from_seconds(double x) { return static_cast<model_ns>(x * 1e9); }

/// Draws an hour, for each hour of the day. About 40 a day, 250 litres.
constexpr std::array<double, 24> draws_per_hour{
  0.3, 0.2, 0.1, 0.1, 0.2, 0.8, 3.0, 4.5, 3.0, 1.6, 1.2, 1.4,
  2.4, 1.8, 1.0, 1.0, 1.4, 2.4, 3.4, 3.2, 2.4, 2.0, 1.6, 0.8,
};

double rate_at(double second_of_day) {
  return draws_per_hour[static_cast<std::size_t>(second_of_day / 3600) % 24];
}

} // namespace

model_ns residents::until_visit() { return from_seconds(walks_.between(15, 50)); }

visit residents::next_visit() {
  visit v;
  v.motion = from_seconds(walks_.between(4, 12));
  const bool presses = walks_.unit() < 0.7;
  const auto after = from_seconds(walks_.between(0.6, 2.0));
  v.press = from_seconds(walks_.between(0.12, 0.35));
  if (presses)
    v.press_after = after;
  return v;
}

model_ns residents::until_living_press() {
  return from_seconds(presses_.between(60, 180));
}

model_ns residents::living_press() { return from_seconds(presses_.between(0.12, 0.35)); }

model_ns residents::until_draw(double second_of_day) {
  // A pause around the mean of this hour, and never across an hour that differs
  // much: half an hour at most, after which `next_draw` may find no one thirsty.
  const double mean = 3600 / rate_at(second_of_day);
  return from_seconds(std::min(1800.0, mean * taps_.between(0.2, 1.8)));
}

draw residents::next_draw(double second_of_day) {
  const double wanted = rate_at(second_of_day);
  const double kind = taps_.unit();
  const double size = taps_.between(0.6, 1.4);
  const bool thirsty = taps_.unit() < wanted;
  draw d;
  if (!thirsty)
    return d;
  if (kind < 0.10 && wanted > 2) {
    d = {160'000, from_seconds(size * 240), true}; // a shower: 38 l
  } else if (kind < 0.5) {
    d = {150'000, from_seconds(size * 40), false}; // a cistern: 6 l
  } else {
    d = {100'000, from_seconds(size * 20), false}; // a tap: 2 l
  }
  return d;
}

} // namespace troupe::drivers::sim
