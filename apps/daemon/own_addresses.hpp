#pragma once

#include <string>
#include <vector>

namespace troupe::daemon {

/// Where others reach what listens at these addresses: ":4710" becomes one for
/// each address of this machine, both families, without loopback (unless there
/// is nothing else) and without link-local ones, which mean something only
/// together with an interface. Port 0 is left out: nobody could know it.
[[nodiscard]] std::vector<std::string> reachable_at(const std::vector<std::string>& listen);

} // namespace troupe::daemon
