#pragma once

#include <cstdint>
#include <string>

namespace troupe::bench {

struct busy_day {
  int channels = 200;            ///< each changes 500 times a day, and tells 100 events
  int meters = 10;               ///< 10 pulses a second together
  int documents = 300;           ///< of which 50 are changed
  int hours = 24;
};

struct day_left {
  std::uint64_t writes = 0, events = 0, entries = 0;
};

/// Writes into a node's data directory what a day leaves there: in virtual time,
/// through the real store, which nobody else may have open. Halfway the node is
/// started anew. Throws std::runtime_error.
day_left live_through(const busy_day& day, const std::string& data_dir, const std::string& node);

} // namespace troupe::bench
