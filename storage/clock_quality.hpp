#pragma once

#include "config/model/time.hpp"

#include <cstdint>

namespace troupe::storage {

/// How far a node's notion of the time is believed. Numbers travel and rest on
/// disk: append only.
enum class clock_quality : std::uint8_t {
  none, ///< the machine's clock, which nobody has set: stamps go on from their bound
  peer, ///< the median of what other nodes say
  ntp,  ///< the machine's clock, which the network keeps right
};

const char* to_string(clock_quality x) noexcept;

/// What one node tells another of the time.
struct clock_word {
  wall_ms wall = 0;
  clock_quality quality = clock_quality::none;

  friend bool operator==(const clock_word&, const clock_word&) = default;
};

} // namespace troupe::storage
