#pragma once

#include "actors/supervision/spec.hpp"
#include "apps/daemon/placement_desk.hpp"
#include "apps/daemon/reconciler.hpp"
#include "apps/daemon/streams.hpp"

#include <optional>

namespace troupe::daemon {

/// The whole supervision tree of a node, top-down in order of start; stopped
/// bottom-up. Things of the house are added below `buses`, `channels`,
/// `counters` and `rules` by the reconciler.
/// @param real_time whether its actors run so (`run-first`)
[[nodiscard]] child_spec whole_tree(services& all, streams& events, desired& wanted,
                                    workshop& makers, placement_desk& placing,
                                    std::shared_ptr<running_things> running, bool real_time,
                                    std::optional<child_spec> membership = {});

} // namespace troupe::daemon
