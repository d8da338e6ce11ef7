#pragma once

#include "config/model/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::rule {

/// The longest duration that a rule may name: a timer of more than a year is a
/// calendar, not a timer.
inline constexpr milliseconds longest_duration{366LL * 24 * 3600 * 1000};

/// Reads "200ms", "5s", "1.5h", "10m", "2d". A unit is required, because a bare
/// number would be seconds to one reader and milliseconds to the next.
/// @returns nothing if the text is no duration, negative or over the longest.
std::optional<milliseconds> parse_duration(std::string_view text);

/// "200ms", "5s", "10m", "1h 30m": what a person would write.
std::string to_text(milliseconds x);

} // namespace troupe::rule
