#pragma once

#include "tests/support/test_pki.hpp"

#include <chrono>
#include <string>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace troupe::test {

/// A TCP connection to "127.0.0.1:port". @returns -1 when nobody listens.
[[nodiscard]] int connect_tcp(const std::string& address);

/// A TLS client that trusts everybody and says exactly what a test wants.
class tls_peer {
public:
  struct options {
    const test_leaf* leaf = nullptr; ///< shown when asked for; null: none
    bool old = false;                ///< TLS 1.2 at most
  };
  tls_peer(const std::string& address, options how);
  explicit tls_peer(const std::string& address) : tls_peer(address, options{}) {}
  ~tls_peer();
  tls_peer(const tls_peer&) = delete;
  tls_peer& operator=(const tls_peer&) = delete;

  /// Whether our side of the handshake is done; the other may still refuse.
  [[nodiscard]] bool shook_hands() const noexcept { return shook_hands_; }

  bool send(const std::string& bytes);
  /// Until the other side closes or five seconds have passed.
  [[nodiscard]] std::string read_all();
  [[nodiscard]] int fd() const noexcept { return fd_; }

private:
  int fd_;
  SSL_CTX* ctx_;
  SSL* ssl_;
  bool shook_hands_ = false;
};

} // namespace troupe::test
