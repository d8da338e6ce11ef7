#pragma once

#include "config/model/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::rule {

/// The longest duration that a rule may name: a timer of more than a year is a
/// calendar, not a timer.
inline constexpr milliseconds longest_duration{366LL * 24 * 3600 * 1000};

/// Reads what the configuration reads (config/model/quantity.hpp), so that
/// house.toml and its scripts agree on what a duration is.
/// @returns nothing if the text is no duration or over the longest.
std::optional<milliseconds> parse_duration(std::string_view text);

/// "200ms", "5s", "10m", "1h 30m": what a person would say. For stories; part
/// of the keys of stored conditions, so it may not change.
std::string to_text(milliseconds x);

} // namespace troupe::rule
