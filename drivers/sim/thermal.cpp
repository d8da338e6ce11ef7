#include "drivers/sim/thermal.hpp"

namespace troupe::drivers::sim {

namespace {

/// Of an insulated brick house of the 1980s; chosen so that 2 kW lift the
/// living room by 1 K in about ten minutes and a cold house is seen to cool.
struct room_constants {
  double air_j_per_k;
  double wall_j_per_k;
  double air_to_wall; ///< W/K
  double air_to_out;  ///< W/K
  double wall_to_out; ///< W/K
  double start;       ///< °C
};

constexpr std::array<room_constants, room_count> rooms{{
  {400e3, 8e6, 180, 25, 20, 19.0},
  {200e3, 4e6, 100, 18, 12, 18.5},
  {250e3, 5e6, 120, 15, 14, 17.0},
  {120e3, 3e6, 70, 8, 8, 20.0},
}};

struct door {
  room a;
  room b;
  double watt_per_kelvin;
};

constexpr std::array<door, 4> doors{{
  {living, kitchen, 40},
  {living, bedroom, 15},
  {kitchen, bath, 8},
  {bedroom, bath, 10},
}};

} // namespace

thermal_model::thermal_model() {
  for (std::size_t i = 0; i < room_count; ++i)
    air_[i] = wall_[i] = rooms[i].start;
}

void thermal_model::step(double seconds, double outdoor, const heat_inputs& heat) {
  heat_inputs into_air = heat;
  heat_inputs into_wall{};
  for (const auto& d : doors) {
    const double flow = d.watt_per_kelvin * (air_[d.a] - air_[d.b]);
    into_air[d.a] -= flow;
    into_air[d.b] += flow;
  }
  for (std::size_t i = 0; i < room_count; ++i) {
    const auto& r = rooms[i];
    const double to_wall = r.air_to_wall * (air_[i] - wall_[i]);
    const double air_out = r.air_to_out * (air_[i] - outdoor);
    const double wall_out = r.wall_to_out * (wall_[i] - outdoor);
    into_air[i] -= to_wall + air_out;
    into_wall[i] += to_wall - wall_out;
    lost_ += (air_out + wall_out) * seconds;
  }
  for (std::size_t i = 0; i < room_count; ++i) {
    air_[i] += into_air[i] * seconds / rooms[i].air_j_per_k;
    wall_[i] += into_wall[i] * seconds / rooms[i].wall_j_per_k;
  }
}

double thermal_model::stored() const {
  double sum = 0;
  for (std::size_t i = 0; i < room_count; ++i)
    sum += air_[i] * rooms[i].air_j_per_k + wall_[i] * rooms[i].wall_j_per_k;
  return sum;
}

} // namespace troupe::drivers::sim
