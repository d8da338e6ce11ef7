#pragma once

#include <array>
#include <cstddef>

namespace troupe::drivers::sim {

enum room : std::size_t { living, kitchen, bedroom, bath, room_count };

using heat_inputs = std::array<double, room_count>; ///< W into the air of each room

/// Four rooms, each with its air (and what stands in it) and its walls.
///
/// Heat goes from heater to air, from air to walls (minutes), through windows
/// and leaks from air to outdoors, from walls to outdoors (a day), and between
/// rooms through doors. All exchange is linear, so energy is conserved: what
/// the heaters give is what the masses keep plus what went outdoors.
class thermal_model {
public:
  thermal_model();

  /// Moves on by `seconds`; stable up to 60.
  void step(double seconds, double outdoor, const heat_inputs& heat);

  double air(room r) const { return air_[r]; }   ///< °C
  double wall(room r) const { return wall_[r]; } ///< °C

  /// Heat held above 0 °C, in J.
  double stored() const;

  /// Heat that went outdoors since the start, in J.
  double lost() const { return lost_; }

  friend bool operator==(const thermal_model&, const thermal_model&) = default;

private:
  std::array<double, room_count> air_;
  std::array<double, room_count> wall_;
  double lost_ = 0;
};

} // namespace troupe::drivers::sim
