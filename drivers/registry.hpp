#pragma once

#include "drivers/bus.hpp"

namespace troupe::drivers {

/// Opens the bus that the configuration names. Call on the thread that will
/// make every later call.
/// @returns `unsupported` for a driver that this build does not have (the text
///          lists those it has), else what the driver says.
[[nodiscard]] result<std::unique_ptr<bus>> open_bus(const bus_config& config);

/// The faults that a bus of this configuration can play, and which are on.
/// They belong to the bus's name, so they can be switched while it hangs, is
/// lost or was never opened. Any thread.
[[nodiscard]] std::vector<fault> faults_of(const bus_config& config);

/// @returns `unsupported` for a driver that plays none, else what it says.
[[nodiscard]] status set_fault(const bus_config& config, const std::string& name,
                               const std::string& line, bool active);

/// The drivers of this build, in alphabetical order.
[[nodiscard]] std::vector<std::string> driver_names();

} // namespace troupe::drivers
