#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::storage {

/// CRC-32C (Castagnoli, reflected, as in iSCSI): `crc32c("123456789")` is
/// 0xe3069283.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes) noexcept;

} // namespace troupe::storage
