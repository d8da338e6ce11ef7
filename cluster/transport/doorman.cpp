#include "cluster/transport/doorman.hpp"

#include "cluster/transport/scribe.hpp"

#include <caf/io/abstract_broker.hpp>

#include <fcntl.h>

#include <cerrno>

namespace troupe::cluster {

namespace net = caf::io::network;

namespace {

constexpr std::chrono::milliseconds rest_for{100};

owned_fd a_reserve() { return owned_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

bool is_short_of_something(int code) {
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

} // namespace

accept_policy::accept_policy(std::function<void()> rest) : on_rest(std::move(rest)), reserve(a_reserve()) {}

bool accept_policy::try_accept(int& accepted, int listener) {
  if (!reserve)
    reserve = a_reserve();
  accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted >= 0)
    return true;
  if (!is_short_of_something(errno))
    return false;
  reserve = owned_fd{};
  owned_fd turned_away{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  const bool stuck = !turned_away && is_short_of_something(errno);
  if (turned_away)
    reset_on_close(turned_away.get());
  turned_away = owned_fd{};
  reserve = a_reserve();
  if (stuck)
    on_rest();
  return false;
}

link_doorman::link_doorman(net::default_multiplexer& io, int fd, std::shared_ptr<hub> shared, bool psk)
  : caf::io::doorman(net::accept_hdl_from_socket(fd)), hub_(std::move(shared)), psk_(psk),
    port_(port_of(fd)), acceptor_(io, fd, [this] { rest(); }) {}

link_doorman::~link_doorman() { hub_->leave(this); }

void link_doorman::launch() {
  hub_->enter(this);
  acceptor_.start(this);
}

void link_doorman::rest() {
  remove_from_loop();
  resume_at_ = std::chrono::steady_clock::now() + rest_for;
  hub_->wake.at(*resume_at_);
}

void link_doorman::look_at_deadline(std::chrono::steady_clock::time_point now) {
  if (!resume_at_ || now < *resume_at_ || detached())
    return;
  resume_at_.reset();
  add_to_loop();
}

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
    hub_->refuse(to_string(from), "", {errc::over_limit, full});
    return true;
  }
  if (hub_->handshakes_of_callers.is_spent(hub_->now())) {
    rest(); // after this one; whoever calls meanwhile waits in the kernel
    if (const auto now = hub_->now(); now - std::exchange(rested_at_, now) > 10 * one_second)
      hub_->refuse("", "", {errc::over_limit, "who calls waits: TLS handshakes of callers have used more than a fifth of a processor. If they are "
                                              "your own nodes, they come in one after the other"});
  }
  tune(fd.get(), hub_->how.bounds.unacknowledged_within);
  const auto keys = psk_ ? hub_->psk() : nullptr;
  const auto certificates = hub_->tls();
  owned_ssl ssl;
  if (psk_ && keys)
    ssl.reset(keys->accept(fd.get()));
  else if (!psk_ && certificates)
    ssl.reset(certificates->accept(fd.get(), tls_context::ask::required));
  if (!ssl) {
    hub_->half_open.release(host);
    hub_->refuse(to_string(from), "",
                 {errc::io_error, "out of memory, or the keys of this listener were taken away: look at psk-file and at this machine's memory"});
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
    hub_->refuse(to_string(from), "", {errc::io_error, x.what()});
    return true;
  }
}

} // namespace troupe::cluster
