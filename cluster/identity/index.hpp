#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>
#include <vector>

namespace troupe::identity {

/// One certificate that was issued.
struct index_entry {
  std::string serial; ///< hex, lower case
  std::string name;
  std::string what;   ///< "node", "operator", "viewer", "issuer", "root"
  std::string issuer; ///< CN of who signed
  wall_ms from = 0, until = 0;
  wall_ms revoked_at = 0; ///< 0: it is not
  std::string why;        ///< of the revocation, for people

  [[nodiscard]] bool is_valid_at(wall_ms t) const { return revoked_at == 0 && from <= t && t <= until; }

  friend bool operator==(const index_entry&, const index_entry&) = default;
};

/// What an authority has issued: `index.json`, one JSON object per line, oldest
/// first. Certificates that ended a year ago are left out when it is written.
using certificate_index = std::vector<index_entry>;

/// @returns `corrupt` with the line; a line that is left out would be a
///          certificate that nobody can revoke by its name.
[[nodiscard]] result<certificate_index> read_index(const std::string& folder);
[[nodiscard]] status write_index(const std::string& folder, const certificate_index& all, wall_ms now);

/// "valid", "revoked", "expired", "not yet".
[[nodiscard]] const char* state_at(const index_entry& x, wall_ms now) noexcept;

} // namespace troupe::identity
