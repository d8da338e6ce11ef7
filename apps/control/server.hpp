#pragma once

#include "apps/control/node_api.hpp"

#include <cstddef>
#include <memory>
#include <string>

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
};

/// The control interface at a unix socket. One thread moves all bytes and
/// serves all streams; calls run on workers that are started when needed. An
/// idle server sleeps without a single wake-up.
///
/// A slow or hostile peer costs one bounded buffer and never a thread: a
/// request is given to a worker when it has arrived whole.
///
/// Ownership: `node` outlives the server.
/// Errors:    `start` says why it cannot listen; later trouble ends the one
///            connection that has it.
class server {
public:
  [[nodiscard]] static result<std::unique_ptr<server>> start(node_api& node,
                                                             server_options options);

  /// Finishes the calls in work, ends the streams, removes the socket. Blocks
  /// as long as a call in work does, and half a second for slow readers.
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  struct load {
    std::size_t connections = 0;
    std::size_t streams = 0;
  };
  /// What is open now. Any thread.
  [[nodiscard]] load now() const noexcept;

private:
  class loop;
  explicit server(std::unique_ptr<loop> made);
  std::unique_ptr<loop> loop_;
};

} // namespace troupe::control
