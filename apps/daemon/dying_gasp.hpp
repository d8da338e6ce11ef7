#pragma once

#include "config/model/result.hpp"

namespace troupe::daemon {

/// Tells the peers of a process that is killed that it is gone, before the kernel
/// has taken it apart.
///
/// A killed process's connections end when its last thread has left: after every
/// thread was woken, after an fsync that is under way, and after its memory was
/// given back. That was half of the time in which an output came under another
/// node's command (docs/operations/benchmarks.md, Failover). So a second process,
/// `trouped-gasp`, shares this one's table of open files, but not its memory, and
/// sleeps. It hears of the end of a thread of this process that does nothing but
/// end with it (prctl(2), PR_SET_PDEATHSIG), shuts down every TCP connection of
/// the table, and ends. Both are real-time threads where the system allows it. The
/// term is that of IEEE 802.3, clause 57.2.10.1.
///
/// It may be killed: the node works on, and is missed some milliseconds later when
/// it is killed itself. It ignores the signals that end a node, as an orderly end
/// takes its time.
///
/// Threads: any; once per process.
/// @returns an error of the system; then everything works but this
[[nodiscard]] result<void> start_dying_gasp();

} // namespace troupe::daemon
