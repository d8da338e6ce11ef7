#include "tests/support/test_pki.hpp"

#include "cluster/tls/openssl.hpp"
#include "cluster/tls/verdict.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace troupe::test {

using namespace cluster;

namespace {

void must(bool ok) {
  if (ok)
    return;
  std::cerr << "test_pki: " << openssl_errors() << '\n';
  std::abort();
}

owned_key new_key() {
  owned_key key{EVP_EC_gen("P-256")};
  must(key != nullptr);
  return key;
}

template <class Write>
std::string pem(Write write) {
  owned_bio bio{BIO_new(BIO_s_mem())};
  must(write(bio.get()) == 1);
  char* at = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &at);
  return {at, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* x) {
  return pem([x](BIO* out) { return PEM_write_bio_X509(out, x); });
}

void add(X509_NAME* name, const char* field, const std::string& value) {
  must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(value.data()),
                                  static_cast<int>(value.size()), -1, 0)
       == 1);
}

void extend(X509* x, X509* issuer, int nid, const char* value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, x, nullptr, nullptr, 0);
  auto* made = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value);
  must(made != nullptr && X509_add_ext(x, made, -1) == 1);
  X509_EXTENSION_free(made);
}

owned_x509 blank(EVP_PKEY* key, long from, long until) {
  owned_x509 x{X509_new()};
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  serial[0] = 0x4a;
  std::unique_ptr<BIGNUM, openssl_delete<&BN_free>> number{
    BN_bin2bn(serial, sizeof serial, nullptr)};
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x.get())) != nullptr);
  X509_set_version(x.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), until);
  must(X509_set_pubkey(x.get(), key) == 1);
  return x;
}

} // namespace

struct test_authority::parts {
  owned_key key = new_key();
  owned_x509 own;
  std::string chain; ///< what a leaf shows behind its own certificate

  owned_x509 make_authority(const std::string& name, EVP_PKEY* its_key, bool self) const {
    auto x = blank(its_key, -24L * 3600, 3650L * 24 * 3600);
    add(X509_get_subject_name(x.get()), "CN", name);
    auto* issuer = self ? x.get() : own.get();
    X509_set_issuer_name(x.get(), X509_get_subject_name(issuer));
    extend(x.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
    extend(x.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(x.get(), issuer, NID_subject_key_identifier, "hash");
    must(X509_sign(x.get(), key.get(), EVP_sha256()) > 0);
    return x;
  }
};

test_authority::test_authority(const std::string& name)
    : parts_(std::make_unique<parts>()) {
  parts_->own = parts_->make_authority(name, parts_->key.get(), true);
}

test_authority::test_authority(std::unique_ptr<parts> x) : parts_(std::move(x)) {}
test_authority::test_authority(test_authority&&) noexcept = default;
test_authority::~test_authority() = default;

test_authority test_authority::below(const std::string& name) const {
  auto made = std::make_unique<parts>();
  made->own = parts_->make_authority(name, made->key.get(), false);
  made->chain = pem_of(made->own.get()) + parts_->chain;
  return test_authority{std::move(made)};
}

test_leaf test_authority::issue(const std::string& cn, const std::string& ou,
                                const leaf_options& how) const {
  auto key = new_key();
  auto x = blank(key.get(), how.from, how.until);
  auto* subject = X509_get_subject_name(x.get());
  if (!cn.empty())
    add(subject, "CN", cn);
  for (const auto& more : how.more_cns)
    add(subject, "CN", more);
  if (!ou.empty())
    add(subject, "OU", ou);
  X509_set_issuer_name(x.get(), X509_get_subject_name(parts_->own.get()));
  extend(x.get(), parts_->own.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(x.get(), parts_->own.get(), NID_key_usage, "critical,digitalSignature");
  extend(x.get(), parts_->own.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  must(X509_sign(x.get(), parts_->key.get(), EVP_sha256()) > 0);
  return {pem_of(x.get()) + parts_->chain, pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr);
          }),
          serial_of(X509_get0_serialNumber(x.get()))};
}

std::string test_authority::crl(const std::vector<std::string>& serials) const {
  owned_crl list{X509_CRL_new()};
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(parts_->own.get()));
  std::unique_ptr<ASN1_TIME, openssl_delete<&ASN1_TIME_free>> at{
    X509_gmtime_adj(nullptr, -60)};
  X509_CRL_set1_lastUpdate(list.get(), at.get());
  X509_gmtime_adj(at.get(), 24L * 3600);
  X509_CRL_set1_nextUpdate(list.get(), at.get());
  X509_gmtime_adj(at.get(), -60);
  for (const auto& serial : serials) {
    BIGNUM* number = nullptr;
    must(BN_hex2bn(&number, serial.c_str()) > 0);
    auto* value = BN_to_ASN1_INTEGER(number, nullptr);
    auto* entry = X509_REVOKED_new();
    must(X509_REVOKED_set_serialNumber(entry, value) == 1
         && X509_REVOKED_set_revocationDate(entry, at.get()) == 1
         && X509_CRL_add0_revoked(list.get(), entry) == 1);
    ASN1_INTEGER_free(value);
    BN_free(number);
  }
  X509_CRL_sort(list.get());
  must(X509_CRL_sign(list.get(), parts_->key.get(), EVP_sha256()) > 0);
  return pem([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

std::string test_authority::certificate() const {
  return pem_of(parts_->own.get());
}

std::string test_authority::serial() const {
  return serial_of(X509_get0_serialNumber(parts_->own.get()));
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::trunc | std::ios::binary} << text;
}

credential_files write_credentials(const std::string& folder, const test_leaf& leaf,
                                   const std::string& authorities, const std::string& crl) {
  auto files = credential_files::in(folder);
  write_file(files.certificate, leaf.chain);
  write_file(files.key, leaf.key);
  write_file(files.authorities, authorities);
  if (!crl.empty())
    write_file(files.revoked, crl);
  return files;
}

} // namespace troupe::test
