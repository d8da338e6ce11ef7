#include "apps/control/access.hpp"

#include <fmt/format.h>

namespace troupe::control {

using cluster::role;

bool may(role has, role least) noexcept {
  switch (least) {
  case role::none: return true;
  // A node looks on behalf of nobody; what it commands goes over BASP, where
  // the operator's name travels along.
  case role::viewer: return has == role::viewer || has == role::operator_ || has == role::node;
  case role::operator_: return has == role::operator_;
  case role::board:
  case role::node: break; // no route asks for them
  }
  return false;
}

std::string why_not(const caller& who, role least, const std::string& operation) {
  if (who.allowed == role::none)
    return fmt::format("'{}' needs a certificate, and this connection shows none; without one only "
                       "POST /v1/enrol is answered. Give troupe yours with --identity DIR; a new "
                       "board gets one with `troupe join`",
                       operation);
  return fmt::format("'{}' needs the role {}, and {} has the role {}; use a certificate with that "
                     "role, or have one issued by who keeps the CA",
                     operation, to_string(least), who.name, to_string(who.allowed));
}

std::string told(const caller& who) {
  if (who.via.empty() || who.via == "unix socket")
    return who.name;
  return fmt::format("{} ({}, {})", who.name, to_string(who.allowed), who.via);
}

} // namespace troupe::control
