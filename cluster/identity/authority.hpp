#pragma once

#include "cluster/identity/certificate.hpp"
#include "cluster/identity/crl.hpp"
#include "cluster/identity/index.hpp"
#include "config/model/time.hpp"

#include <optional>

namespace troupe::identity {

/// Who shall get a certificate.
struct issue_order {
  std::string name;
  cluster::role allowed = cluster::role::node;
  unsigned days = default_days;
  /// The name may have a valid certificate, which then is revoked: a new board
  /// takes the place of a broken one.
  bool replace = false;
  /// It begins then, if that is earlier than an hour ago. 0: an hour ago.
  wall_ms begins = 0;

  static constexpr unsigned default_days = 365;
  static constexpr unsigned max_days = 3650;
};

struct issued {
  certificate leaf;
  std::string chain; ///< PEM: leaf, issuer, crossed roots, root
};

/// A folder with an issuer: `issuer.crt`, `issuer.key`, `index.json`, `ca.crt`,
/// `revoked.crl`. What `troupe pki` does without the root's key, and what a
/// server does that enrols boards.
///
/// Nothing is kept in memory: each call reads the files under the folder's
/// lock and leaves them whole, so a command and a daemon may use one folder and
/// a rotated issuer is used at once.
///
/// Threads: any, also of several processes. Blocking: on the disk.
/// Errors:  returned; after one, no certificate was given out. A replaced one may
/// be revoked already: lists are written first.
class authority {
public:
  /// @returns what is missing or does not fit together in `folder`
  [[nodiscard]] static result<authority> open(std::string folder,
                                              const clock_source& clocks = system_clocks());

  /// Signs the request if it is for this very name.
  /// @returns `conflict`: the name has a valid certificate and `replace` is
  ///          false. `untrusted`: another name stands in the request. Also when
  ///          the clock is outside the issuer's life.
  [[nodiscard]] result<issued> issue(const std::string& request_pem, const issue_order& order) const;

  /// A new certificate with the name and role of a valid one; that stays valid
  /// until it ends, since links may use it.
  /// @param presented  proven by TLS, or read from the folder of its owner
  [[nodiscard]] result<issued> renew(const std::string& request_pem, const certificate& presented,
                                     unsigned days = issue_order::default_days) const;
  /// By what TLS told of it: a peer asks, and may ask without end.
  /// @returns `over_limit` within `renewal_pause` of the name's last certificate,
  ///          the presented one not counted
  [[nodiscard]] result<issued> renew(const std::string& request_pem, const std::string& name,
                                     cluster::role allowed, const std::string& serial,
                                     unsigned days = issue_order::default_days, wall_ms begins = 0) const;
  static constexpr milliseconds renewal_pause{3'600'000};

  /// Revokes all valid certificates of a name, or the one with this serial
  /// (hex; also one that is not in this index), and writes a list with a larger number, signed by who issued them.
  /// @param root_key  needed to revoke an issuer
  /// @returns what was revoked; `not_found` if nothing of it is valid
  [[nodiscard]] result<certificate_index> revoke(const std::string& name_or_serial, const std::string& why,
                                                 const std::optional<private_key>& root_key = {}) const;

  /// Takes over what other servers with the same issuer revoked: a list that
  /// lacks what ours has, or the other way round, becomes one with both; so do
  /// several of ours that nodes without the key kept side by side.
  /// @returns true: `revoked.crl` changed
  [[nodiscard]] result<bool> merge_revoked(const std::string& lists_pem) const;

  [[nodiscard]] result<certificate_index> list() const { return read_index(folder_); }
  [[nodiscard]] result<std::string> authorities() const; ///< `ca.crt`
  [[nodiscard]] result<std::string> revoked() const;     ///< `revoked.crl`
  /// SHA-256 of the root under which certificates are issued now, hex.
  [[nodiscard]] result<std::string> root_fingerprint() const;
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

private:
  struct desk;
  /// Reads what signing needs, under the folder's lock.
  [[nodiscard]] result<desk> sit_down(const std::string& request_pem, const issue_order& order) const;
  enum class pace { any, bounded };
  [[nodiscard]] result<issued> renew(const std::string& request_pem, const issue_order& order,
                                     const std::string& serial, pace how) const;

  authority(std::string folder, const clock_source& clocks) : folder_(std::move(folder)), clocks_(&clocks) {}
  std::string folder_;
  const clock_source* clocks_;
};

} // namespace troupe::identity
