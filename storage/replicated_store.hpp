#pragma once

#include "storage/replication.hpp"
#include "storage/snapshot.hpp"
#include "storage/store.hpp"

namespace troupe::storage {

/// A store that exchanges what it holds with other members.
class replicated_store : public store, public replica_port {
public:
  /// Opens the engine, starts a new stream (synced before this returns) and
  /// reads everything into RAM. A corrupt engine is moved aside, reported in
  /// the journal as an alarm, and the store starts empty.
  [[nodiscard]] static result<std::unique_ptr<replicated_store>>
  open(std::unique_ptr<engine> disk, store_options options, const clock_source& clocks);

  /// All of it at one moment, with what was counted until now. A copy: of what
  /// is in RAM, so it can be had also while the disk refuses. Any thread; holds
  /// the store's lock while it copies, some ms for ten thousand entries.
  [[nodiscard]] virtual snapshot take_snapshot() = 0;
};

} // namespace troupe::storage
