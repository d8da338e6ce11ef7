#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

/// OpenSSL's objects with an owner. Inside cluster/identity only.
namespace troupe::identity::ssl {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* x) const noexcept { Free(x); }
};

using bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using cert = std::unique_ptr<X509, freed_by<X509_free>>;
using request = std::unique_ptr<X509_REQ, freed_by<X509_REQ_free>>;
using crl = std::unique_ptr<X509_CRL, freed_by<X509_CRL_free>>;
using name = std::unique_ptr<X509_NAME, freed_by<X509_NAME_free>>;
using integer = std::unique_ptr<ASN1_INTEGER, freed_by<ASN1_INTEGER_free>>;
using time = std::unique_ptr<ASN1_TIME, freed_by<ASN1_TIME_free>>;
using number = std::unique_ptr<BIGNUM, freed_by<BN_free>>;

[[nodiscard]] bio reader(const std::string& text); ///< of `text`, which outlives it
[[nodiscard]] bio writer();
[[nodiscard]] std::string text_of(const bio& x);

/// The reason on top of OpenSSL's queue; the queue is emptied.
[[nodiscard]] std::string why();

[[nodiscard]] std::string sha256(const void* data, std::size_t size); ///< 32 raw bytes
[[nodiscard]] std::string hex(const std::string& raw);                ///< lower case
[[nodiscard]] std::string hex(const ASN1_INTEGER* serial);            ///< lower case, no colons
[[nodiscard]] std::string field(const X509_NAME* of, int nid); ///< empty: none or several
[[nodiscard]] std::string digest_of(EVP_PKEY* key); ///< SHA-256 of the public key's DER, hex

/// What signs with this key: SHA-256, or nothing for Ed25519, which brings its own.
[[nodiscard]] const EVP_MD* digest_for(const EVP_PKEY* key);

/// A random positive serial number of 16 bytes.
[[nodiscard]] integer new_serial();

} // namespace troupe::identity::ssl
