#pragma once

#include "config/model/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::schema {

/// What `troupe config explain KEY` prints, wrapped for a terminal:
/// - "channel.lease": the option with type, default, limits, help;
/// - "lease": each section's option of that name;
/// - "channel": the section with one line an option;
/// - "": the sections.
/// @returns `not_found` with a "did you mean" for anything else.
result<std::string> explain(std::string_view key);

/// Everything `explain` knows: "channel", "channel.lease" ... For completion.
std::vector<std::string> explainable();

} // namespace troupe::schema
