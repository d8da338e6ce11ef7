#pragma once

#include "cluster/transport/hub.hpp"

#include <caf/io/doorman.hpp>
#include <caf/io/network/acceptor_impl.hpp>

#include <optional>

namespace troupe::cluster {

/// Accepts; when the process has no descriptor left, it spends a reserved one
/// to refuse the caller, for a listener that stays readable would spin. When
/// even that fails (the kernel is short of memory), it asks for a rest, as it does
/// while handshakes have taken more than their share of the processor.
struct accept_policy {
  explicit accept_policy(std::function<void()> rest);
  bool try_accept(int& accepted, int listener);
  std::function<void()> on_rest;
  owned_fd reserve;
};

/// One listening socket. Threads: I/O.
class link_doorman : public caf::io::doorman {
public:
  link_doorman(caf::io::network::default_multiplexer& io, int fd, std::shared_ptr<hub> shared, bool psk);

  ~link_doorman() override;

  bool new_connection() override;
  void graceful_shutdown() override;
  void launch() override;
  std::string addr() const override { return ""; }
  std::uint16_t port() const override { return port_; }
  void add_to_loop() override { acceptor_.activate(this); }
  void remove_from_loop() override { acceptor_.passivate(); }

  void look_at_deadline(std::chrono::steady_clock::time_point now);

private:
  void rest();

  std::shared_ptr<hub> hub_;
  std::optional<std::chrono::steady_clock::time_point> resume_at_; ///< set: it rests
  mono_ns rested_at_ = -3600 * one_second; ///< because of handshakes; told when that begins
  bool psk_;
  std::uint16_t port_;
  caf::io::network::acceptor_impl<accept_policy> acceptor_;
};

} // namespace troupe::cluster
