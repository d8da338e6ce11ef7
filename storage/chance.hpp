#pragma once

#include "storage/stream_id.hpp"

#include <cstdint>

namespace troupe::storage {

/// From getrandom, and never 0. Not from the time: boards boot in 1970, and two
/// starts must not agree (FAILOVER 3.9, 20). Any thread.
[[nodiscard]] inline std::uint64_t fresh_number() {
  return (std::uint64_t{fresh_nonce()} << 32 | fresh_nonce()) | 1;
}

} // namespace troupe::storage
