#include "cluster/tls/verdict.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <ctime>

namespace troupe::cluster {

namespace {

void free_verdict(void*, void* what, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<verdict*>(what);
}

int verdict_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_verdict);
  return index;
}

bool is_on_a_list(X509_STORE_CTX* chain, X509* x, X509* issuer) {
  auto* lists = X509_STORE_CTX_get1_crls(chain, X509_get_issuer_name(x));
  bool found = false;
  for (int i = 0; i < sk_X509_CRL_num(lists) && !found; ++i) {
    auto* list = sk_X509_CRL_value(lists, i);
    X509_REVOKED* entry = nullptr;
    found = X509_CRL_get0_by_cert(list, &entry, x) == 1 && X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1;
  }
  sk_X509_CRL_pop_free(lists, X509_CRL_free);
  ERR_clear_error();
  return found;
}

int check_chain(X509_STORE_CTX* chain, void*) {
  const int ok = verify_with_all_lists(chain);
  auto* ssl = static_cast<SSL*>(
    X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* found = verdict_of(ssl);
  if (found == nullptr)
    return ok;
  if (auto* leaf = X509_STORE_CTX_get0_cert(chain))
    found->claimed = common_name(X509_get_subject_name(leaf));
  if (ok != 1)
    found->why = refusal_in_words(chain, found->clock, found->checked_at);
  return ok;
}

std::string clock_says(wall_ms clock, wall_ms checked_at) {
  const auto text = fmt::format("this node's clock says {}", day(clock));
  if (checked_at > clock)
    return fmt::format("{}, but it cannot be before {}; if {} is not today, this node's clock is wrong: set it. If it is, the clock "
                       "was ahead once: stop the node, delete clock.floor in its PKI folder, start it",
                       text, day(checked_at), day(clock));
  return text + "; if that is not today, this node's clock is wrong: set it";
}

std::string utf8(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  std::string out;
  if (size > 0)
    out.assign(bytes, bytes + size);
  OPENSSL_free(bytes);
  for (unsigned char c : out)
    if (c < 0x20 || c == 0x7f)
      return "";
  return out;
}

} // namespace

int verify_with_all_lists(X509_STORE_CTX* chain) {
  const int ok = X509_verify_cert(chain);
  const auto* all = ok == 1 ? X509_STORE_CTX_get0_chain(chain) : nullptr;
  for (int i = 0; i + 1 < sk_X509_num(all); ++i)
    if (auto* x = sk_X509_value(all, i); is_on_a_list(chain, x, sk_X509_value(all, i + 1))) {
      X509_STORE_CTX_set_current_cert(chain, x);
      X509_STORE_CTX_set_error_depth(chain, i);
      X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REVOKED);
      return 0;
    }
  return ok;
}

bool attach_verdict(SSL* ssl, wall_ms clock, wall_ms floor) {
  auto* made = new verdict{clock, std::max(clock, floor), "", ""};
  if (SSL_set_ex_data(ssl, verdict_index(), made) != 1) {
    delete made;
    return false;
  }
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl),
                             static_cast<time_t>(made->checked_at / 1000));
  return true;
}

verdict* verdict_of(const SSL* ssl) {
  return ssl == nullptr ? nullptr
                        : static_cast<verdict*>(SSL_get_ex_data(ssl, verdict_index()));
}

void record_verdicts(SSL_CTX* ctx) {
  SSL_CTX_set_cert_verify_callback(ctx, check_chain, nullptr);
}

int tolerate(int ok, X509_STORE_CTX* chain) {
  if (ok == 1)
    return 1;
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  switch (X509_STORE_CTX_get_error(chain)) {
  case X509_V_ERR_CERT_NOT_YET_VALID:
    if (const auto* at = verdict_of(ssl); at == nullptr || at->clock >= at->checked_at)
      return 0;
    [[fallthrough]];
  case X509_V_ERR_UNABLE_TO_GET_CRL:
  case X509_V_ERR_CRL_HAS_EXPIRED:
  case X509_V_ERR_CRL_NOT_YET_VALID: X509_STORE_CTX_set_error(chain, X509_V_OK); return 1;
  default: return 0;
  }
}

std::string refusal_in_words(X509_STORE_CTX* chain, wall_ms clock, wall_ms checked_at) {
  auto* at = X509_STORE_CTX_get_current_cert(chain);
  if (at == nullptr)
    at = X509_STORE_CTX_get0_cert(chain);
  const auto code = X509_STORE_CTX_get_error(chain);
  if (at == nullptr)
    return X509_verify_cert_error_string(code);
  const auto whose = "certificate of " + common_name(X509_get_subject_name(at));
  switch (code) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return fmt::format("{} expired on {} ({}); renew it with `troupe pki renew`", whose, day(time_of(X509_get0_notAfter(at))),
                       clock_says(clock, checked_at));
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return fmt::format("{} is not valid before {} ({})", whose,
                       day(time_of(X509_get0_notBefore(at))),
                       clock_says(clock, checked_at));
  case X509_V_ERR_CERT_REVOKED:
    return fmt::format("{} with serial {} was revoked; if it belongs to the house, it needs a new one (`troupe join`)", whose,
                       serial_of(X509_get0_serialNumber(at)));
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    return fmt::format("{} comes from the authority '{}', which this node does not trust; `troupe join` gives it one of this house",
                       whose, common_name(X509_get_issuer_name(at)));
  default: return fmt::format("{}: {}", whose, X509_verify_cert_error_string(code));
  }
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0)
    return "";
  return utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))).substr(0, 64);
}

std::string printable(const std::string& text) {
  auto out = text.substr(0, 64);
  for (auto& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  return out;
}

std::string only_entry(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
    return "";
  return utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string serial_of(const ASN1_INTEGER* serial) {
  std::unique_ptr<BIGNUM, openssl_delete<&BN_free>> number{
    ASN1_INTEGER_to_BN(serial, nullptr)};
  if (!number)
    return "";
  char* hex = BN_bn2hex(number.get());
  std::string text = hex == nullptr ? "" : hex;
  OPENSSL_free(hex);
  for (auto& c : text)
    c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return text;
}

wall_ms time_of(const ASN1_TIME* at) {
  std::tm parts{};
  if (at == nullptr || ASN1_TIME_to_tm(at, &parts) != 1)
    return 0;
  return wall_ms{timegm(&parts)} * 1000;
}

std::string day(wall_ms at) {
  const auto seconds = static_cast<time_t>(at / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday);
}

} // namespace troupe::cluster
