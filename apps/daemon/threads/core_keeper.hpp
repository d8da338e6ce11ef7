#pragma once

#include "apps/daemon/threads/event_core.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/threads/processor_ticks.hpp"

#include <chrono>
#include <map>
#include <string>

#include <sched.h>

namespace troupe::daemon {

/// Keeps this process's threads where `event_core` wants them: those that are `near` on the first processor that this
/// process may use, where most systems also handle interrupts; the `away` ones on all others. Near is only who runs as SCHED_RR: an
/// ordinary thread would wait there behind whatever else the kernel put on it, and one of SCHED_FIFO leaves nothing to the
/// others. A thread of SCHED_RR that took no turn was made by one that did (the edge reader of a bus, a dialler): near.
///
/// Threads: one, that is not near. Does nothing where there is one processor only, or where the kernel does not say how long
/// a thread ran (no schedstat).
class core_keeper {
public:
  /// Remembers where the calling thread may run: that is where all may.
  core_keeper();
  ~core_keeper(); ///< all may run everywhere again

  core_keeper(const core_keeper&) = delete;
  core_keeper& operator=(const core_keeper&) = delete;

  /// @param passed since the look before
  /// @param hungry some have given real time up: then the near ones do not share
  /// @returns whether the near ones share a processor now
  bool look(std::chrono::duration<double> passed, bool hungry = false);

private:
  [[nodiscard]] std::map<int, station> stations() const;
  [[nodiscard]] event_core::load since(const std::map<int, station>& all, std::chrono::duration<double> passed);
  [[nodiscard]] double use_of_core();
  void put(const std::map<int, station>& all);

  bool some_choice_ = false;
  std::string core_name_; ///< the kernel's
  cpu_set_t all_{}, core_{}, others_{};
  processor_ticks ticks_; ///< of the core, at the last look
  event_core decides_;
  std::map<int, thread_time> before_; ///< of near ones
  std::map<int, cpu_set_t> put_;         ///< of all that live
};

} // namespace troupe::daemon
