#include "apps/control/connection.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>

#include <sys/socket.h>
#include <unistd.h>

namespace troupe::control {

namespace {

// Enough to keep a reader busy; the queue holds the rest and drops at its bound.
constexpr std::size_t max_out_bytes = 64 << 10;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

connection::connection(int descriptor) : fd(descriptor) {
}

connection::~connection() {
  if (tls && is != phase::draining)
    tls->goodbye();
  close(fd);
}

connection::outcome connection::receive(std::size_t limit) {
  if (tls)
    return receive_tls(limit);
  char space[8192];
  while (in.size() < limit) {
    const auto n = recv(fd, space, std::min(sizeof(space), limit - in.size()), 0);
    if (n < 0)
      return would_block() ? outcome::again : outcome::failed;
    if (n == 0)
      return outcome::done;
    in.append(space, static_cast<std::size_t>(n));
  }
  return outcome::again;
}

connection::outcome connection::receive_tls(std::size_t limit) {
  using step = tls_session::step;
  char space[8192];
  while (in.size() < limit) {
    std::size_t n = 0;
    const auto got = tls->read(space, std::min(sizeof(space), limit - in.size()), n);
    if (got == step::again)
      return outcome::again;
    if (got != step::done)
      return got == step::ended ? outcome::done : outcome::failed;
    in.append(space, n);
  }
  return outcome::again;
}

connection::outcome connection::discard() {
  // Also of TLS: nobody reads these bytes, so nobody needs to decipher them.
  char space[8192];
  // Bounded, so that one peer that pours cannot hold the loop.
  for (int i = 0; i < 16; ++i) {
    const auto n = recv(fd, space, sizeof(space), 0);
    if (n < 0)
      return would_block() ? outcome::again : outcome::failed;
    if (n == 0)
      return outcome::done;
  }
  return outcome::again;
}

connection::outcome connection::send(mono_ns now) {
  if (tls)
    return send_tls(now);
  while (sent_ < out.size()) {
    const auto n = ::send(fd, out.data() + sent_, out.size() - sent_, MSG_NOSIGNAL);
    if (n < 0)
      return would_block() ? outcome::again : outcome::failed;
    sent_ += static_cast<std::size_t>(n);
    last_progress = now;
  }
  out.clear();
  sent_ = 0;
  return outcome::done;
}

connection::outcome connection::send_tls(mono_ns now) {
  using step = tls_session::step;
  while (sent_ < out.size()) {
    std::size_t n = 0;
    const auto put = tls->write(out.data() + sent_, out.size() - sent_, n);
    if (put != step::done)
      return put == step::again ? outcome::again : outcome::failed;
    sent_ += n;
    last_progress = now;
  }
  out.clear();
  sent_ = 0;
  return outcome::done;
}

void connection::fill() {
  if (sent_ > 0) {
    out.erase(0, sent_);
    sent_ = 0;
  }
  while (out.size() < max_out_bytes) {
    const auto events = stream->take(16);
    if (events.empty())
      return;
    for (auto& e : events)
      fmt::format_to(std::back_inserter(out), "event: {}\ndata: {}\n\n", e.kind, e.data);
  }
}

} // namespace troupe::control
