#pragma once

#include "cluster/identity/certificate.hpp"
#include "cluster/identity/crl.hpp"
#include "cluster/identity/index.hpp"

#include <vector>

/// What stands in the folder of an authority. Inside cluster/identity only;
/// the folder's lock is held by the caller.
namespace troupe::identity {

/// An authority's certificate with its key.
struct signer {
  certificate cert;
  private_key key;
};

struct folder_content {
  std::vector<certificate> authorities;  ///< `ca.crt`: roots, crossed roots, issuers
  std::vector<revocation_list> lists;    ///< `revoked.crl`
  certificate_index index;

  [[nodiscard]] std::vector<certificate> roots() const;
};

[[nodiscard]] result<folder_content> read_folder(const std::string& folder);

/// `NAME.crt` with `NAME.key`. @returns also `untrusted` if they do not match.
[[nodiscard]] result<signer> read_signer(const std::string& folder, const std::string& name,
                                         const std::string& passphrase = {});
/// The issuer and earlier ones (`issuer-1`), newest first.
[[nodiscard]] result<std::vector<signer>> read_issuers(const std::string& folder);

/// Adds `serials` to the list of `by` in `all`, with the next number.
[[nodiscard]] status add_revoked(std::vector<revocation_list>& all, const signer& by,
                                 const revoked_serials& serials, wall_ms now);

[[nodiscard]] status write_lists(const std::string& folder, const std::vector<revocation_list>& all);

/// Leaf, issuer, the crossed certificates of the root, the root: who trusts
/// only an earlier root can follow it too, and who trusts none yet can compare
/// the root with a token.
[[nodiscard]] result<std::string> chain_text(const certificate& leaf, const folder_content& all);

} // namespace troupe::identity
