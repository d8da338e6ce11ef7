#pragma once

#include "apps/control/node_api.hpp"

#include <string>

namespace troupe::control {

/// May somebody with the role `has` use what asks for `least`? An operator may
/// all; viewers and nodes look only; boards and strangers may what asks for
/// no role.
[[nodiscard]] bool may(cluster::role has, cluster::role least) noexcept;

/// Why not, and the way out: for a stranger how to get a certificate, for
/// others which role is missing.
[[nodiscard]] std::string why_not(const caller& who, cluster::role least,
                                  const std::string& operation);

/// How a caller stands in the journal: "anna" at this node's own socket,
/// "anna (operator, tls 10.0.0.7:51234)" from elsewhere.
[[nodiscard]] std::string told(const caller& who);

} // namespace troupe::control
