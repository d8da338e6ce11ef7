#pragma once

#include "config/model/result.hpp"

namespace troupe::drivers {

/// A quantity that is measured when asked, in the driver's raw unit.
/// Threads: one, the bus actor's. Blocking: within `bus_config::call_timeout`.
class analog_input {
public:
  virtual ~analog_input() = default;
  [[nodiscard]] virtual result<double> read() = 0;
};

/// A quantity that is set, in the driver's raw unit. Threads: as above.
class analog_output {
public:
  virtual ~analog_output() = default;
  [[nodiscard]] virtual status set(double raw) = 0;
  [[nodiscard]] virtual result<double> level() = 0;
};

} // namespace troupe::drivers
