#pragma once

#include "config/model/time.hpp"
#include "tests/hardware/guest/sim_line.hpp"

#include <functional>
#include <sstream>
#include <vector>

namespace troupe::hardware {

/// One thing that the kernel did to a pin: "in", "out", "set 0", "set 1".
struct traced {
  std::string what;
  mono_ns at = 0; ///< to the microsecond
};

/// What the kernel did to pins while `act` ran, from its own trace: every write
/// is there, so a glitch cannot hide between two looks at the pin.
inline std::vector<traced> trace_of(const std::function<void()>& act) {
  const std::string folder = "/sys/kernel/tracing/";
  put(folder + "trace_clock", "mono");
  put(folder + "buffer_size_kb", "8192");
  put(folder + "trace", "");
  put(folder + "events/gpio/enable", "1");
  act();
  put(folder + "events/gpio/enable", "0");
  std::ifstream file{folder + "trace"};
  std::vector<traced> done;
  // "  comm-71  [000] d..1.  3.141592: gpio_value: 509 set 1"
  for (std::string line; std::getline(file, line);) {
    const auto event = line.find(": gpio_");
    if (event == std::string::npos)
      continue;
    const auto stamp = line.rfind(' ', event - 1) + 1;
    traced x;
    x.at = static_cast<mono_ns>(std::stod(line.substr(stamp, event - stamp)) * 1e6) * 1000;
    if (line.find("gpio_direction:") != std::string::npos)
      x.what = line.find(" in ") != std::string::npos ? "in" : "out";
    else if (const auto set = line.find(" set "); set != std::string::npos)
      x.what = line.substr(set + 1, 5);
    else
      continue; // somebody has read a pin
    done.push_back(x);
  }
  return done;
}

} // namespace troupe::hardware
