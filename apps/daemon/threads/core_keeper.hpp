#pragma once

#include "apps/daemon/threads/event_core.hpp"

#include <chrono>
#include <map>
#include <vector>

#include <sched.h>

namespace troupe::daemon {

/// Keeps this process's threads where `event_core` wants them: those that are `near` on the first processor that this
/// process may use, where most systems also handle interrupts; the `away` ones on all others.
///
/// Threads: one, that is not near. Does nothing where there is one processor only.
class core_keeper {
public:
  /// Remembers where the calling thread may run: that is where all may.
  core_keeper();
  ~core_keeper(); ///< all may run everywhere again

  core_keeper(const core_keeper&) = delete;
  core_keeper& operator=(const core_keeper&) = delete;

  /// @param passed since the look before
  /// @returns whether the near ones share a processor now
  bool look(std::chrono::duration<double> passed);

private:
  struct row {
    std::chrono::nanoseconds used{0}, waited{0}; ///< when it was looked at last
  };

  [[nodiscard]] event_core::load since(std::chrono::duration<double> passed);
  void put_all();

  bool some_choice_ = false;
  cpu_set_t all_{}, core_{}, others_{};
  event_core decides_;
  std::map<int, row> rows_;           ///< of near ones
  std::map<int, cpu_set_t> put_;      ///< of all that live
};

} // namespace troupe::daemon
