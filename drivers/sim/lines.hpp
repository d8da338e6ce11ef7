#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::drivers::sim {

/// The addresses of the simulated house: the named ones below, and `in.N`,
/// `out.N`, `pulse.N` for N in 0..9999, for nodes of any size.
using line_id = std::uint32_t;

inline constexpr unsigned max_generic_lines = 10'000;

enum house_line : line_id {
  hall_button,
  living_button,
  hall_motion,
  kitchen_leak,
  meter_power,
  meter_water,
  living_temp,
  kitchen_temp,
  bedroom_temp,
  bath_temp,
  outdoor_temp,
  bath_humidity,
  living_heater,
  kitchen_heater,
  bedroom_heater,
  bath_heater,
  hall_lamp,
  living_lamp,
  water_valve,
  bath_fan,
  living_dimmer,
  house_lines,
};

inline constexpr line_id first_in = 0x10000;
inline constexpr line_id first_out = 0x20000;
inline constexpr line_id first_pulse = 0x30000;

inline constexpr line_id first_sensor = living_temp;
inline constexpr std::size_t sensor_count = 6;

enum class line_kind : std::uint8_t { digital_input, digital_output, analog_input, analog_output };

line_kind kind_of(line_id line) noexcept;
std::string name_of(line_id line);

/// A line as a configuration names it. `pulse.N` may carry its rate in pulses
/// per model second: "pulse.7@250".
struct line_address {
  line_id id = 0;
  double rate_hz = 0;
};

inline constexpr double max_rate_hz = 1'000'000;

/// @returns nothing for a name that the house does not have.
std::optional<line_address> find_line(std::string_view name);

/// For the text of an error: what could have been meant.
std::string known_lines();

} // namespace troupe::drivers::sim
