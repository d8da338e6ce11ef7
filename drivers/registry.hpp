#pragma once

#include "drivers/bus.hpp"

namespace troupe::drivers {

/// Opens the bus that the configuration names. Call on the thread that will
/// make every later call.
/// @returns `unsupported` for a driver that this build does not have (the text
///          lists those it has), else what the driver says.
[[nodiscard]] result<std::unique_ptr<bus>> open_bus(const bus_config& config);

/// The drivers of this build, in alphabetical order.
[[nodiscard]] std::vector<std::string> driver_names();

} // namespace troupe::drivers
