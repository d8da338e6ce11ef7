#include "cluster/transport/doorman.hpp"

#include "cluster/transport/scribe.hpp"

#include <caf/io/abstract_broker.hpp>

#include <fcntl.h>

#include <cerrno>

namespace troupe::cluster {

namespace net = caf::io::network;

accept_policy::accept_policy() : reserve(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

bool accept_policy::try_accept(int& accepted, int listener) {
  accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted >= 0)
    return true;
  if (errno != EMFILE && errno != ENFILE)
    return false;
  reserve = owned_fd{};
  owned_fd turned_away{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (turned_away)
    reset_on_close(turned_away.get());
  turned_away = owned_fd{};
  reserve = owned_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  return false;
}

link_doorman::link_doorman(net::default_multiplexer& io, int fd, std::shared_ptr<hub> shared, bool psk)
  : caf::io::doorman(net::accept_hdl_from_socket(fd)), hub_(std::move(shared)), psk_(psk),
    port_(port_of(fd)), acceptor_(io, fd) {}

void link_doorman::graceful_shutdown() {
  acceptor_.graceful_shutdown();
  detach(&acceptor_.backend(), false);
}

bool link_doorman::new_connection() {
  owned_fd fd{acceptor_.accepted_socket()};
  if (detached())
    return false;
  const auto from = peer_of(fd.get());
  const auto host = host_of(from);
  if (auto full = hub_->half_open.admit(host); !full.empty()) {
    reset_on_close(fd.get());
    hub_->refuse(to_string(from), "", full);
    return true;
  }
  tune(fd.get());
  const auto keys = psk_ ? hub_->psk() : nullptr;
  const auto certificates = hub_->tls();
  owned_ssl ssl;
  if (psk_ && keys)
    ssl.reset(keys->accept(fd.get()));
  else if (!psk_ && certificates)
    ssl.reset(certificates->accept(fd.get(), tls_context::ask::required));
  if (!ssl) {
    hub_->half_open.release(host);
    hub_->refuse(to_string(from), "", "out of memory, or the keys of this listener were taken away");
    return true;
  }
  try { // an exception that leaves the I/O thread ends the process
    auto session = std::make_shared<link_session>(hub_, fd.get(), std::move(ssl), keys, host);
    auto made = caf::make_counted<link_scribe>(acceptor_.backend(), fd.get(), std::move(session));
    fd.release();
    const auto handle = made->hdl();
    static_cast<caf::io::abstract_broker*>(parent())->add_scribe(std::move(made));
    return caf::io::doorman::new_connection(&acceptor_.backend(), handle);
  } catch (const std::exception& x) {
    hub_->refuse(to_string(from), "", x.what());
    return true;
  }
}

} // namespace troupe::cluster
