#include "drivers/sim/lines.hpp"

#include <array>
#include <charconv>

namespace troupe::drivers::sim {

namespace {

struct entry {
  std::string_view name;
  line_kind kind;
};

using enum line_kind;

// In the order of `house_line`.
constexpr std::array<entry, house_lines> table{{
  {"hall.button", digital_input},
  {"living.button", digital_input},
  {"hall.motion", digital_input},
  {"kitchen.leak", digital_input},
  {"meter.power", digital_input},
  {"meter.water", digital_input},
  {"living.temp", analog_input},
  {"kitchen.temp", analog_input},
  {"bedroom.temp", analog_input},
  {"bath.temp", analog_input},
  {"outdoor.temp", analog_input},
  {"bath.humidity", analog_input},
  {"living.heater", digital_output},
  {"kitchen.heater", digital_output},
  {"bedroom.heater", digital_output},
  {"bath.heater", digital_output},
  {"hall.lamp", digital_output},
  {"living.lamp", digital_output},
  {"water.valve", digital_output},
  {"bath.fan", digital_output},
  {"living.dimmer", analog_output},
}};

struct family {
  std::string_view prefix;
  line_id first;
};

constexpr std::array<family, 3> families{{
  {"in.", first_in},
  {"out.", first_out},
  {"pulse.", first_pulse},
}};

std::optional<double> parse_rate(std::string_view text) {
  double rate = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (bad != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  if (!(rate >= 0 && rate <= max_rate_hz))
    return std::nullopt;
  return rate;
}

std::optional<line_address> find_generic(std::string_view name) {
  for (const auto& group : families) {
    if (!name.starts_with(group.prefix))
      continue;
    auto rest = name.substr(group.prefix.size());
    line_address found;
    if (const auto at = rest.find('@'); at != rest.npos) {
      const auto rate = parse_rate(rest.substr(at + 1));
      if (!rate || group.first != first_pulse)
        return std::nullopt;
      found.rate_hz = *rate;
      rest = rest.substr(0, at);
    }
    unsigned number = 0;
    const auto [end, bad]
      = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (bad != std::errc{} || end != rest.data() + rest.size()
        || number >= max_generic_lines)
      return std::nullopt;
    found.id = group.first + number;
    return found;
  }
  return std::nullopt;
}

} // namespace

line_kind kind_of(line_id line) noexcept {
  if (line < house_lines)
    return table[line].kind;
  return line >= first_out && line < first_pulse ? digital_output : digital_input;
}

std::string name_of(line_id line) {
  if (line < house_lines)
    return std::string{table[line].name};
  const auto& group = line >= first_pulse ? families[2]
                      : line >= first_out ? families[1]
                                          : families[0];
  return std::string{group.prefix} + std::to_string(line - group.first);
}

std::optional<line_address> find_line(std::string_view name) {
  for (line_id id = 0; id < house_lines; ++id) {
    if (table[id].name == name)
      return line_address{id, 0};
  }
  return find_generic(name);
}

std::string known_lines() {
  std::string all;
  for (const auto& line : table)
    all += std::string{line.name} + ", ";
  return all + "in.0 to in.9999, out.0 to out.9999, pulse.0 to pulse.9999 (pulse.N@HZ)";
}

} // namespace troupe::drivers::sim
