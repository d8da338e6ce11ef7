#pragma once

#include "cluster/identity/key.hpp"
#include "config/model/result.hpp"

#include <memory>
#include <string>

using X509_REQ = struct X509_req_st;

namespace troupe::identity {

/// A certificate signing request (PKCS#10) for a name: what leaves a board,
/// while its key stays.
[[nodiscard]] result<std::string> make_request(const private_key& key, const std::string& name);

/// A request that somebody sent. Only its name and key are looked at: role and
/// extensions are the authority's to give.
class request {
public:
  /// @returns `untrusted`: no request, without exactly one valid CN, not signed
  ///          by its own key (so the sender may not hold it), or a weak key.
  [[nodiscard]] static result<request> read(const std::string& pem);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string public_digest() const;
  [[nodiscard]] EVP_PKEY* key() const;

private:
  std::shared_ptr<X509_REQ> content_;
  std::string name_;
};

} // namespace troupe::identity
