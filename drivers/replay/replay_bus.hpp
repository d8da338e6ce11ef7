#pragma once

#include "drivers/bus.hpp"

namespace troupe::drivers {

/// Plays a recording (docs/formats/recording.md) into its lines: at recorded
/// pace, at a factor, or (`config.pace` 0) as fast as the reader takes it.
/// Starts when the first line is opened and a short grace has passed, so that
/// all lines of a configuration hear it from the beginning.
[[nodiscard]] result<std::unique_ptr<bus>> open_replay_bus(const bus_config& config);

} // namespace troupe::drivers
