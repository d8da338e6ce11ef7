#pragma once

#include "storage/counter_state.hpp"
#include "storage/engine.hpp"
#include "storage/journal_log.hpp"
#include "storage/merge.hpp"

#include <map>
#include <optional>

namespace troupe::storage {

/// The documents of one kind, by key.
using slot_table = std::map<std::string, slot_set, std::less<>>;

/// Everything that an engine holds, in RAM.
struct image {
  std::map<slot_kind, slot_table> slots; ///< unknown kinds too: kept, not read
  journal_log events;
  version_vector seen;      ///< vv: what of each stream rests here
  version_vector collected; ///< gcvv: what of it was dropped since nobody needs it
  std::uint32_t boot = 0;   ///< highest of this node
  hlc bound;
  std::string node;
  std::string machine;
  bool clustered = false;
  std::uint32_t format = 0; ///< 0: a new disk
  disk_name medium;         ///< this disk
  std::vector<stream_id> line; ///< state streams of this disk's latest opens
  std::optional<milliseconds> new_for; ///< it is a new disk, and has run for so long

  /// The backup that it was restored from and not opened since.
  struct origin {
    std::string node;
    wall_ms at = 0;
  };
  std::optional<origin> restored;
};

/// Reads it all.
/// @returns `errc::corrupt` if anything fails its check,
///          `errc::unsupported` if a later version wrote it.
[[nodiscard]] result<image> load(engine& from, std::uint64_t node);

/// Everything of the image as one batch, for an engine that starts empty.
[[nodiscard]] batch store_all(const image& x);

/// Puts one journal record into a batch.
void put_event(batch& into, const journal_record& x);

} // namespace troupe::storage
