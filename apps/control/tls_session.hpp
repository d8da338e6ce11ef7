#pragma once

#include "cluster/tls/context.hpp"

#include <cstddef>
#include <memory>

namespace troupe::control {

/// The TLS side of one accepted connection, without waiting. Does not own the
/// descriptor. Threads: one; SIGPIPE must be blocked there, OpenSSL writes
/// without MSG_NOSIGNAL.
class tls_session {
public:
  /// What a step came to. `again` with `wants_write()`: go on when the
  /// descriptor takes bytes, else when it has some.
  enum class step { done, again, ended, failed };

  /// @returns null when there is no memory for it.
  [[nodiscard]] static std::unique_ptr<tls_session>
  accept(std::shared_ptr<const cluster::tls_context> context, int fd);
  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  [[nodiscard]] step handshake();
  [[nodiscard]] step read(char* to, std::size_t size, std::size_t& got);
  [[nodiscard]] step write(const char* from, std::size_t size, std::size_t& put);
  [[nodiscard]] bool wants_write() const noexcept { return wants_write_; }

  /// Tells the peer that nothing follows; as far as the socket takes it now.
  void goodbye();

  /// Whether the peer showed a certificate. After the handshake.
  [[nodiscard]] bool has_certificate() const;
  [[nodiscard]] result<cluster::peer_identity> who() const;

  /// Why the handshake failed; straight after it did.
  [[nodiscard]] cluster::handshake_failure why() const;

private:
  tls_session(std::shared_ptr<const cluster::tls_context> context, SSL* ssl);
  [[nodiscard]] step outcome(int returned);

  std::shared_ptr<const cluster::tls_context> context_;
  SSL* ssl_;
  int returned_ = 0;
  bool wants_write_ = false;
  bool broken_ = false; ///< OpenSSL forbids any further call
};

} // namespace troupe::control
