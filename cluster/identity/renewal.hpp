#pragma once

#include "cluster/identity/certificate.hpp"

namespace troupe::identity {

/// When a certificate should be renewed: when two thirds of its life are over,
/// and up to a twelfth of it later, by chance of its serial, so that 64 boards
/// that joined on one day do not all ask in one minute. The last quarter is
/// left for trying again.
[[nodiscard]] wall_ms renew_at(wall_ms from, wall_ms until, const std::string& serial) noexcept;

[[nodiscard]] bool needs_renewal(const certificate& x, wall_ms now);

} // namespace troupe::identity
