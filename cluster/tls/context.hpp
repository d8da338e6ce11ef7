#pragma once

#include "cluster/tls/credentials.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <functional>
#include <memory>
#include <string>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace troupe::cluster {

/// What proves who we are and whom we trust, loaded from files: TLS 1.3 only,
/// certificates checked against `authorities`, `revoked` and the time, where
/// the time is never earlier than the floor (a board may boot in 1970).
/// Shared by the links between nodes and by the control interface.
///
/// Immutable once loaded; a reload makes a new one and lets the old one go when
/// its last connection ends. Threads: any. Never throws, never ends the process.
class tls_context {
public:
  /// Whom a server asks for a certificate.
  enum class ask { required, optional, none };

  /// @returns `not_found`, `io_error` or `untrusted` naming the file, what is
  ///          wrong with it and what to do: missing, unreadable, key does not
  ///          match, expired, not issued by one of our authorities.
  /// @param own `any_time`: also with an own certificate that expired by this
  ///            node's clock: the clock may be wrong, and become right later.
  ///            `as_it_is`: also with one that no peer will accept, so that
  ///            whoever has one can still learn whom not to accept
  enum class own { checked, any_time, as_it_is };
  [[nodiscard]] static result<std::shared_ptr<const tls_context>>
  load(const credential_files& files, const clock_source& clocks = system_clocks(), own how = own::checked);

  virtual ~tls_context() = default;

  [[nodiscard]] virtual SSL* accept(int fd, ask whom) const = 0; ///< null: out of memory
  [[nodiscard]] virtual SSL* connect(int fd) const = 0;

  [[nodiscard]] virtual const peer_identity& self() const = 0; ///< our own certificate

  /// Is this certificate (by serial, lower-case hex) revoked by a list that we
  /// hold? A list counts also after its next-update date.
  [[nodiscard]] virtual bool is_revoked(const std::string& serial) const = 0;

  /// The serial that makes this peer's chain worthless, its own or that of an
  /// authority above it; "" when all are good.
  [[nodiscard]] std::string revoked_serial_of(const peer_identity& who) const;
};

/// Who is at the other end, after the handshake. Only `name`, `allowed`,
/// `fingerprint`, `serial`, `issuers`, `cipher`, `expires` are filled.
/// @returns `untrusted` when there is no certificate, not exactly one CN, or an
///          OU that is no role.
[[nodiscard]] result<peer_identity> identity_of(SSL* ssl);

/// Why a handshake (or, for a client, the first read after it) failed, in words
/// for an operator, with what the other side claimed to be if its certificate
/// could be read: "certificate of attic expired on 2026-01-03 (this node's
/// clock says 2026-11-20; ...)". Call at once after the call that returned
/// `ret`, on the same thread; it empties the thread's error queue.
struct handshake_failure {
  std::string claimed;
  std::string why;
};
[[nodiscard]] handshake_failure explain(SSL* ssl, int ret);

} // namespace troupe::cluster
