#pragma once

#include "config/model/reading.hpp"

#include <optional>

namespace troupe::cluster {

/// How a reading of another node is told here, given what was shown before
/// (I6: what was restored or sent again is never a change).
///
/// | shown before       | it says       | told as                              |
/// | nothing            | anything      | restore: first sight is no event     |
/// | same value         | same count    | refresh                              |
/// | other value, or a  | a larger or   | change: it happened while nobody     |
/// | larger count       | other count   | told us                              |
[[nodiscard]] origin told_here(const std::optional<reading>& shown, const reading& incoming) noexcept;

/// What is shown of a reading whose node was lost: the last value, bad.
[[nodiscard]] reading lost(const reading& last) noexcept;

} // namespace troupe::cluster
