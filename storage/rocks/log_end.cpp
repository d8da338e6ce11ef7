#include "storage/rocks/log_end.hpp"

namespace troupe::storage {

namespace {

// Checksum (4), length (2, little-endian), type (1). Logs that are never
// recycled have no longer header.
constexpr std::size_t header = 7;

} // namespace

std::optional<std::size_t> end_of_records(std::string_view block) noexcept {
  for (std::size_t at = 0; at + header <= block.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(block[at + i]); };
    const std::size_t length = byte(4) | byte(5) << 8;
    if (length == 0 && byte(6) == 0)
      return at;
    at += header + length;
  }
  return std::nullopt;
}

} // namespace troupe::storage
