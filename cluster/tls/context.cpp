#include "cluster/tls/context.hpp"

#include "cluster/tls/files.hpp"
#include "cluster/tls/openssl.hpp"
#include "cluster/tls/verdict.hpp"

#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::cluster {

result<peer_identity> identity_in(X509* certificate);

namespace {

class loaded_context final : public tls_context {
public:
  SSL* accept(int fd, ask whom) const override {
    static constexpr int modes[] = {SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                    SSL_VERIFY_PEER, SSL_VERIFY_NONE};
    auto ssl = make(fd);
    if (!ssl)
      return nullptr;
    SSL_set_verify(ssl.get(), modes[static_cast<int>(whom)], nullptr);
    SSL_set_accept_state(ssl.get());
    return ssl.release();
  }

  SSL* connect(int fd) const override {
    auto ssl = make(fd);
    if (!ssl)
      return nullptr;
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, nullptr);
    SSL_set_connect_state(ssl.get());
    return ssl.release();
  }

  const peer_identity& self() const override { return self_; }

  bool is_revoked(const std::string& issuer, const std::string& serial) const override {
    return revoked_.count({issuer, serial}) > 0;
  }

  status load(const credential_files& files, const clock_source& clocks, own how);

private:
  owned_ssl make(int fd) const {
    owned_ssl ssl{SSL_new(ctx_.get())};
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1
        || !attach_verdict(ssl.get(), clocks_->wall(), floor_))
      return nullptr;
    return ssl;
  }

  status trust(const std::vector<owned_x509>& authorities, const std::vector<owned_x509>& own_chain,
               const std::vector<owned_crl>& lists);
  void believe(X509_CRL* list, const std::vector<X509*>& signers);
  status present(const credential_files& files, std::vector<owned_x509> chain,
                 owned_key key);
  status check_own(const credential_files& files, X509* own, bool at_any_time) const;

  const clock_source* clocks_ = nullptr;
  owned_ssl_ctx ctx_;
  wall_ms floor_ = 0;
  peer_identity self_;
  std::set<std::pair<std::string, std::string>> revoked_; ///< serials: of the issuer, of what it issued
};

std::string serial_in(X509* of) { return serial_of(X509_get0_serialNumber(of)); }

bool is_root(X509* x) { return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0; }

/// Several: a root that was crossed has two certificates with one key.
std::vector<X509*> signers_of(X509_CRL* list, const std::vector<X509*>& all) {
  std::vector<X509*> found;
  for (auto* x : all)
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(x)) == 0
        && X509_CRL_verify(list, X509_get0_pubkey(x)) == 1)
      found.push_back(x);
  ERR_clear_error();
  return found;
}

void loaded_context::believe(X509_CRL* list, const std::vector<X509*>& signers) {
  auto* entries = X509_CRL_get_REVOKED(list);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i)
    for (auto* by : signers)
      revoked_.emplace(serial_in(by), serial_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))));
}

status loaded_context::trust(const std::vector<owned_x509>& authorities, const std::vector<owned_x509>& own_chain,
                             const std::vector<owned_crl>& lists) {
  auto* store = SSL_CTX_get_cert_store(ctx_.get());
  for (const auto& one : authorities)
    if (X509_STORE_add_cert(store, one.get()) != 1)
      return error{errc::untrusted, openssl_errors()};
  std::vector<X509*> known;
  for (const auto& x : authorities)
    known.push_back(x.get());
  for (std::size_t i = 1; i < own_chain.size(); ++i)
    known.push_back(own_chain[i].get());
  std::vector<std::pair<X509_CRL*, std::vector<X509*>>> below;
  for (const auto& list : lists) {
    if (X509_STORE_add_crl(store, list.get()) != 1)
      return error{errc::untrusted, openssl_errors()};
    auto by = signers_of(list.get(), known);
    if (std::any_of(by.begin(), by.end(), is_root))
      believe(list.get(), by);
    else
      below.emplace_back(list.get(), std::move(by));
  }
  const auto is_gone = [&](X509* x) {
    return std::any_of(known.begin(), known.end(), [&](X509* root) {
      return is_root(root) && X509_check_issued(root, x) == X509_V_OK && is_revoked(serial_in(root), serial_in(x));
    });
  };
  for (auto& [list, by] : below) {
    std::erase_if(by, is_gone);
    believe(list, by);
  }
  if (!lists.empty())
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  X509_STORE_set_verify_cb(store, tolerate);
  return {};
}

status loaded_context::present(const credential_files& files, std::vector<owned_x509> chain,
                               owned_key key) {
  if (SSL_CTX_use_certificate(ctx_.get(), chain.front().get()) != 1)
    return error{errc::untrusted,
                 fmt::format("{} (certificate): {}", files.certificate, openssl_errors())};
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(ctx_.get(), chain[i].get()) != 1)
      return error{errc::untrusted, fmt::format("{} (certificate): {}", files.certificate,
                                                openssl_errors())};
  if (X509_check_private_key(chain.front().get(), key.get()) != 1
      || SSL_CTX_use_PrivateKey(ctx_.get(), key.get()) != 1) {
    ERR_clear_error();
    return error{
      errc::untrusted,
      fmt::format("{} (private key) does not belong to the certificate in {}; if both are "
                  "being replaced, reload when both are there",
                  files.key, files.certificate)};
  }
  return {};
}

// A certificate that every peer would refuse is found here, where it can be
// repaired, instead of in the peers' logs.
status loaded_context::check_own(const credential_files& files, X509* own, bool at_any_time) const {
  owned_store_ctx chain{X509_STORE_CTX_new()};
  STACK_OF(X509)* others = nullptr;
  SSL_CTX_get0_chain_certs(ctx_.get(), &others);
  if (!chain
      || X509_STORE_CTX_init(chain.get(), SSL_CTX_get_cert_store(ctx_.get()), own, others)
           != 1)
    return error{errc::io_error, "out of memory"};
  const auto clock = clocks_->wall();
  const auto at = std::max(clock, floor_);
  if (at_any_time) // with a time set the flag would be passed over
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(chain.get()), X509_V_FLAG_NO_CHECK_TIME);
  else
    X509_STORE_CTX_set_time(chain.get(), 0, static_cast<time_t>(at / 1000));
  if (verify_with_all_lists(chain.get()) == 1)
    return {};
  auto why = refusal_in_words(chain.get(), clock, at);
  ERR_clear_error();
  return error{errc::untrusted, fmt::format("{}: {} (authorities: {})", files.certificate,
                                            why, files.authorities)};
}

status loaded_context::load(const credential_files& files, const clock_source& clocks, own how) {
  clocks_ = &clocks;
  ctx_ = new_tls13_context();
  if (!ctx_)
    return error{errc::io_error, "out of memory for a TLS context"};
  record_verdicts(ctx_.get());
  auto chain = read_certificates(files.certificate, "certificate");
  if (!chain)
    return chain.why();
  auto key = read_key(files.key);
  if (!key)
    return key.why();
  auto authorities = read_certificates(files.authorities, "authorities");
  if (!authorities)
    return authorities.why();
  auto lists = read_revoked(files.revoked);
  if (!lists)
    return lists.why();
  auto floor = read_time_floor(files.time_floor);
  if (!floor)
    return floor.why();
  // It cannot be before the first day of what we hold ourselves, and a floor
  // behind its end was left by a clock that ran ahead.
  const auto first_day = time_of(X509_get0_notBefore(chain->front().get()));
  const auto end = time_of(X509_get0_notAfter(chain->front().get()));
  floor_ = *floor > end ? first_day : std::max(*floor, first_day);
  auto self = identity_in(chain->front().get());
  if (!self)
    return error{errc::untrusted,
                 fmt::format("{}: {}", files.certificate, self.why().context)};
  self_ = *self;
  if (auto done = trust(*authorities, *chain, *lists); !done)
    return done;
  auto* own = chain->front().get();
  X509_up_ref(own);
  owned_x509 kept{own};
  if (auto done = present(files, std::move(*chain), std::move(*key)); !done)
    return done;
  return how == own::as_it_is ? status{} : check_own(files, kept.get(), how == own::any_time);
}

} // namespace

std::string tls_context::revoked_serial_of(const peer_identity& who) const {
  const auto* serial = &who.serial;
  for (const auto& issuer : who.issuers) {
    if (is_revoked(issuer, *serial))
      return *serial;
    serial = &issuer;
  }
  return "";
}

result<std::shared_ptr<const tls_context>> tls_context::load(const credential_files& files,
                                                             const clock_source& clocks, own how) {
  ERR_clear_error();
  auto made = std::make_shared<loaded_context>();
  if (auto done = made->load(files, clocks, how); !done)
    return done.why();
  return std::shared_ptr<const tls_context>{std::move(made)};
}

} // namespace troupe::cluster
