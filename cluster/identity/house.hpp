#pragma once

#include "cluster/identity/key.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>

namespace troupe::identity {

/// What the root's owner does, seldom and with the passphrase: found a house's
/// authority, and replace it.

struct house_order {
  std::string house = "troupe"; ///< stands in the authorities' names; 1 to 40 printable bytes
  key_algorithm algorithm = key_algorithm::p256;
  std::string passphrase;       ///< of the root's key
  bool force = false;           ///< replace an authority that is there; what it issued is worthless then
};

inline constexpr std::size_t least_passphrase = 8;

/// root.crt, root.key (encrypted), issuer.crt, issuer.key (mode 0600, in the
/// clear, so that a server can enrol boards without a person), index.json,
/// ca.crt, revoked.crl.
[[nodiscard]] status found_house(const std::string& folder, const house_order& order,
                                 const clock_source& clocks = system_clocks());

struct rotate_order {
  std::string old_passphrase;
  std::string new_passphrase;
  bool issuer_only = false; ///< the root stays (new_passphrase is not used)
};

/// A new root and a new issuer. The old root signs the new one's key too (the
/// crossed certificate), so who trusts only the old follows to the new; both
/// stay in `ca.crt` until `drop_old_roots`. Earlier files stay as root-N.* and
/// issuer-N.*: the old issuer's key is still needed to revoke.
[[nodiscard]] status rotate_house(const std::string& folder, const rotate_order& order,
                                  const clock_source& clocks = system_clocks());

/// Ends the overlap: only the newest root stays in `ca.crt`.
/// @param force  also if certificates under an old root are still valid
/// @returns `conflict` with the names that would be shut out
[[nodiscard]] status drop_old_roots(const std::string& folder, bool force,
                                    const clock_source& clocks = system_clocks());

} // namespace troupe::identity
