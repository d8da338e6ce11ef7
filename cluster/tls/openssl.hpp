#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace troupe::cluster {

/// OpenSSL's objects with an owner.
template <auto Free>
struct openssl_delete {
  template <class T>
  void operator()(T* x) const noexcept {
    Free(x);
  }
};

using owned_bio = std::unique_ptr<BIO, openssl_delete<&BIO_free_all>>;
using owned_x509 = std::unique_ptr<X509, openssl_delete<&X509_free>>;
using owned_crl = std::unique_ptr<X509_CRL, openssl_delete<&X509_CRL_free>>;
using owned_key = std::unique_ptr<EVP_PKEY, openssl_delete<&EVP_PKEY_free>>;
using owned_store_ctx =
  std::unique_ptr<X509_STORE_CTX, openssl_delete<&X509_STORE_CTX_free>>;
using owned_ssl = std::unique_ptr<SSL, openssl_delete<&SSL_free>>;
using owned_ssl_ctx = std::unique_ptr<SSL_CTX, openssl_delete<&SSL_CTX_free>>;

/// The reasons in this thread's error queue, which is empty afterwards.
std::string openssl_errors();

/// What both kinds of context have in common: TLS 1.3 alone, no tickets, no
/// session cache (no resumption past a revocation), writes may be partial.
/// Null: out of memory.
owned_ssl_ctx new_tls13_context();

} // namespace troupe::cluster
