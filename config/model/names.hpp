#pragma once

#include <string_view>

namespace troupe {

/// The longest name of a bus, channel, counter or rule, in bytes.
inline constexpr std::size_t max_name_bytes = 64;

/// Names are addresses: segments of `a-z 0-9 - _ .` that begin with a letter
/// or digit, joined by `/`: "boiler/flow-temp". They stand in keys, paths and
/// URLs unescaped.
constexpr bool is_valid_name(std::string_view x) noexcept {
  if (x.empty() || x.size() > max_name_bytes)
    return false;
  bool at_start = true;
  for (char c : x) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (at_start ? !word : !(word || c == '-' || c == '_' || c == '.' || c == '/'))
      return false;
    at_start = c == '/';
  }
  return !at_start;
}

/// A node's name is one word: it is a certificate's CN and a part of addresses.
constexpr bool is_valid_node_name(std::string_view x) noexcept {
  return is_valid_name(x) && x.find('/') == x.npos;
}

} // namespace troupe
