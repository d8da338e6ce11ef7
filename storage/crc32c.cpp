#include "storage/crc32c.hpp"

#include <array>
#include <cstddef>

namespace troupe::storage {

namespace {

/// tables[k][x]: what byte x does to the sum, k bytes further on.
constexpr auto make_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> out{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto x = i;
    for (int bit = 0; bit < 8; ++bit)
      x = x & 1 ? x >> 1 ^ 0x82f63b78u : x >> 1;
    out[0][i] = x;
  }
  for (std::size_t k = 1; k < out.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      out[k][i] = out[k - 1][i] >> 8 ^ out[0][out[k - 1][i] & 0xff];
  return out;
}

constexpr auto tables = make_tables();

} // namespace

// Eight bytes at a time: slicing by 8 (Kounavis, Berry, ISCC 2005).
std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t sum = ~0u;
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const auto byte = [&](unsigned i) { return i < 4 ? at(i) ^ (sum >> (8 * i) & 0xff) : at(i); };
    std::uint32_t next = 0;
    for (unsigned i = 0; i < 8; ++i)
      next ^= tables[7 - i][byte(i)];
    sum = next;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum = tables[0][(sum ^ at(i)) & 0xff] ^ sum >> 8;
  return ~sum;
}

} // namespace troupe::storage
