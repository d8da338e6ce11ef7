#include "apps/client/pinned.hpp"

#include "cluster/tls/openssl.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace troupe::client {

namespace {

using cluster::openssl_delete;
using store = std::unique_ptr<X509_STORE, openssl_delete<&X509_STORE_free>>;

std::string digest_of(X509* x) {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  std::string result;
  if (X509_digest(x, EVP_sha256(), raw, &size) == 1)
    for (unsigned i = 0; i < size; ++i)
      result += fmt::format("{:02x}", raw[i]);
  return result;
}

std::string common_name(X509* x) {
  char text[65] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, sizeof text);
  std::string result = text;
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = '?';
  return result;
}

wall_ms time_of(const ASN1_TIME* x) {
  // Days and seconds since 1970: without time_t, which ends in 2038 on boards.
  const std::unique_ptr<ASN1_TIME, openssl_delete<&ASN1_TIME_free>> start{ASN1_TIME_new()};
  int days = 0, seconds = 0;
  if (!start || ASN1_TIME_set_string(start.get(), "19700101000000Z") != 1
      || ASN1_TIME_diff(&days, &seconds, start.get(), x) != 1)
    return 0;
  return (wall_ms{days} * 86400 + seconds) * 1000;
}

error refuse(std::string text) {
  return {errc::untrusted, std::move(text)};
}

} // namespace

result<shown_certificate> check_pinned(SSL* ssl, const std::string& root) {
  const cluster::owned_x509 shown{SSL_get1_peer_certificate(ssl)};
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  if (!shown || !chain)
    return refuse("the server showed no certificate");
  X509* pinned = nullptr;
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (digest_of(sk_X509_value(chain, i)) == root)
      pinned = sk_X509_value(chain, i);
  if (!pinned)
    return refuse(fmt::format("the server says it is {}, but its chain does not end in the root that the token names: "
                              "it is of another house, somebody is in between, or the root was replaced since the "
                              "token was made. Check the address; else make a new token", common_name(shown.get())));
  const store trusted{X509_STORE_new()};
  const cluster::owned_store_ctx it{X509_STORE_CTX_new()};
  if (!trusted || !it || X509_STORE_add_cert(trusted.get(), pinned) != 1
      || X509_STORE_CTX_init(it.get(), trusted.get(), shown.get(), chain) != 1)
    return refuse("out of memory");
  X509_STORE_CTX_set_flags(it.get(), X509_V_FLAG_NO_CHECK_TIME);
  // People's certificates come from the same root: one of those must not pass
  // as a server.
  X509_STORE_CTX_set_purpose(it.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(it.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(it.get());
    ERR_clear_error();
    return refuse(fmt::format("the certificate of {} is not one of a server under the token's root: {}",
                              common_name(shown.get()), X509_verify_cert_error_string(code)));
  }
  return shown_certificate{common_name(shown.get()), time_of(X509_get0_notBefore(shown.get())),
                           time_of(X509_get0_notAfter(shown.get()))};
}

} // namespace troupe::client
