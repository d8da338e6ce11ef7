#include "drivers/bus.hpp"

namespace troupe::drivers {

namespace {

error cannot(const bus& b, const std::string& what, const std::string& line) {
  return {errc::unsupported, b.describe() + " has no " + what + " at '" + line + "'"};
}

} // namespace

result<std::unique_ptr<digital_input>>
bus::open_digital_input(const line_config& config, edge_sink&) {
  return cannot(*this, "digital input", config.line);
}

result<std::unique_ptr<digital_output>>
bus::open_digital_output(const line_config& config, std::optional<bool>) {
  return cannot(*this, "digital output", config.line);
}

result<std::unique_ptr<analog_input>>
bus::open_analog_input(const line_config& config) {
  return cannot(*this, "analog input", config.line);
}

result<std::unique_ptr<analog_output>>
bus::open_analog_output(const line_config& config, std::optional<double>) {
  return cannot(*this, "analog output", config.line);
}

status bus::set_fault(const std::string& name, const std::string&, bool) {
  return error{errc::unsupported, describe() + " cannot play the fault '" + name + "'"};
}

} // namespace troupe::drivers
