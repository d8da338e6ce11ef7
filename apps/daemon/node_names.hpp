#pragma once

#include "storage/store.hpp"

#include <map>
#include <mutex>
#include <string>

namespace troupe::daemon {

/// Names of nodes by the hashes that stand in streams and events: of who is a
/// member, and of whose configuration is in the store.
///
/// Threads: any.
class node_names {
public:
  node_names(const storage::store& disk, const clock_source& clocks, std::string self);

  /// "node-8b4df85a" for one that was removed and left no documents.
  [[nodiscard]] std::string of(std::uint64_t hash) const;

private:
  const storage::store& disk_;
  const clock_source& clocks_;
  mutable std::mutex mutex_;
  mutable std::map<std::uint64_t, std::string> known_;
  mutable mono_ns read_at_ = 0; ///< of all that the store knows; 0: never
};

} // namespace troupe::daemon
