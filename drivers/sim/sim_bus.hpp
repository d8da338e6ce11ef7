#pragma once

#include "drivers/bus.hpp"

namespace troupe::drivers {

/// The simulated house that ships with the product. One model thread a bus;
/// everything is drawn from `config.seed`; `config.speed` runs the model faster.
[[nodiscard]] result<std::unique_ptr<bus>> open_sim_bus(const bus_config& config);

} // namespace troupe::drivers
