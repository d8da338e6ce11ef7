#pragma once

#include <cstdint>

namespace troupe::test {

/// How often this program has asked for memory: work that can be counted.
[[nodiscard]] std::uint64_t pieces_of_memory() noexcept;

} // namespace troupe::test
