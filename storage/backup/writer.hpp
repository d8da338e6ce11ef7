#pragma once

#include "storage/backup/block.hpp"
#include "storage/snapshot.hpp"

namespace troupe::storage::backup {

/// Turns a snapshot into the bytes of a backup, a block at a time; what was
/// given out is dropped, so a backup that is written out shrinks.
///
/// Threads: one.
class writer {
public:
  /// @param program version of the program, for people
  writer(snapshot from, std::string program, std::size_t block_bytes = usual_block_bytes);

  /// The next bytes of the file; empty after the last.
  [[nodiscard]] std::string next();

  [[nodiscard]] std::uint64_t slots() const noexcept { return slots_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

private:
  [[nodiscard]] std::string made(block_type type, std::string content);
  [[nodiscard]] std::string head() const;
  [[nodiscard]] std::string more_slots();
  [[nodiscard]] std::string more_events();
  [[nodiscard]] std::string more_vectors();

  snapshot from_;
  std::string program_;
  std::size_t block_bytes_;
  std::uint64_t slots_ = 0;
  std::uint64_t events_ = 0;
  std::uint32_t number_ = 0;
  std::size_t slot_at_ = 0;
  std::size_t vector_at_ = 0; ///< in seen, journals and collected, one after the other
  bool ended_ = false;
};

} // namespace troupe::storage::backup
