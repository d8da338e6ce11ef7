#pragma once

#include "cluster/identity/time_floor.hpp"
#include "cluster/link/messages.hpp"
#include "cluster/tls/context.hpp"
#include "storage/journal.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::daemon {

/// Keeps what proves this node's name and whom it trusts: the files of its PKI
/// folder, fresh while it runs. Takes over authorities and revocations that
/// peers offer, if somebody it trusts signed them; asks for a new certificate
/// long before the old one ends.
///
/// Threads: any; those that write are for the chores' thread. A file that
/// cannot be used changes nothing and is told.
class trust_keeper {
public:
  /// Is this answer to a renewal one that this node can use? If not: why.
  using fits = std::function<status(const nlohmann::json& answer)>;

  struct options {
    cluster::credential_files files;
    const clock_source* clocks = &system_clocks();
    /// For the journal, at this level: "certificate", "renewed, valid until ..."
    std::function<void(storage::severity level, const std::string& text)> tell;
    /// The files have changed: load them where they are used, offer them on.
    /// @returns what could not be used
    std::function<status()> reloaded;
    /// On a server that enrols: joins these lists with its own and writes both.
    /// Empty: lists that differ are kept side by side.
    /// @returns true: the file changed
    std::function<result<bool>(const std::string& lists_pem)> merge;
    /// A peer knows less than this node: offer ours again.
    std::function<void()> answer;
    /// Asks those with an issuer, one after the other, until an answer fits: any
    /// linked node may answer, and not each means well. @returns {"certificate",
    /// "authorities", "revoked"}
    std::function<result<nlohmann::json>(const std::string& request_pem, const fits& check)> renew;
    /// Does this node hold an issuer? Then `renew` signs here, and helps also when
    /// the own certificate has ended. Empty: no.
    std::function<bool()> signs;
  };
  [[nodiscard]] static result<std::unique_ptr<trust_keeper>> open(options how);

  /// For new connections of the control interface. Never null.
  [[nodiscard]] std::shared_ptr<const cluster::tls_context> context() const;

  /// Loads the files again, here and where `reloaded` says.
  [[nodiscard]] status reload();

  /// What this node's peers are told.
  [[nodiscard]] cluster::trust_offer offer() const;
  /// What a peer told. What this node has and the peer lacks is answered, once
  /// for each thing it told: two that cannot agree do not talk for ever.
  void offered(const std::string& from, const cluster::trust_offer& x);

  /// About every minute: loads files that a command changed, renews the
  /// certificate when it is time, lets the floor of time rise.
  void look_after();
  /// The same when a peer has come: who could not be asked before may be there now.
  void look_after_again();
  void close(); ///< keeps the time

  struct certificate_state {
    std::string serial;
    wall_ms from = 0;
    wall_ms until = 0;
    wall_ms renew_at = 0;
  };
  [[nodiscard]] certificate_state certificate() const;
  /// The newest time that this node knows for certain.
  [[nodiscard]] wall_ms floor() const;
  /// What is wrong between this machine's clock and its certificate, and what to
  /// do; empty: nothing.
  [[nodiscard]] std::string clock_trouble() const;
  /// First 16 hex digits of the oldest root's SHA-256: whose house this is.
  [[nodiscard]] std::string house() const;

private:
  explicit trust_keeper(options how) : how_(std::move(how)) {}
  [[nodiscard]] status load(cluster::tls_context::own how = cluster::tls_context::own::checked);
  void take_revocations(std::string seen);
  void keep_revocations();
  void look_at_clock();
  [[nodiscard]] std::string texts() const;
  [[nodiscard]] bool signs() const { return how_.signs && how_.signs(); }
  void renew();
  [[nodiscard]] bool is_told_already(const std::string& why);
  [[nodiscard]] status check_renewed(const std::string& chain) const;
  void say(storage::severity level, const std::string& text) const;

  options how_;
  mutable std::mutex mutex_;
  std::shared_ptr<const cluster::tls_context> context_;
  certificate_state state_;
  std::optional<identity::time_floor> floor_;
  mutable std::mutex floor_mutex_; ///< of the floor; may be held while it writes
  mono_ns try_again_at_ = 0;
  std::string seen_; ///< certificate, authorities and lists as they were loaded
  std::string lists_; ///< `revoked.crl` as it was last in use
  bool nobody_there_ = false; ///< why the last renewal failed
  std::string failure_told_;  ///< of an ended certificate, its numbers left out
  mono_ns tell_again_at_ = 0;
  std::string trouble_told_, trouble_serial_; ///< its sort, and of which certificate
  std::map<std::string, std::string> answered_; ///< by peer: the lists that were answered with ours
};

} // namespace troupe::daemon
