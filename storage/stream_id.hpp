#pragma once

#include "storage/bytes.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::storage {

/// A writer: one open of the store on one node. New at every open, so that a
/// sequence number can never be given twice, whatever a crash, a restored
/// backup or a cloned card has done to the memory of the old ones.
///
/// Each open has two: one of state, which goes to every member, and one of the
/// journal, which goes to archives. The last bit of the nonce tells them apart.
///
/// 16 bytes at rest: node(8) boot(4) nonce(4). Sorts by node, then boot.
struct stream_id {
  static constexpr std::size_t size = 16;

  std::uint64_t node = 0;  ///< `node_hash` of the certificate's CN
  std::uint32_t boot = 0;  ///< for people and for order; may repeat after a wipe
  std::uint32_t nonce = 0; ///< makes it unique

  [[nodiscard]] bool empty() const noexcept { return node == 0 && boot == 0 && nonce == 0; }
  [[nodiscard]] bool is_journal() const noexcept { return (nonce & 1) != 0; }

  friend bool operator==(const stream_id&, const stream_id&) = default;
  friend auto operator<=>(const stream_id&, const stream_id&) = default;
};

/// The first 8 bytes of SHA-256(CN).
[[nodiscard]] std::uint64_t node_hash(std::string_view common_name);

void write(byte_writer& to, const stream_id& x);
[[nodiscard]] stream_id read_stream_id(byte_reader& from);
[[nodiscard]] std::string to_bytes(const stream_id& x);

/// "9f86d081884c7d65-12-0badcafe": node, boot, nonce.
[[nodiscard]] std::string to_string(const stream_id& x);

/// 32 bits from the system's entropy.
[[nodiscard]] std::uint32_t fresh_nonce();

} // namespace troupe::storage
