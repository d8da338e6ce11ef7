#pragma once

#include "drivers/bus.hpp"

namespace troupe::drivers {

/// GPIO lines of one chip through libgpiod: uAPI v2 where libgpiod 2.x is
/// installed, v1 with libgpiod 1.6 (chosen when built). `config.chip` is a chip label, a
/// name ("gpiochip0") or a path; labels are preferred, as numbers move.
[[nodiscard]] result<std::unique_ptr<bus>> open_gpio_bus(const bus_config& config);

} // namespace troupe::drivers
