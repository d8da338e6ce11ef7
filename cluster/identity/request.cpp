#include "cluster/identity/request.hpp"

#include "cluster/identity/names.hpp"
#include "cluster/identity/ssl.hpp"

#include <openssl/pem.h>

namespace troupe::identity {

namespace {

// Requests of ours have 600 bytes; an RSA-4096 one 1,800.
constexpr std::size_t max_bytes = 16384;

/// P-256 or better, Ed25519, RSA from 2048: what TLS 1.3 peers take.
bool is_strong(const EVP_PKEY* key) {
  return EVP_PKEY_get_security_bits(key) >= 112
         && (EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "ED25519"));
}

} // namespace

result<std::string> make_request(const private_key& key, const std::string& name) {
  if (auto fine = check_name(name); !fine)
    return fine.why();
  const ssl::request made{X509_REQ_new()};
  const bool done
    = made && X509_REQ_set_version(made.get(), 0) == 1
      && X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1
      && X509_REQ_set_pubkey(made.get(), key.get()) == 1
      && X509_REQ_sign(made.get(), key.get(), ssl::digest_for(key.get())) > 0;
  const auto out = ssl::writer();
  if (!done || PEM_write_bio_X509_REQ(out.get(), made.get()) != 1)
    return error{errc::io_error, fmt::format("the request for {} could not be made: {}", name, ssl::why())};
  return ssl::text_of(out);
}

result<request> request::read(const std::string& pem) {
  if (pem.size() > max_bytes)
    return error{errc::over_limit, fmt::format("a request has at most {} bytes, this has {}", max_bytes, pem.size())};
  const auto in = ssl::reader(pem);
  request result;
  result.content_.reset(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr), X509_REQ_free);
  if (!result.content_)
    return error{errc::untrusted, fmt::format("this is no certificate request in PEM form: {}", ssl::why())};
  result.name_ = ssl::field(X509_REQ_get_subject_name(result.content_.get()), NID_commonName);
  if (auto fine = check_name(result.name_); !fine)
    return error{errc::untrusted, fmt::format("the request's CN: {}", fine.why().context)};
  EVP_PKEY* key = result.key();
  if (!key || !is_strong(key))
    return error{errc::untrusted, fmt::format("the key in the request for {} is too weak or of an unknown kind: "
                                              "use P-256, Ed25519 or RSA from 2048 bits", result.name_)};
  if (X509_REQ_verify(result.content_.get(), key) != 1) {
    (void) ssl::why();
    return error{errc::untrusted, fmt::format("the request for {} is not signed by the key in it: whoever sent "
                                              "it may not hold that key", result.name_)};
  }
  return result;
}

std::string request::public_digest() const {
  return ssl::digest_of(key());
}

EVP_PKEY* request::key() const {
  return X509_REQ_get0_pubkey(content_.get());
}

} // namespace troupe::identity
