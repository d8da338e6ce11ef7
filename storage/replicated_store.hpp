#pragma once

#include "storage/replication.hpp"
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
};

} // namespace troupe::storage
