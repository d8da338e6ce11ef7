#include "cluster/tls/context.hpp"
#include "cluster/tls/verdict.hpp"

#include <fmt/format.h>

namespace troupe::cluster {

/// What a certificate says; its signature is checked elsewhere.
result<peer_identity> identity_in(X509* certificate) {
  const auto* subject = X509_get_subject_name(certificate);
  peer_identity who;
  who.name = only_entry(subject, NID_commonName);
  if (who.name.empty() || who.name.size() > 64)
    return error{errc::untrusted,
                 "the certificate must have exactly one CN of 1 to 64 printable "
                 "characters, the name of its owner"};
  const auto unit = only_entry(subject, NID_organizationalUnitName);
  who.allowed = role_from(unit);
  // A board proves itself with a key: no certificate can make one.
  if (who.allowed == role::none || who.allowed == role::board)
    return error{
      errc::untrusted,
      fmt::format("the certificate of {} has the OU '{}'; exactly one of viewer, operator, "
                  "node is wanted",
                  who.name, unit)};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1)
    for (unsigned i = 0; i < size; ++i)
      who.fingerprint += fmt::format("{:02x}", digest[i]);
  who.serial = serial_of(X509_get0_serialNumber(certificate));
  who.expires = time_of(X509_get0_notAfter(certificate));
  return who;
}

result<peer_identity> identity_of(SSL* ssl) {
  owned_x509 certificate{SSL_get1_peer_certificate(ssl)};
  if (!certificate)
    return error{errc::untrusted, "no certificate was shown"};
  if (SSL_get_verify_result(ssl) != X509_V_OK)
    return error{errc::untrusted,
                 X509_verify_cert_error_string(SSL_get_verify_result(ssl))};
  auto who = identity_in(certificate.get());
  if (!who)
    return who.why();
  const auto* chain = SSL_get0_verified_chain(ssl);
  for (int i = 1; i < sk_X509_num(chain); ++i)
    who->issuers.push_back(serial_of(X509_get0_serialNumber(sk_X509_value(chain, i))));
  who->cipher = fmt::format("{} {}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
  return who;
}

} // namespace troupe::cluster
