#pragma once

#include "storage/backup/reader.hpp"
#include "storage/engine.hpp"

namespace troupe::storage::backup {

/// Fills an empty engine from a backup. The node that opens it goes on as a new
/// stream with a higher boot than any that the backup knows (R2), and on another
/// disk: what it counts is apart from what the first one has counted since.
///
/// The store of another node may be restored, too: its contents are the house's.
/// What it says of itself (its streams) is left out then.
///
/// Threads: one. Blocking: as long as the disk takes.
class restoring {
public:
  /// @param into open, and empty
  /// @param node who will use it
  restoring(engine& into, std::string node);

  [[nodiscard]] visitor taker();

  /// After the reader found it whole: what makes it a store, synced.
  [[nodiscard]] status finish(const head& of);

private:
  status put_slot(const whole_state::item& x);
  status put_record(const journal_record& x);
  status put_vector(bool collected, const stream_id& of, std::uint64_t seq);
  status flush(bool sync);
  status grown(std::size_t bytes);

  engine& into_;
  std::string node_;
  batch waiting_;
  std::size_t waiting_bytes_ = 0;
};

} // namespace troupe::storage::backup
