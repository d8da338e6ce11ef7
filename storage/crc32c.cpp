#include "storage/crc32c.hpp"

#include <array>

namespace troupe::storage {

namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto x = i;
    for (int bit = 0; bit < 8; ++bit)
      x = x & 1 ? x >> 1 ^ 0x82f63b78u : x >> 1;
    table[i] = x;
  }
  return table;
}

constexpr auto table = make_table();

} // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t x = ~0u;
  for (char c : bytes)
    x = table[(x ^ static_cast<std::uint8_t>(c)) & 0xff] ^ x >> 8;
  return ~x;
}

} // namespace troupe::storage
