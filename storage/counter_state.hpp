#pragma once

#include "storage/hlc.hpp"
#include "storage/stream_id.hpp"
#include "storage/version_vector.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

/// What a counter was set to: a meter was replaced, or corrected.
struct override_mark {
  static constexpr std::size_t max_requests = 4;

  std::uint64_t set = 0;   ///< shown total at the moment of the request
  stream_id at;            ///< the stream that counted then
  std::uint64_t count = 0; ///< its count then
  hlc stamp;
  std::vector<std::string> requests; ///< the newest ids, newest last: a repeat is no change

  friend bool operator==(const override_mark&, const override_mark&) = default;
};

/// Everything known of one counter, from whatever source: slots, ring pages,
/// peers. States are joined by maximum, never added up twice.
struct counter_state {
  std::uint64_t base = 0;        ///< pulses of all own streams up to boot `closed`
  std::uint32_t closed = 0;      ///< streams of such boots are in `base` and count no more
  version_vector counts;         ///< pulses per later stream
  std::optional<override_mark> mark;

  /// Pulses of all boots.
  [[nodiscard]] std::uint64_t raw() const;
  /// Shown: the mark, what its stream counted since, and later boots. Older
  /// boots are excluded wholesale, so that pulses of theirs that surface late
  /// do not shift the reading.
  [[nodiscard]] std::uint64_t total() const;

  friend bool operator==(const counter_state&, const counter_state&) = default;
};

/// Commutative, associative, idempotent.
void join(counter_state& into, const counter_state& other);

/// Sums all but the `keep` newest streams into the base and restates the mark,
/// so that the state of a counter does not grow with the number of boots.
/// Changes neither `raw` nor `total`. Only the owner may, and only while no
/// other member can hold more of these streams than it does.
void fold(counter_state& x, std::size_t keep);

/// Payloads of CTR and OVR slots: docs/formats/store.md.
[[nodiscard]] std::string encode_counts(const counter_state& x);
[[nodiscard]] bool decode_counts(std::string_view bytes, counter_state& into);
[[nodiscard]] std::string encode_mark(const override_mark& x);
[[nodiscard]] std::optional<override_mark> decode_mark(std::string_view bytes);

} // namespace troupe::storage
