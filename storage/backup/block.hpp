#pragma once

#include "config/model/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The frame of a backup: docs/formats/backup.md.

namespace troupe::storage::backup {

/// What a file begins with.
inline constexpr std::string_view magic = "troupe-backup\n";

/// What a block is made to hold: one answer of a node, behind which a command to
/// it may have to wait.
inline constexpr std::size_t usual_block_bytes = 48 << 10;
/// The largest that is read: one slot more than usual, with room for its context.
inline constexpr std::size_t most_block_bytes = 4 << 20;

enum class block_type : std::uint8_t { head = 1, slots = 2, events = 3, vectors = 4, end = 5 };

struct block {
  block_type type = block_type::head;
  std::uint32_t number = 0; ///< from 0
  std::string content;
};

[[nodiscard]] std::string encode(const block& x);

/// Cuts bytes into blocks, in bounded memory, and checks each one's sum and
/// number. Threads: one.
class block_reader {
public:
  void feed(std::string_view bytes) { rest_ += bytes; }

  /// @returns nothing if more bytes are needed
  /// @returns `errc::corrupt` where a sum, a number or a size is wrong,
  ///          `errc::unsupported` for a file that is no backup
  [[nodiscard]] result<std::optional<block>> next();

  /// Of the file, up to the last whole block.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

private:
  void drop(std::size_t bytes);

  std::string rest_;
  std::uint64_t offset_ = 0;
  std::uint32_t next_ = 0;
  bool begun_ = false;
};

} // namespace troupe::storage::backup
