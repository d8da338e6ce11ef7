#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Durations and sizes as people write them: one number and one unit. A bare
// number is no quantity: whether 5 means seconds or milliseconds is a guess.

namespace troupe {

/// "200ms", "5s", "10m", "1h", "2d"; fractions where they are whole
/// milliseconds ("1.5s"); blanks around the unit are allowed.
/// @returns nothing for other text, negative, or over 100 years.
std::optional<milliseconds> parse_duration(std::string_view text);

/// With the largest unit that divides it: "90s", "2h", "1500ms", "0s".
/// `parse_duration` reads it back.
std::string to_text(milliseconds x);

/// "512B", "64KiB", "8MiB", "2GiB"; whole numbers only.
/// @returns nothing for other text or over 2^53 bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// With the largest unit that divides it: "8MiB", "1000B".
std::string size_text(std::uint64_t bytes);

} // namespace troupe
