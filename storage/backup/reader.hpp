#pragma once

#include "storage/backup/block.hpp"
#include "storage/merge.hpp"
#include "storage/snapshot.hpp"

#include <functional>
#include <map>
#include <set>

namespace troupe::storage::backup {

/// What a backup says of itself before anything else.
struct head {
  std::uint32_t store_format = 0;
  std::string node;
  std::string program; ///< version of the program that made it
  wall_ms at = 0;
  stream_id state_stream;
  stream_id journal_stream;
  hlc bound;
  bool clustered = false;
  std::uint64_t slots = 0;
  std::uint64_t events = 0;
};

/// What is in a backup, for people.
struct contents {
  std::optional<head> begins;
  std::map<slot_kind, std::uint64_t> entries; ///< keys that show something
  std::uint64_t deleted = 0;                  ///< keys that only tell that they were deleted
  std::uint64_t slots = 0;
  std::uint64_t events = 0;
  wall_ms oldest_event = 0;
  std::set<std::string> members;              ///< of the house
  std::uint64_t streams = 0;
  std::uint64_t bytes = 0;
};

/// Who takes what is read; each call may end the reading with an error.
struct visitor {
  std::function<status(const head&)> begin = [](const head&) { return status{}; };
  std::function<status(const whole_state::item&)> slot = [](const whole_state::item&) { return status{}; };
  std::function<status(const journal_record&)> event = [](const journal_record&) { return status{}; };
  std::function<status(bool collected, const stream_id&, std::uint64_t seq)> vector
    = [](bool, const stream_id&, std::uint64_t) { return status{}; };
};

/// Reads a backup, in memory that does not grow with it (but by some bytes for
/// each stream), and checks all that can be checked: sums, order, shapes, counts,
/// and that the version vector is not behind what is there, which would be a lie
/// to other members.
///
/// Errors: `errc::corrupt` for damage, `errc::unsupported` for a later version and
///         what is no backup, `errc::invalid_argument` never; those of the visitor.
class reader {
public:
  explicit reader(visitor to = {}) : to_(std::move(to)) {}

  [[nodiscard]] status feed(std::string_view bytes);
  /// After the last byte.
  [[nodiscard]] status finish();

  [[nodiscard]] const contents& found() const noexcept { return found_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

private:
  status take(const block& x);
  status take_head(std::string_view bytes);
  status take_slots(std::string_view bytes);
  status take_events(std::string_view bytes);
  status take_vectors(std::string_view bytes);
  status take_end(std::string_view bytes);
  void count_key(const whole_state::item& x);
  void end_key();

  visitor to_;
  block_reader cutter_;
  contents found_;
  version_vector held_; ///< highest seq of each stream among slots and events
  version_vector seen_;
  slot_set key_slots_;  ///< of the key that is being read
  slot_kind key_kind_ = slot_kind::map;
  std::string key_;
  std::uint64_t vector_items_ = 0;
  bool ended_ = false;
};

} // namespace troupe::storage::backup
