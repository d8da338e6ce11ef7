#pragma once

#include <string>
#include <vector>

namespace troupe::daemon {

/// Where others may reach what listens at these: each as it is, and one that
/// listens at every address as the machine's addresses of now, without loopback
/// and without those that only make sense together with an interface (fe80::).
/// Empty on a machine without a network. Blocking: no.
[[nodiscard]] std::vector<std::string> reachable_at(const std::vector<std::string>& listen);

/// May that change while the node runs?
[[nodiscard]] bool follows_the_machine(const std::vector<std::string>& listen);

} // namespace troupe::daemon
