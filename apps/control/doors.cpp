// Who is let in: the socket, whose callers the kernel names, and the TLS
// addresses, whose callers their certificate names.
#include "apps/control/loop.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::control {

namespace {

constexpr mono_ns accept_pause = 100'000'000;

// A flood must not keep the loop at the door: the others have their turn.
constexpr int accepted_at_once = 32;

constexpr unsigned char tls_handshake_record = 0x16; // RFC 8446, 5.1

bool nobody_there() {
  return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
}

} // namespace

std::vector<std::string> server::loop::tls_addresses() const {
  std::vector<std::string> result;
  for (auto& door : doors_)
    result.push_back(door.address());
  return result;
}

void server::loop::watch_doors() {
  for (std::size_t i = 0; i <= doors_.size(); ++i)
    open_again_at_[i] = 1;
  reopen_doors(1);
}

void server::loop::pause_door(std::size_t which) {
  const int fd = which == 0 ? socket_.fd() : doors_[which - 1].fd();
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  open_again_at_[which] = mono() + accept_pause;
}

void server::loop::reopen_doors(mono_ns now) {
  for (std::size_t i = 0; i <= doors_.size(); ++i) {
    if (stopping_ || open_again_at_[i] == 0 || now < open_again_at_[i])
      continue;
    open_again_at_[i] = 0;
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = first_door + i;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, i == 0 ? socket_.fd() : doors_[i - 1].fd(), &e);
  }
}

connection* server::loop::take_in(int fd) {
  const auto who = next_++;
  auto& c = *all_.emplace(who, std::make_unique<connection>(fd)).first->second;
  epoll_event e{};
  e.data.u64 = who;
  e.events = c.interest = EPOLLIN;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) == 0)
    return &c;
  all_.erase(who);
  return nullptr;
}

void server::loop::accept_near() {
  while (!stopping_
         && near_.connections < options_.max_connections + options_.max_streams + antechamber) {
    const int fd = accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (nobody_there())
        return;
      break; // out of descriptors: look again soon instead of spinning
    }
    auto* c = take_in(fd);
    if (!c)
      continue;
    c->who = peer_of(fd);
    c->who.via = "unix socket";
    c->deadline = mono() + to_ns(options_.request_within);
    c->over_bound = near_.connections - near_.streams >= options_.max_connections;
    c->of = &near_;
    ++near_.connections;
    recount();
  }
  pause_door(0);
}

void server::loop::accept_far(std::size_t which) {
  for (int i = 0; i < accepted_at_once && !stopping_; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int fd = accept4(doors_[which].fd(), reinterpret_cast<sockaddr*>(&peer), &size,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
      return nobody_there() ? void() : pause_door(which + 1);
    const auto who = next_;
    auto* c = take_in(fd);
    if (!c)
      continue;
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    c->far = true;
    c->is = phase::greeting;
    c->address = text_of(peer);
    c->place = place_of(peer);
    c->deadline = mono() + to_ns(options_.handshake_within);
    const auto gone = strangers_.enter(who, c->place);
    recount();
    if (!gone)
      continue;
    turned_away(*all_.at(*gone), "", "made way: too many connections without a certificate");
    close_connection(*gone);
  }
}

void server::loop::on_greeting(id who, connection& c) {
  if (!c.tls) {
    // Nothing is made for a caller that says nothing.
    unsigned char first = 0;
    const auto n = recv(c.fd, &first, 1, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0)
      return close_connection(who);
    if (first != tls_handshake_record)
      return on_plain_text(who, c);
    auto context = options_.tls ? options_.tls() : nullptr;
    if (context)
      c.tls = tls_session::accept(std::move(context), c.fd);
    if (!c.tls)
      return on_failed_greeting(who, c, "", "this node has no certificate to show, or no memory");
  }
  switch (c.tls->handshake()) {
  case tls_session::step::again:
    return watch_for(who, c, c.must_write() ? EPOLLOUT : EPOLLIN);
  case tls_session::step::done: return on_known(who, c);
  default: break;
  }
  const auto failure = c.tls->why();
  on_failed_greeting(who, c, failure.claimed, failure.why);
}

void server::loop::on_plain_text(id who, connection& c) {
  turned_away(c, "", "speaks plain text at a TLS address");
  refuse(who, c, 400, "bad_request", "this address speaks TLS 1.3 only; use troupe --host", true);
}

void server::loop::on_failed_greeting(id who, connection& c, const std::string& claimed,
                                      const std::string& why) {
  turned_away(c, claimed, why);
  // The alert that says why is under way; closing on unread bytes would reset
  // the connection and lose it.
  shutdown(c.fd, SHUT_WR);
  c.is = phase::draining;
  c.deadline = mono() + drain_for;
  watch_for(who, c, EPOLLIN);
}

void server::loop::on_known(id who, connection& c) {
  c.is = phase::reading;
  c.deadline = mono() + to_ns(options_.request_within);
  c.who = caller{static_cast<unsigned>(-1), 0, "anonymous", cluster::role::none, "tls " + c.address};
  if (c.tls->has_certificate()) {
    if (auto peer = c.tls->who(); !peer) {
      c.denied = peer.why().context;
      turned_away(c, "", c.denied);
    } else if (far_.connections >= options_.max_connections + options_.max_streams + antechamber) {
      return on_failed_greeting(who, c, peer->name, "too many callers are connected");
    } else {
      c.who.name = peer->name;
      c.who.allowed = peer->allowed;
      c.proven = *peer;
      c.expires = peer->expires;
      c.trusted_at = mono();
      c.over_bound = far_.connections - far_.streams >= options_.max_connections;
      strangers_.leave(who, c.place);
      c.of = &far_;
      ++far_.connections;
      recount();
    }
  }
  // What came with the end of the handshake is in OpenSSL's hands: no readiness
  // will be told for it.
  on_input(who, c);
}

std::string server::loop::distrust(connection& c, mono_ns now) {
  if (c.proven.serial.empty())
    return {};
  c.trusted_at = now;
  const auto context = options_.tls();
  if (context && !context->revoked_serial_of(c.proven).empty())
    return fmt::format("the certificate of {} (serial {}) is revoked, or the authority that issued it; have a new one issued",
                       c.who.name, c.proven.serial);
  if (c.expires != 0 && system_clocks().wall() > c.expires)
    return fmt::format("the certificate of {} has expired; have it renewed", c.who.name);
  return {};
}

void server::loop::turned_away(const connection& c, const std::string& claimed,
                               const std::string& why) {
  if (!options_.on_refused)
    return;
  const auto passed_over = refusals_.tell(mono());
  if (!passed_over)
    return;
  options_.on_refused(c.address, claimed,
                      *passed_over == 0
                        ? why
                        : fmt::format("{} (and {} more were turned away)", why, *passed_over));
}

} // namespace troupe::control
