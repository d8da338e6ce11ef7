#include "cluster/identity/ssl.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cctype>

namespace troupe::identity::ssl {

bio reader(const std::string& text) {
  return bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

bio writer() {
  return bio{BIO_new(BIO_s_mem())};
}

std::string text_of(const bio& x) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(x.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string{};
}

std::string why() {
  const auto code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason ? reason : "no reason given";
}

std::string sha256(const void* data, std::size_t size) {
  std::string result(SHA256_DIGEST_LENGTH, '\0');
  SHA256(static_cast<const unsigned char*>(data), size,
         reinterpret_cast<unsigned char*>(result.data()));
  return result;
}

std::string hex(const std::string& raw) {
  std::string result;
  for (unsigned char c : raw)
    result += fmt::format("{:02x}", c);
  return result;
}

std::string hex(const ASN1_INTEGER* serial) {
  const number x{ASN1_INTEGER_to_BN(serial, nullptr)};
  if (!x)
    return {};
  char* text = BN_bn2hex(x.get());
  std::string result = text ? text : "";
  OPENSSL_free(text);
  for (auto& c : result)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::string field(const X509_NAME* of, int nid) {
  const int at = X509_NAME_get_index_by_NID(of, nid, -1);
  // Two of them would let a reader and a checker look at different ones.
  if (at < 0 || X509_NAME_get_index_by_NID(of, nid, at) >= 0)
    return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(of, at)));
  if (size < 0)
    return {};
  std::string result(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  // A zero byte would end the name early for whoever reads it as a C string.
  return result.find('\0') == std::string::npos ? result : std::string{};
}

std::string digest_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0)
    return {};
  auto result = hex(sha256(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return result;
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") ? nullptr : EVP_sha256();
}

integer new_serial() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1)
    return nullptr;
  // Positive, and always of the same length.
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);
  const number x{BN_bin2bn(bytes, sizeof bytes, nullptr)};
  return integer{x ? BN_to_ASN1_INTEGER(x.get(), nullptr) : nullptr};
}

} // namespace troupe::identity::ssl
