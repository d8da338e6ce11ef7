#pragma once

#include "actors/channel/output_core.hpp"

#include <optional>
#include <string>

namespace troupe {

/// What the journal says of a decision about an analog output with `max-slope`: of
/// a ramp its begin and its end. A day of dimming by steps would fill it, and
/// push out what somebody looks for. Pure.
///
/// @returns nothing if this decision is neither
[[nodiscard]] std::optional<std::string> ramp_words(const channel_config& config, const output_core::decision& d, mono_ns now);

} // namespace troupe
