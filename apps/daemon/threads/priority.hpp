#pragma once

#include "actors/supervision/unit.hpp"
#include "config/model/result.hpp"

#include <caf/thread_hook.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace troupe::daemon {

/// Asks the kernel to run this process before ordinary ones (nice -10, also for
/// its session where those share the processor): outputs fence a node that is
/// late, so a backup or a build beside it must not make it late. Before threads are
/// made, which inherit it.
/// @returns `conflict` if somebody has chosen a priority already, and
///          `permission_denied` where the system refuses this or real time
[[nodiscard]] status run_before_others();

/// Who goes before whom among a node's threads, where `run_before_others` was allowed.
enum class turn : std::uint8_t {
  fair,   ///< at nice -10: the console, housekeeping, the threads of RocksDB
  actor,  ///< real time, SCHED_RR at its lowest priority: before all that is fair
  store,  ///< the same, and never gives it up: actors wait for its lock
  links,  ///< one above: a beat, what peers say. Some µs each, which wait for no worker
          ///< that is in its 100 ms of SCHED_RR. Handshakes of who calls are there
          ///< too, and bounded (hub::handshakes_of_callers)
  urgent, ///< the same, and never gives it up: a write to a bus, a verdict on a node
};

/// The calling thread, and those that it makes from now on. It is `near` then, but for `fair` and `store`.
/// @returns false, and nothing has changed, where it is not allowed
bool take(turn x);

/// Where a thread runs while those of an event share a processor (core_keeper).
enum class station : std::uint8_t {
  near,     ///< an event passes through it
  away,     ///< it helps when there is much to do
  anywhere,
};

/// The calling thread, which has taken a turn. For where it runs otherwise than its turn says.
void stay(station x);

/// A thread of this process that took a turn which is not fair, and lives.
struct thread_in_turn {
  int thread = 0; ///< the kernel's number
  turn how = turn::fair;
  station where = station::anywhere;
  std::chrono::nanoseconds used{0}; ///< processor time since it began
};
[[nodiscard]] std::vector<thread_in_turn> threads_in_turn();
/// Of these, those that took `actor` or `links`.
[[nodiscard]] std::vector<thread_in_turn> threads_that_may_give_up();

/// Of a thread of this process since it began: how long it ran, and how long it was ready and waited for a processor. Zero:
/// it has ended. Source: the kernel's Documentation/scheduler/sched-stats.rst.
struct thread_time {
  std::chrono::nanoseconds ran{0}, waited{0};
};
[[nodiscard]] thread_time thread_time_of(int thread);

/// Every thread that runs actors takes `turn::actor`: the renewal of a lease and the
/// rule of a node that was lost must not wait for a build beside it. The guard of the workers'
/// queue takes `turn::urgent`: a worker that is busy must not keep it waiting.
class actors_in_real_time final : public caf::thread_hook {
public:
  void init(caf::actor_system&) override {}
  void thread_started() override;
  void thread_terminates() override {}
};

/// A unit with a thread of its own that takes its own turn.
[[nodiscard]] make_unit in_turn(turn x, make_unit make);

} // namespace troupe::daemon
