#include "cluster/identity/certificate.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/ssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace troupe::identity {

namespace {

std::string readable_role(const X509* x) {
  return ssl::field(X509_get_subject_name(x), NID_organizationalUnitName);
}

} // namespace

certificate::certificate(X509* owned) : content_(owned, X509_free) {
}

result<certificate> certificate::read(const std::string& pem, const std::string& what) {
  const auto in = ssl::reader(pem);
  if (X509* x = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
    return certificate{x};
  return error{errc::untrusted, fmt::format("{} holds no certificate in PEM form: {}", what, ssl::why())};
}

result<std::vector<certificate>> certificate::read_all(const std::string& pem, const std::string& what) {
  const auto in = ssl::reader(pem);
  std::vector<certificate> result;
  while (X509* x = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    result.emplace_back(x);
    if (result.size() > max_in_a_file)
      return error{errc::over_limit, fmt::format("{} holds more than {} certificates", what, max_in_a_file)};
  }
  // The end of the text is told as an error, too; a broken one in the middle
  // must not look like it.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto reason = ssl::why();
  if (!ended)
    return error{errc::corrupt, fmt::format("certificate {} in {} cannot be read: {}", result.size() + 1, what, reason)};
  return result;
}

std::string certificate::name() const {
  return ssl::field(X509_get_subject_name(get()), NID_commonName);
}

cluster::role certificate::allowed() const {
  return cluster::role_from(readable_role(get()));
}

std::string certificate::house() const {
  return ssl::field(X509_get_subject_name(get()), NID_organizationName);
}

std::string certificate::serial() const {
  return ssl::hex(X509_get0_serialNumber(get()));
}

std::string certificate::fingerprint() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509(get(), &der);
  if (size <= 0)
    return {};
  auto result = ssl::hex(ssl::sha256(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return result;
}

std::string certificate::public_digest() const {
  return ssl::digest_of(X509_get0_pubkey(get()));
}

wall_ms certificate::from() const {
  return from_asn1(X509_get0_notBefore(get()));
}

wall_ms certificate::until() const {
  return from_asn1(X509_get0_notAfter(get()));
}

bool certificate::is_authority() const {
  // 1: CA by its extensions; other numbers are old guesses of OpenSSL.
  return X509_check_ca(get()) == 1;
}

bool certificate::is_root() const {
  return is_authority() && is_signed_by(*this);
}

bool certificate::is_signed_by(const certificate& signer) const {
  if (X509_NAME_cmp(X509_get_issuer_name(get()), X509_get_subject_name(signer.get())) != 0
      || !signer.is_authority() || (X509_get_key_usage(signer.get()) & KU_KEY_CERT_SIGN) == 0)
    return false;
  const bool fine = X509_verify(get(), X509_get0_pubkey(signer.get())) == 1;
  ERR_clear_error();
  return fine;
}

bool certificate::is_same_authority(const certificate& other) const {
  return X509_NAME_cmp(X509_get_subject_name(get()), X509_get_subject_name(other.get())) == 0
         && public_digest() == other.public_digest();
}

std::string certificate::pem() const {
  const auto out = ssl::writer();
  PEM_write_bio_X509(out.get(), get());
  return ssl::text_of(out);
}

std::string pem_of(const std::vector<certificate>& all) {
  std::string result;
  for (auto& x : all)
    result += x.pem();
  return result;
}

std::vector<certificate> find_chain(const certificate& leaf, const std::vector<certificate>& pool,
                                    const std::vector<certificate>& roots) {
  // Breadth first: chains have four certificates at most unless roots were
  // crossed several times; a loop among the crossed ends by the bound.
  std::vector<std::vector<certificate>> ways = {{leaf}};
  for (std::size_t length = 1; length < 8; ++length) {
    std::vector<std::vector<certificate>> longer;
    for (auto& way : ways) {
      for (auto& root : roots)
        if (way.back().is_signed_by(root)) {
          if (way.back().fingerprint() != root.fingerprint())
            way.push_back(root);
          return way;
        }
      for (auto& x : pool)
        if (!x.is_root() && way.back().is_signed_by(x) && longer.size() < 64) {
          longer.push_back(way);
          longer.back().push_back(x);
        }
    }
    ways = std::move(longer);
  }
  return {};
}

} // namespace troupe::identity
