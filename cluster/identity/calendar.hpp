#pragma once

#include "config/model/time.hpp"

#include <string>

using ASN1_TIME = struct asn1_string_st;

/// Times of certificates. Without `time_t`: it ends in 2038 on 32-bit boards,
/// and a root lives longer.
namespace troupe::identity {

inline constexpr wall_ms one_hour = 3'600'000;
inline constexpr wall_ms one_day = 24 * one_hour;

/// Whole seconds. 0 if it is no time.
[[nodiscard]] wall_ms from_asn1(const ASN1_TIME* x) noexcept;
[[nodiscard]] bool set_asn1(ASN1_TIME* x, wall_ms at); ///< false: out of memory or of range

[[nodiscard]] std::string utc_text(wall_ms at); ///< "2026-11-20 19:04:23 UTC"

/// From the text of an HTTP Date: "Fri, 20 Nov 2026 19:04:23 GMT". 0: none.
[[nodiscard]] wall_ms from_http_date(const std::string& text);

} // namespace troupe::identity
