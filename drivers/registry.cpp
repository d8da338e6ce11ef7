#include "drivers/registry.hpp"

#include "drivers/gpio/gpio_bus.hpp"
#include "drivers/replay/replay_bus.hpp"
#include "drivers/sim/faults.hpp"
#include "drivers/sim/sim_bus.hpp"

namespace troupe::drivers {

namespace {

using opener = result<std::unique_ptr<bus>> (*)(const bus_config&);

const std::map<std::string, opener>& openers() {
  static const std::map<std::string, opener> all{
    {"gpio", open_gpio_bus},
    {"replay", open_replay_bus},
    {"sim", open_sim_bus},
  };
  return all;
}

} // namespace

result<std::unique_ptr<bus>> open_bus(const bus_config& config) {
  const auto found = openers().find(config.driver);
  if (found != openers().end())
    return found->second(config);
  std::string have;
  for (const auto& name : driver_names())
    have += (have.empty() ? "" : ", ") + name;
  return error{errc::unsupported, "bus '" + config.name + "': no driver '" + config.driver
                                    + "' in this build; it has " + have};
}

std::vector<fault> faults_of(const bus_config& config) {
  if (config.driver != "sim")
    return {};
  return sim::board_of(config.name)->list();
}

status set_fault(const bus_config& config, const std::string& name, const std::string& line,
                 bool active) {
  if (config.driver != "sim")
    return error{errc::unsupported, "bus '" + config.name + "': the driver '" + config.driver
                                      + "' plays no faults; the simulator ('sim') does"};
  return sim::board_of(config.name)->set(name, line, active);
}

std::vector<std::string> driver_names() {
  std::vector<std::string> names;
  for (const auto& [name, open] : openers())
    names.push_back(name);
  return names;
}

} // namespace troupe::drivers
