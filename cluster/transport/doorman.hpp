#pragma once

#include "cluster/transport/hub.hpp"

#include <caf/io/doorman.hpp>
#include <caf/io/network/acceptor_impl.hpp>

namespace troupe::cluster {

/// Accepts; when the process has no descriptor left, it spends a reserved one
/// to refuse the caller, for a listener that stays readable would spin.
struct accept_policy {
  accept_policy();
  bool try_accept(int& accepted, int listener);
  owned_fd reserve;
};

/// One listening socket. Threads: I/O.
class link_doorman : public caf::io::doorman {
public:
  link_doorman(caf::io::network::default_multiplexer& io, int fd, std::shared_ptr<hub> shared, bool psk);

  bool new_connection() override;
  void graceful_shutdown() override;
  void launch() override { acceptor_.start(this); }
  std::string addr() const override { return ""; }
  std::uint16_t port() const override { return port_; }
  void add_to_loop() override { acceptor_.activate(this); }
  void remove_from_loop() override { acceptor_.passivate(); }

private:
  std::shared_ptr<hub> hub_;
  bool psk_;
  std::uint16_t port_;
  caf::io::network::acceptor_impl<accept_policy> acceptor_;
};

} // namespace troupe::cluster
