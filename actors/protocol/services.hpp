#pragma once

#include "actors/supervision/directory.hpp"
#include "config/model/time.hpp"
#include "storage/live_table.hpp"
#include "storage/store.hpp"

namespace troupe {

/// What every unit may use, handed to its maker. All parts outlive all actors
/// and may be used from any thread.
struct services {
  storage::live_table& live;   ///< present values; the bus between units
  storage::store& store;       ///< what must survive
  directory& names;            ///< who answers to a name
  const clock_source& clocks;
};

} // namespace troupe
