#include "cluster/identity/key.hpp"

#include "cluster/identity/ssl.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <cstring>

namespace troupe::identity {

namespace {

// OWASP's number for PBKDF2-HMAC-SHA256.
constexpr int rounds = 600'000;

int give_passphrase(char* buffer, int size, int, void* from) {
  // Without a passphrase OpenSSL would ask on the terminal, also in a daemon.
  const auto& text = *static_cast<const std::string*>(from);
  const int n = static_cast<int>(std::min<std::size_t>(text.size(), static_cast<std::size_t>(size)));
  std::memcpy(buffer, text.data(), static_cast<std::size_t>(n));
  return n;
}

} // namespace

result<key_algorithm> algorithm_from(const std::string& text) {
  if (text == "p256")
    return key_algorithm::p256;
  if (text == "ed25519")
    return key_algorithm::ed25519;
  return error{errc::invalid_argument, fmt::format("there is no key algorithm '{}': p256 or ed25519", text)};
}

private_key::private_key(EVP_PKEY* owned) : key_(owned, EVP_PKEY_free) {
}

result<private_key> private_key::make(key_algorithm kind) {
  EVP_PKEY* key = kind == key_algorithm::p256 ? EVP_EC_gen("P-256")
                                              : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (!key)
    return error{errc::io_error, fmt::format("no key could be made: {}", ssl::why())};
  return private_key{key};
}

result<private_key> private_key::read(const std::string& pem, const std::string& what,
                                      const std::string& passphrase) {
  const auto in = ssl::reader(pem);
  auto given = passphrase;
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in.get(), nullptr, give_passphrase, &given);
  if (key)
    return private_key{key};
  const auto reason = ssl::why();
  const bool encrypted = pem.find("ENCRYPTED") != std::string::npos;
  return error{errc::untrusted, encrypted
                                  ? fmt::format("{} does not open with this passphrase", what)
                                  : fmt::format("{} is no private key in PEM form: {}", what, reason)};
}

std::string private_key::pem() const {
  const auto out = ssl::writer();
  PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return ssl::text_of(out);
}

result<std::string> private_key::pem(const std::string& passphrase) const {
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, ssl::freed_by<PKCS8_PRIV_KEY_INFO_free>> plain{
    EVP_PKEY2PKCS8(key_.get())};
  X509_ALGOR* scheme
    = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, nullptr, 16, nullptr, NID_hmacWithSHA256);
  std::unique_ptr<X509_SIG, ssl::freed_by<X509_SIG_free>> locked;
  if (plain && scheme)
    locked.reset(PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), scheme));
  if (!locked) {
    X509_ALGOR_free(scheme);
    return error{errc::io_error, fmt::format("the key could not be encrypted: {}", ssl::why())};
  }
  const auto out = ssl::writer();
  PEM_write_bio_PKCS8(out.get(), locked.get());
  return ssl::text_of(out);
}

std::string private_key::public_digest() const {
  return ssl::digest_of(key_.get());
}

key_algorithm private_key::kind() const {
  return EVP_PKEY_is_a(key_.get(), "ED25519") ? key_algorithm::ed25519 : key_algorithm::p256;
}

} // namespace troupe::identity
