#pragma once

#include "config/model/result.hpp"
#include "storage/hlc.hpp"
#include "storage/stream_id.hpp"
#include "storage/version_vector.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::storage {

/// What a key is, and so how its slots are read. Numbers rest on disk: append
/// only. LIVE entries are never stored (live_table.hpp).
enum class slot_kind : std::uint8_t {
  map = 1, ///< documents: any node writes, add wins, highest (hlc, stream) is shown
  own = 2, ///< state of one owner at a time: highest (ballot, seq)
  ctr = 3, ///< pulse counters: max per stream, summed over streams
  ovr = 4, ///< what a counter was set to, by its owner
  jrn = 5, ///< journal: events
};

[[nodiscard]] const char* to_string(slot_kind x) noexcept;

/// One stream's latest contribution to one key. Only that stream writes it, so
/// replicas never disagree about it: the higher seq is the newer one.
struct slot {
  static constexpr std::uint8_t deleted_flag = 1;

  std::uint64_t seq = 0;
  std::uint8_t flags = 0;   ///< unknown bits are kept
  slot_kind kind = slot_kind::map;
  std::uint16_t schema = 1; ///< of the payload; newer ones are kept unread
  hlc stamp;
  version_vector ctx;       ///< contributions to this key that the writer had seen
  std::string payload;

  [[nodiscard]] bool deleted() const noexcept { return (flags & deleted_flag) != 0; }

  friend bool operator==(const slot&, const slot&) = default;
};

/// The longest key and payload that a store takes, in bytes.
inline constexpr std::size_t max_key_bytes = 255;
inline constexpr std::size_t max_payload_bytes = 256 * 1024;

/// docs/formats/store.md, "slot".
[[nodiscard]] std::string encode(const slot& x);

/// @returns `errc::corrupt` if the check sum or the shape is wrong,
///          `errc::unsupported` for a later version of the encoding.
[[nodiscard]] result<slot> decode_slot(std::string_view bytes);

} // namespace troupe::storage
