#pragma once

#include "storage/slot.hpp"

#include <optional>
#include <string>
#include <string_view>

// Keys of the column families: docs/formats/store.md.

namespace troupe::storage::layout {

/// 3: counters are told per disk, and marks say what they exclude of each.
/// 4: there may be journal events of version 2. Written once the feature
/// `journal_times` is on, so that until then the version before can take over.
inline constexpr std::uint32_t format = 4;
/// The oldest that is opened, in place.
inline constexpr std::uint32_t oldest_format = 3;

struct slot_address {
  slot_kind kind;
  std::string_view key;
  stream_id stream;
};

struct stream_position {
  stream_id stream;
  std::uint64_t seq;
};

/// slot: kind key 0 stream
[[nodiscard]] std::string slot_key(slot_kind kind, std::string_view key, const stream_id& of);
[[nodiscard]] std::optional<slot_address> parse_slot_key(std::string_view bytes);

/// byseq, jrn: stream seq
[[nodiscard]] std::string position_key(const stream_id& of, std::uint64_t seq);
[[nodiscard]] std::optional<stream_position> parse_position_key(std::string_view bytes);

/// byseq value: kind key
[[nodiscard]] std::string byseq_value(slot_kind kind, std::string_view key);

// meta
inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view own_key = "own";   ///< state stream, journal stream
inline constexpr std::string_view bound_key = "hlc";
inline constexpr std::string_view node_key = "node";
inline constexpr std::string_view machine_key = "machine";
inline constexpr std::string_view clustered_key = "clustered"; ///< it once was a member
inline constexpr std::string_view medium_key = "medium"; ///< the state stream of its first open, and when that was
inline constexpr std::string_view line_key = "line"; ///< state streams of the latest opens of this disk
inline constexpr std::string_view new_key = "new"; ///< for how many ms a new disk has run; absent: it is none
inline constexpr std::string_view restored_key = "restored"; ///< of a backup, and not opened since
inline constexpr std::string_view seen_prefix = "vv/";     ///< + stream -> seq
inline constexpr std::string_view collected_prefix = "gc/"; ///< + stream -> seq

[[nodiscard]] std::string stream_key(std::string_view prefix, const stream_id& of);
[[nodiscard]] std::string number(std::uint64_t x);

} // namespace troupe::storage::layout
