#pragma once

#include "drivers/digital.hpp"
#include "drivers/gpio/reader.hpp"

namespace troupe::drivers::gpio {

/// The capability objects of one line. They hold the line and the reader, so
/// the bus may go before them.
///
/// @returns `unsupported` or `invalid_argument` for what neither kernel nor
/// driver
///          can do, else what the kernel says.
[[nodiscard]] result<std::unique_ptr<digital_input>>
open_input_line(chip& from, const std::shared_ptr<reader>& edges, unsigned offset,
                const line_config& config, edge_sink& sink);

[[nodiscard]] result<std::unique_ptr<digital_output>>
open_output_line(chip& from, unsigned offset, const line_config& config,
                 std::optional<bool> initial);

} // namespace troupe::drivers::gpio
