#include "cluster/identity/crl.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/ssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

namespace troupe::identity {

namespace {

ssl::integer serial_from(const std::string& hex) {
  BIGNUM* raw = nullptr;
  if (BN_hex2bn(&raw, hex.c_str()) != static_cast<int>(hex.size()))
    return nullptr;
  const ssl::number x{raw};
  return ssl::integer{BN_to_ASN1_INTEGER(x.get(), nullptr)};
}

bool add_serial(X509_CRL* to, const std::string& serial, wall_ms at) {
  std::unique_ptr<X509_REVOKED, ssl::freed_by<X509_REVOKED_free>> entry{X509_REVOKED_new()};
  const ssl::time when{ASN1_TIME_new()};
  auto number = serial_from(serial);
  if (!entry || !when || !number || !set_asn1(when.get(), at)
      || X509_REVOKED_set_serialNumber(entry.get(), number.get()) != 1
      || X509_REVOKED_set_revocationDate(entry.get(), when.get()) != 1
      || X509_CRL_add0_revoked(to, entry.get()) != 1)
    return false;
  (void) entry.release();
  return true;
}

bool add_extensions(X509_CRL* to, const certificate& authority, std::int64_t number) {
  const ssl::integer value{ASN1_INTEGER_new()};
  if (!value || ASN1_INTEGER_set_int64(value.get(), number) != 1
      || X509_CRL_add1_ext_i2d(to, NID_crl_number, value.get(), 0, 0) != 1)
    return false;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, authority.get(), nullptr, nullptr, to, 0);
  std::unique_ptr<X509_EXTENSION, ssl::freed_by<X509_EXTENSION_free>> made{
    X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always")};
  return made && X509_CRL_add_ext(to, made.get(), -1) == 1;
}

} // namespace

revocation_list::revocation_list(X509_CRL* owned) : content_(owned, X509_CRL_free) {
}

result<std::vector<revocation_list>> revocation_list::read_all(const std::string& pem,
                                                               const std::string& what) {
  const auto in = ssl::reader(pem);
  std::vector<revocation_list> result;
  while (X509_CRL* x = PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)) {
    result.emplace_back(x);
    if (result.size() > max_in_a_file)
      return error{errc::over_limit, fmt::format("{} holds more than {} revocation lists", what, max_in_a_file)};
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto reason = ssl::why();
  if (!ended)
    return error{errc::corrupt, fmt::format("revocation list {} in {} cannot be read: {}", result.size() + 1, what, reason)};
  return result;
}

std::int64_t revocation_list::number() const {
  const ssl::integer x{
    static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(content_.get(), NID_crl_number, nullptr, nullptr))};
  std::int64_t result = -1;
  if (!x || ASN1_INTEGER_get_int64(&result, x.get()) != 1)
    return -1;
  return result;
}

wall_ms revocation_list::made() const {
  return from_asn1(X509_CRL_get0_lastUpdate(content_.get()));
}

revoked_serials revocation_list::serials() const {
  revoked_serials result;
  const auto* all = X509_CRL_get_REVOKED(content_.get());
  for (int i = 0; i < sk_X509_REVOKED_num(all); ++i) {
    const auto* x = sk_X509_REVOKED_value(all, i);
    result.emplace(ssl::hex(X509_REVOKED_get0_serialNumber(x)),
                   from_asn1(X509_REVOKED_get0_revocationDate(x)));
  }
  return result;
}

std::string revocation_list::authority() const {
  return ssl::field(X509_CRL_get_issuer(content_.get()), NID_commonName);
}

bool revocation_list::is_signed_by(const certificate& signer) const {
  if (X509_NAME_cmp(X509_CRL_get_issuer(content_.get()), X509_get_subject_name(signer.get())) != 0
      || (X509_get_key_usage(signer.get()) & KU_CRL_SIGN) == 0 || !signer.is_authority())
    return false;
  const bool fine = X509_CRL_verify(content_.get(), X509_get0_pubkey(signer.get())) == 1;
  ERR_clear_error();
  return fine;
}

std::string revocation_list::pem() const {
  const auto out = ssl::writer();
  PEM_write_bio_X509_CRL(out.get(), content_.get());
  return ssl::text_of(out);
}

result<revocation_list> make_list(const certificate& authority, const private_key& key,
                                  std::int64_t number, const revoked_serials& serials, wall_ms now) {
  ssl::crl made{X509_CRL_new()};
  const ssl::time last{ASN1_TIME_new()}, next{ASN1_TIME_new()};
  bool done = made && last && next && X509_CRL_set_version(made.get(), X509_CRL_VERSION_2) == 1
              && X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(authority.get())) == 1
              && set_asn1(last.get(), std::max(authority.from(), now - one_hour))
              && set_asn1(next.get(), authority.until())
              && X509_CRL_set1_lastUpdate(made.get(), last.get()) == 1
              && X509_CRL_set1_nextUpdate(made.get(), next.get()) == 1
              && add_extensions(made.get(), authority, number);
  for (auto& [serial, at] : serials)
    done = done && add_serial(made.get(), serial, at);
  done = done && X509_CRL_sort(made.get()) == 1
         && X509_CRL_sign(made.get(), key.get(), ssl::digest_for(key.get())) > 0;
  if (!done)
    return error{errc::io_error, fmt::format("the revocation list of {} could not be made: {}", authority.name(), ssl::why())};
  return revocation_list{made.release()};
}

bool covers(const revocation_list& a, const revocation_list& b) {
  const auto of_a = a.serials(), of_b = b.serials();
  if (!std::all_of(of_b.begin(), of_b.end(), [&](auto& x) { return of_a.contains(x.first); }))
    return false;
  if (of_a.size() != of_b.size() || a.number() != b.number())
    return of_a.size() > of_b.size() || a.number() > b.number();
  return a.pem() >= b.pem(); // a signature is another each time
}

std::string pem_of(const std::vector<revocation_list>& all) {
  std::string result;
  for (auto& x : all)
    result += x.pem();
  return result;
}

bool is_revoked(const certificate& x, const std::vector<revocation_list>& lists) {
  // The issuer's name is enough here, each has its own: what stands in
  // our folder was checked when it was taken in.
  for (auto& list : lists)
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_issuer_name(x.get())) == 0
        && list.serials().contains(x.serial()))
      return true;
  return false;
}

} // namespace troupe::identity
