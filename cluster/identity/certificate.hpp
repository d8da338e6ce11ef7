#pragma once

#include "cluster/identity/key.hpp"
#include "cluster/tls/credentials.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <memory>
#include <string>
#include <vector>

using X509 = struct x509_st;

namespace troupe::identity {

/// One certificate and what it says. Copies share it.
class certificate {
public:
  /// The first one in `pem`. @param what  whose, for the error: a path
  [[nodiscard]] static result<certificate> read(const std::string& pem, const std::string& what);
  /// All of them, at most `max_in_a_file`; none in an empty text.
  [[nodiscard]] static result<std::vector<certificate>> read_all(const std::string& pem,
                                                                 const std::string& what);
  static constexpr std::size_t max_in_a_file = 64;

  [[nodiscard]] std::string name() const;   ///< CN; empty: none, or several
  [[nodiscard]] cluster::role allowed() const; ///< OU
  [[nodiscard]] std::string house() const;  ///< O of an authority
  [[nodiscard]] std::string serial() const; ///< hex, lower case
  [[nodiscard]] std::string fingerprint() const; ///< SHA-256 of the DER, hex
  [[nodiscard]] std::string public_digest() const;
  [[nodiscard]] wall_ms from() const;
  [[nodiscard]] wall_ms until() const;
  [[nodiscard]] bool is_authority() const; ///< may sign certificates
  [[nodiscard]] bool is_root() const;      ///< an authority signed by its own key
  [[nodiscard]] bool is_valid_at(wall_ms t) const { return from() <= t && t <= until(); }

  /// Does `signer`, an authority, stand as its issuer, and is the signature its?
  [[nodiscard]] bool is_signed_by(const certificate& signer) const;
  /// The same subject with the same key, whoever signed.
  [[nodiscard]] bool is_same_authority(const certificate& other) const;

  [[nodiscard]] std::string pem() const;
  [[nodiscard]] X509* get() const noexcept { return content_.get(); }

  explicit certificate(X509* owned);

private:
  std::shared_ptr<X509> content_;
};

[[nodiscard]] std::string pem_of(const std::vector<certificate>& all);

/// What a certificate shall be.
struct certificate_order {
  /// `cross`: for a new root's key, signed by the old root.
  enum class kind { root, cross, issuer, node, person };
  kind what = kind::node;
  std::string name;
  cluster::role allowed = cluster::role::none; ///< of a node or person
  std::string house{};                         ///< of an authority
  wall_ms from = 0, until = 0;
};

/// Signs a certificate for `subject`. `issuer` null: it signs itself.
[[nodiscard]] result<certificate> make_certificate(const certificate_order& order, EVP_PKEY* subject,
                                                   const certificate* issuer,
                                                   const private_key& signer);

/// The leaf, what signed it, and so on to a root, from `pool`; shortest way.
/// @returns nothing if no way ends at one of `roots`.
[[nodiscard]] std::vector<certificate> find_chain(const certificate& leaf,
                                                  const std::vector<certificate>& pool,
                                                  const std::vector<certificate>& roots);

} // namespace troupe::identity
