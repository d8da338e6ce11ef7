#pragma once

#include "config/model/time.hpp"

#include <atomic>
#include <cstdint>

namespace troupe {

enum class run_state : std::uint8_t {
  starting,
  running,
  waiting,     ///< crashed; its back-off pause runs, its mailbox waits
  quarantined, ///< failed too often; answers `errc::quarantined`
  hung,        ///< did not answer in time; being replaced
  stopping,
  stopped,
};

const char* to_string(run_state x) noexcept;

/// What everybody may read of an actor at any time without asking it. Written
/// by the actor's own thread and its supervisor, read by consoles and the
/// stuck detection: atomics only.
struct vitals {
  std::atomic<run_state> state{run_state::starting};
  std::atomic<mono_ns> started_at{0};      ///< this incarnation
  std::atomic<mono_ns> handling_since{0};  ///< 0: idle
  std::atomic<mono_ns> pinged_at{0};       ///< the newest unanswered ping, 0: none
  std::atomic<std::uint64_t> handled{0};   ///< messages, all incarnations
  std::atomic<std::uint32_t> incarnation{0};
  std::atomic<std::uint32_t> crashes{0};
  /// Since the start of the actor. Exact from 4 ms on; what is shorter is
  /// measured for one message in 16.
  std::atomic<mono_ns> longest_handling{0};
  std::atomic<mono_ns> mailbox_age{0};      ///< measured by the last ping
  std::atomic<bool> tapped{false};          ///< somebody looks at its messages
};

} // namespace troupe
