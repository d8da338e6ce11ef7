#pragma once

#include "actors/supervision/unit.hpp"
#include "apps/daemon/placement_desk.hpp"

namespace troupe::daemon {

/// To PLACEMENT: a member or the configuration changed. Many are one look.
using placement_atom = caf::atom_constant<caf::atom("placement")>;

/// To PLACEMENT: a node has said hello.
using node_came_atom = caf::atom_constant<caf::atom("nodecame")>;

/// PLACEMENT: the thin actor around `placement_desk`; looks again when something
/// changed, and every second at what should act elsewhere by now.
[[nodiscard]] make_unit make_placement(services& all, placement_desk& desk);

} // namespace troupe::daemon
