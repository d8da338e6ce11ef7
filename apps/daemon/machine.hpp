#pragma once

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

/// Asks the kernel to run this process before ordinary ones (nice -10, also for
/// its session where those share the processor): outputs fence a node that is
/// late, so a backup or a build beside it must not make it late. Left alone if
/// somebody has chosen a priority already. Where it is not allowed nothing happens.
/// Before threads are made, which inherit it.
void run_before_others();

} // namespace troupe::daemon
