#pragma once

#include "config/model/result.hpp"

#include <memory>
#include <string>

using EVP_PKEY = struct evp_pkey_st;

namespace troupe::identity {

enum class key_algorithm { p256, ed25519 };

/// "p256", "ed25519". @returns `invalid_argument` with the choice.
[[nodiscard]] result<key_algorithm> algorithm_from(const std::string& text);

/// A private key. Copies share it.
class private_key {
public:
  [[nodiscard]] static result<private_key> make(key_algorithm kind);

  /// @param what  whose key, for the error: a path
  /// @returns `untrusted`: not a key, or not this passphrase.
  [[nodiscard]] static result<private_key> read(const std::string& pem, const std::string& what,
                                                const std::string& passphrase = {});

  [[nodiscard]] std::string pem() const; ///< PKCS#8, in the clear

  /// PKCS#8, AES-256 under PBKDF2 with 600,000 rounds of HMAC-SHA-256: who
  /// steals the file pays a tenth of a second for each guess.
  [[nodiscard]] result<std::string> pem(const std::string& passphrase) const;

  [[nodiscard]] std::string public_digest() const; ///< SHA-256 of the public key, hex
  [[nodiscard]] EVP_PKEY* get() const noexcept { return key_.get(); }
  [[nodiscard]] key_algorithm kind() const;

private:
  explicit private_key(EVP_PKEY* owned);
  std::shared_ptr<EVP_PKEY> key_;
};

} // namespace troupe::identity
