#include "cluster/transport/socket.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::cluster {

namespace {

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

} // namespace

owned_fd::~owned_fd() {
  if (fd_ >= 0)
    ::close(fd_);
}

void tune(int fd, std::chrono::milliseconds unacknowledged_within) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  // How many probes may be lost is not said: with a user timeout the kernel
  // counts time instead (tcp(7)).
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(unacknowledged_within.count()));
}

void reset_on_close(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool wait_ready(int fd, short events, std::chrono::steady_clock::time_point until, int stop_fd) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
    if (left.count() < 0)
      return false;
    pollfd both[2] = {{fd, events, 0}, {stop_fd, POLLIN, 0}};
    const int ready = ::poll(both, 2, static_cast<int>(left.count()) + 1);
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready < 0 || both[1].revents != 0)
      return false;
    if (both[0].revents != 0)
      return true;
  }
}

result<owned_fd> connect_tcp(const endpoint& to, std::chrono::steady_clock::time_point until,
                             int stop_fd) {
  const auto fail = [&](int code) {
    const auto kind = code == ECONNREFUSED ? errc::closed : code == ETIMEDOUT ? errc::timed_out : errc::unreachable;
    return error{kind,
                 fmt::format("{}: {}", to_string(to), std::strerror(code))};
  };
  owned_fd fd{::socket(to.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd)
    return fail(errno);
  if (::connect(fd.get(), to.get(), to.size) == 0)
    return fd;
  if (errno != EINPROGRESS)
    return fail(errno);
  if (!wait_ready(fd.get(), POLLOUT, until, stop_fd))
    return fail(ETIMEDOUT);
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  // It stood, and the other side has ended it before we looked: its reader sees that.
  if (code != 0 && code != ECONNRESET)
    return fail(code);
  return fd;
}

result<owned_fd> listen_tcp(const host_port& where) {
  const auto name = fmt::format("listen at '{}:{}'", where.host, where.port);
  const bool all = where.host.empty() || where.host == "::";
  auto found = resolve({all ? "::" : where.host, where.port}, std::chrono::milliseconds{5000},
                       [] { return false; });
  if (!found)
    return error{found.why().code, fmt::format("{}: {}", name, found.why().context)};
  int code = EADDRNOTAVAIL;
  auto candidates = *found;
  if (all) // a kernel without IPv6
    if (auto four = resolve({"0.0.0.0", where.port}, std::chrono::milliseconds{100}, [] { return false; }))
      candidates.insert(candidates.end(), four->begin(), four->end());
  for (const auto& at : candidates) {
    owned_fd fd{::socket(at.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) {
      code = errno;
      continue;
    }
    set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (at.at.ss_family == AF_INET6)
      set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, all ? 0 : 1);
    // In a flood the kernel forgets whom its queue has no place for, and an
    // honest peer among them tries again after a second.
    if (::bind(fd.get(), at.get(), at.size) == 0 && ::listen(fd.get(), 1024) == 0)
      return fd;
    code = errno;
    if (code == EADDRINUSE) // never share a port with somebody by falling back
      break;
  }
  return error{code == EADDRINUSE ? errc::busy : errc::io_error,
               fmt::format("{}: {}", name, std::strerror(code))};
}

std::uint16_t port_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return 0;
  return ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&at)->sin6_port
                                        : reinterpret_cast<sockaddr_in*>(&at)->sin_port);
}

} // namespace troupe::cluster
