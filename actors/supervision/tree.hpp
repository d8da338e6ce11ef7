#pragma once

#include "actors/supervision/house.hpp"

#include <nlohmann/json.hpp>

namespace troupe::supervision {

/// One actor as people see it:
/// {"name", "type", "state", "incarnation", "crashes", "handled", "up_ms",
///  "handling_ms", "longest_handling_ms", "mailbox", "mailbox_age_ms", "flap", "dropped",
///  "detached", "tapped", "trouble", "parent"}.
nlohmann::json describe(const cell& x, mono_ns now);

/// The whole supervision tree, nested by "children", siblings in order of
/// start. Asks nobody: taken from the vitals. Threads: any.
nlohmann::json tree(const house& h, mono_ns now);

/// The same, flat, ordered by name.
nlohmann::json list(const house& h, mono_ns now);

} // namespace troupe::supervision
