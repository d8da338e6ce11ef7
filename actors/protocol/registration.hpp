#pragma once

#include <caf/fwd.hpp>

namespace troupe {

/// Makes every message of this folder known to a CAF system: call it before
/// the system is built, in the daemon and in tests alike. The name is what
/// goes over the wire; a receiver without it drops the message silently.
void add_messages(caf::actor_system_config& config);

} // namespace troupe
