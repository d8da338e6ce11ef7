#pragma once

#include "cluster/ownership/load_watch.hpp"

#include <optional>
#include <string>

namespace troupe::daemon {

/// What tells this machine from another one that was given a copy of its disk:
/// the board's serial number, else the address burnt into its first network
/// card. Not /etc/machine-id, which a copied card brings along.
///
/// @param root of the file system; another one in tests.
/// @returns "serial 10000000abcdef", "mac b8:27:eb:00:00:01"; empty if the
///          machine has neither (a container): then nothing can be compared.
[[nodiscard]] std::string machine_fingerprint(const std::string& root = "");

/// Does a daemon keep this machine's clock right by the network? The kernel is told
/// so by each of them (timesyncd, chrony with `rtcsync`, ntpd) and forgets it when
/// somebody sets the clock by hand, and after hours without word of a server.
/// Any thread, at once.
[[nodiscard]] bool clock_synchronised();

/// What this machine's processors have done since it started.
/// @param root of the file system; another one in tests
/// @returns nothing where the kernel does not say
[[nodiscard]] std::optional<cluster::processor_time> processor_time_used(const std::string& root = "");

} // namespace troupe::daemon
