#pragma once

#include "storage/counter_state.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

inline constexpr std::size_t ring_page_bytes = 4096;
inline constexpr unsigned ring_pages = 16;
inline constexpr std::size_t ring_bytes = ring_page_bytes * ring_pages;

/// One check point of all counters: as many pages as it takes, at most
/// `max_parts`, so that the one before always survives the writing of this.
struct ring_checkpoint {
  static constexpr unsigned max_parts = 7;

  stream_id stream;
  std::uint64_t number = 0; ///< grows by one per check point, never reused
  hlc bound;                ///< reserved stamps
  std::uint64_t durable_seq = 0; ///< of the stream, in the database when this was written
  std::map<std::string, counter_state> counters;
};

struct ring_pages_made {
  std::vector<std::string> pages; ///< each `ring_page_bytes`
  std::size_t left_out = 0;       ///< counters that did not fit `max_parts`
};

/// docs/formats/ring.md. `request` ids of marks stay out: a ring page brings
/// back values, the database remembers requests.
[[nodiscard]] ring_pages_made encode(const ring_checkpoint& x);

/// What a ring file tells.
struct ring_reading {
  std::optional<ring_checkpoint> newest; ///< the newest complete one
  std::uint64_t highest_number = 0;      ///< also of incomplete ones
  std::uint32_t highest_boot = 0;        ///< of this node's pages
  hlc highest_bound;
  unsigned next_page = 0;                ///< where writing goes on
  unsigned damaged = 0;                  ///< pages that are neither empty nor whole
  unsigned foreign = 0;                  ///< whole pages of another node: a cloned card
};

/// Never fails: damaged and foreign pages are counted and passed over.
[[nodiscard]] ring_reading read_ring(std::string_view bytes, std::uint64_t node);

} // namespace troupe::storage
