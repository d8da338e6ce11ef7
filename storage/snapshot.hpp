#pragma once

#include "storage/journal_log.hpp"
#include "storage/replication.hpp"

#include <deque>
#include <string>
#include <vector>

namespace troupe::storage {

/// Everything of a store at one moment: what a backup is made of.
///
/// `state.seen` is covered by what is in `state.items`, for both were taken under
/// one lock; the same holds for `journals` and `events`. So whoever begins with it
/// is told by others what is newer, and claims nothing that it has not.
struct snapshot {
  std::string node;
  wall_ms at = 0;
  stream_id state_stream; ///< of the open that it was taken of
  stream_id journal_stream;
  hlc bound;              ///< no stamp above it was ever given
  bool clustered = false;
  std::uint32_t format = 0; ///< of the database: who restores it must know that one
  whole_state state;
  version_vector journals;
  std::deque<journal_record> events;
};

} // namespace troupe::storage
