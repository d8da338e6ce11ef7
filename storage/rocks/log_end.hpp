#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::storage {

/// A RocksDB log is blocks of this size; no record crosses into the next.
inline constexpr std::size_t log_block = 32 * 1024;

/// Where in a block of a log, up to `log_block` bytes, no further record
/// begins: at the first header of type and length zero. Nothing: the block is
/// full, ends early, or is damaged in a way that RocksDB itself will notice.
///
/// RocksDB takes such a header for a hole, skips the rest of the block without
/// a word, and goes on in the next (log::Reader, "such records are produced by
/// mmap based writing code"). What it then finds may be newer than what a
/// power cut took away: a log with a hole is not a prefix of what was written.
[[nodiscard]] std::optional<std::size_t> end_of_records(std::string_view block) noexcept;

} // namespace troupe::storage
