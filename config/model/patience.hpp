#pragma once

#include "config/model/time.hpp"

#include <string_view>

namespace troupe {

/// How long silence of a node is borne, by the `profile` of node.toml. Here, and
/// not beside the detector, because configuration is held against it too.
struct patience {
  milliseconds suspect_after{200};
  milliseconds down_after{600}; ///< of silence, after others were asked
};

/// "lan", "wan", "radio"; anything else is "lan".
constexpr patience patience_of(std::string_view profile) noexcept {
  if (profile == "wan")
    return {milliseconds{2500}, milliseconds{8000}};
  if (profile == "radio")
    return {milliseconds{2000}, milliseconds{10000}};
  return {};
}

} // namespace troupe
