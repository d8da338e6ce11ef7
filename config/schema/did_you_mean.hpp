#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The candidate that was probably meant: differs by few typed letters, a swap
/// of neighbours or `_` for `-`, or begins with the word. The first of equally
/// near ones.
/// @returns nothing if none is near, or if `word` is itself a candidate.
std::optional<std::string> did_you_mean(std::string_view word,
                                        const std::vector<std::string>& candidates);

} // namespace troupe
