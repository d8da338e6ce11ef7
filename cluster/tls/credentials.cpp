#include "cluster/tls/credentials.hpp"

#include <filesystem>

namespace troupe::cluster {

const char* to_string(role x) noexcept {
  switch (x) {
  case role::none: return "none";
  case role::viewer: return "viewer";
  case role::operator_: return "operator";
  case role::board: return "board";
  case role::node: return "node";
  }
  return "none";
}

role role_from(const std::string& text) noexcept {
  for (auto x : {role::viewer, role::operator_, role::board, role::node})
    if (text == to_string(x))
      return x;
  return role::none;
}

credential_files credential_files::in(const std::string& folder) {
  const std::filesystem::path at{folder};
  return {at / "node.crt",    at / "node.key",    at / "ca.crt",
          at / "revoked.crl", at / "clock.floor", ""};
}

} // namespace troupe::cluster
