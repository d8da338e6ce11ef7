#pragma once

#include "config/model/line.hpp"
#include "config/model/result.hpp"

#include <cstdint>

namespace troupe::drivers {

/// One edge as the hardware path stamped it.
struct edge {
  bool level = false;   ///< after the edge, logical (active-low applied)
  mono_ns at = 0;       ///< CLOCK_MONOTONIC, from the kernel where it stamps
  std::uint32_t sequence = 0; ///< of this line, from 1; 0: the path has none
};

/// Edges that happened, or may have, and were not delivered.
struct gap {
  std::uint64_t missed_at_most = 0; ///< edges of the requested kind
  bool level = false;   ///< re-read after the gap
  mono_ns at = 0;
};

/// Where an input's edges go. Called on the driver's reader thread, which only
/// stamps and forwards: implementations must not block, throw or call back
/// into the driver.
class edge_sink {
public:
  virtual ~edge_sink() = default;
  virtual void on_edge(const edge&) noexcept = 0;
  virtual void on_gap(const gap&) noexcept = 0;
  /// The line is gone (chip unplugged). No more calls follow for this request.
  virtual void on_lost(const error&) noexcept = 0;
};

/// A line that is read, and that reports its edges to a sink if it was asked
/// for edges. Releases the line when destroyed; after the destructor has
/// returned no sink call is running or follows.
///
/// Threads: the bus actor's; the sink is called on the driver's own.
class digital_input {
public:
  virtual ~digital_input() = default;
  /// The logical level now (debounced where the path debounces).
  [[nodiscard]] virtual result<bool> level() = 0;
};

/// A line that is driven. Releases the line when destroyed, which does not
/// promise a level: whoever wants a safe state sets it first.
///
/// Threads: one, the bus actor's.
class digital_output {
public:
  virtual ~digital_output() = default;
  [[nodiscard]] virtual status set(bool level) = 0;
  /// What the pin shows, for read-back.
  [[nodiscard]] virtual result<bool> level() = 0;
};

} // namespace troupe::drivers
