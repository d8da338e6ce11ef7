#pragma once

#include "config/model/time.hpp"

#include <algorithm>
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

/// After how long without an acknowledgement TCP itself ends a link. That is the
/// detector's to say: it asks others first, and at its worst it is four times as
/// patient as its profile (cluster/membership/local_health.hpp). What it drops is
/// reset at once; this is for links that nobody watches. Ten seconds at least: a
/// link ended sooner saves nothing, since it has to be dialled again.
constexpr milliseconds unacknowledged_within(const patience& x) noexcept {
  return std::max(milliseconds{10'000}, 4 * x.down_after);
}

} // namespace troupe
