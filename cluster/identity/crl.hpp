#pragma once

#include "cluster/identity/certificate.hpp"

#include <map>
#include <memory>

using X509_CRL = struct X509_crl_st;

namespace troupe::identity {

/// Serial in lower-case hex, and when it was revoked.
using revoked_serials = std::map<std::string, wall_ms>;

/// The list of one authority. A larger number is newer. Copies share it.
class revocation_list {
public:
  /// All lists in `pem`, at most `max_in_a_file`; none in an empty text.
  [[nodiscard]] static result<std::vector<revocation_list>> read_all(const std::string& pem,
                                                                     const std::string& what);
  static constexpr std::size_t max_in_a_file = 64;

  [[nodiscard]] std::int64_t number() const; ///< -1: it has none
  [[nodiscard]] wall_ms made() const;
  [[nodiscard]] revoked_serials serials() const;
  [[nodiscard]] std::string authority() const; ///< CN
  [[nodiscard]] bool is_signed_by(const certificate& signer) const;
  [[nodiscard]] std::string pem() const;

  [[nodiscard]] X509_CRL* get() const noexcept { return content_.get(); }

  explicit revocation_list(X509_CRL* owned);

private:
  std::shared_ptr<X509_CRL> content_;
};

/// Is `b` needless beside `a`, both of one authority? Not by its number alone:
/// two servers that revoke at once number two lists alike. An order, so that of
/// many lists the same ones are left whatever came first.
[[nodiscard]] bool covers(const revocation_list& a, const revocation_list& b);

/// It stays valid as long as its authority: in a house without a way to the
/// authority for a month, links must not end because a list went stale. Newer
/// lists replace it by their number.
[[nodiscard]] result<revocation_list> make_list(const certificate& authority, const private_key& key,
                                                std::int64_t number, const revoked_serials& serials,
                                                wall_ms now);

[[nodiscard]] std::string pem_of(const std::vector<revocation_list>& all);

/// Is `x` on the list of its issuer?
[[nodiscard]] bool is_revoked(const certificate& x, const std::vector<revocation_list>& lists);

} // namespace troupe::identity
