#pragma once

#include "apps/control/far_side.hpp"
#include "apps/control/node_api.hpp"
#include "cluster/tls/context.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::control {

/// Every number here is a bound; what happens at it stands beside it.
struct server_options {
  std::string path = "/run/troupe/control.sock";
  std::string group;                   ///< who may connect besides the owner; empty: nobody
  std::size_t workers = 4;             ///< calls in work at once; more wait their turn
  std::size_t max_connections = 64;    ///< more are told 503
  std::size_t max_streams = 32;        ///< readers of events; more are told 503
  std::size_t max_header_bytes = 16 << 10;      ///< 431
  std::size_t max_body_bytes = 1 << 20;         ///< 413
  std::chrono::milliseconds request_within{10000}; ///< for the whole request to arrive: 408
  std::chrono::milliseconds heartbeat{15000};      ///< comment to a silent stream
  std::chrono::milliseconds stalled_after{60000};  ///< a reader that takes nothing is dropped

  // --- over TLS; max_connections and max_streams hold for these once more ---
  std::vector<std::string> tls_listen; ///< "10.0.0.7:4711", "[::]:4711", ":4711"; empty: none
  /// Asked for each new connection, so that a reload is used at once, and to
  /// see what was revoked meanwhile. Called on the server's thread; must not
  /// block. Null while there is no certificate: nobody is let in.
  std::function<std::shared_ptr<const cluster::tls_context>()> tls;
  std::chrono::milliseconds handshake_within{5000};
  std::size_t max_strangers = 128;            ///< without a certificate (yet); at the bound the
  std::size_t max_strangers_per_address = 32; ///< one that has waited longest is closed
  std::size_t max_enrolling = 2;              ///< calls of strangers in work at once; more: 503
  std::size_t refusals_per_second = 5;        ///< that `on_refused` is told; then a sum
  /// Somebody was turned away, for the log. `claimed` is the name in the
  /// certificate, if one could be read. On the server's thread; must not block.
  std::function<void(const std::string& address, const std::string& claimed,
                     const std::string& why)>
    on_refused;
};

/// The control interface at a unix socket and, when addresses are given, over
/// TLS. One thread moves all bytes and serves all streams; calls run on workers
/// that are started when needed. An idle server sleeps without a single wake-up.
///
/// A slow or hostile peer costs one bounded buffer and never a thread: a
/// request is given to a worker when it has arrived whole. Over TLS somebody
/// without a certificate may only enrol; who says nothing costs a descriptor.
/// A certificate is held against the revocations at the handshake, at the
/// request, and at every heartbeat of a stream.
///
/// Ownership: `node` and `others` outlive the server.
/// Errors:    `start` says why it cannot listen; later trouble ends the one
///            connection that has it.
class server {
public:
  [[nodiscard]] static result<std::unique_ptr<server>>
  start(node_api& node, server_options options, far_side* others = nullptr);

  /// Finishes the calls in work, ends the streams, removes the socket. Blocks
  /// as long as a call in work does, and half a second for slow readers.
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  struct load {
    std::size_t connections = 0;
    std::size_t streams = 0;
    std::size_t strangers = 0; ///< over TLS, without a certificate (yet)
  };
  /// What is open now. Any thread.
  [[nodiscard]] load now() const noexcept;

  /// Where it listens over TLS, as bound; ports of 0 have become real ones.
  [[nodiscard]] std::vector<std::string> tls_addresses() const;

private:
  class loop;
  explicit server(std::unique_ptr<loop> made);
  std::unique_ptr<loop> loop_;
};

} // namespace troupe::control
