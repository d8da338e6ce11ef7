#include "apps/client/wire.hpp"
#include "cluster/tls/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

namespace troupe::client {

namespace {

using std::chrono::milliseconds;
using moment = std::chrono::steady_clock::time_point;

std::string shown(const host_address& to) {
  const bool v6 = to.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", to.host, to.port) : fmt::format("{}:{}", to.host, to.port);
}

milliseconds left_until(moment end) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(
                                     end - std::chrono::steady_clock::now()));
}

/// @returns 0 or the errno.
int connect_one(const addrinfo& at, moment end, int& fd) {
  fd = socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol);
  if (fd < 0)
    return errno;
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (connect(fd, at.ai_addr, at.ai_addrlen) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  if (!ready(fd, POLLOUT, left_until(end)))
    return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof(code);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  return code;
}

answer<std::shared_ptr<owned_fd>> dial(const host_address& to, moment end) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(to.host.c_str(), to.port.c_str(), &wanted, &found); code != 0)
    return problem{trouble::no_node, {},
                   fmt::format("no address for {}: {}; name the host as it is known here, or its "
                               "address",
                               to.host, gai_strerror(code))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, freeaddrinfo};
  int last = 0;
  for (auto* at = found; at; at = at->ai_next) {
    int fd = -1;
    last = connect_one(*at, end, fd);
    auto owned = std::make_shared<owned_fd>(fd);
    if (last == 0)
      return owned;
  }
  return problem{trouble::no_node, {},
                 fmt::format("nobody answers at {}: {}; is trouped running there, and does its "
                             "node.toml name an address for the control interface?",
                             shown(to), std::generic_category().message(last))};
}

class tls_wire final : public wire {
public:
  tls_wire(std::shared_ptr<const cluster::tls_context> context, std::shared_ptr<owned_fd> fd,
           SSL* ssl, std::string where)
    : context_(std::move(context)), fd_(std::move(fd)), ssl_(ssl), where_(std::move(where)) {}

  ~tls_wire() override {
    if (!broken_)
      SSL_shutdown(ssl_);
    SSL_free(ssl_);
  }

  answer<bool> handshake(const host_address& to, milliseconds patience) {
    const auto done = step([&] { return SSL_connect(ssl_); }, patience);
    if (done == timed_out)
      return silent(patience);
    if (done <= 0) {
      const auto failure = cluster::explain(ssl_, done);
      return problem{trouble::untrusted, {},
                     fmt::format("no TLS with {}: {}", where_, failure.why)};
    }
    const auto peer = cluster::identity_of(ssl_);
    if (!peer)
      return problem{trouble::untrusted, {}, fmt::format("{}: {}", where_, peer.why().context)};
    // Else every viewer of the house could pose as a node.
    if (peer->allowed != cluster::role::node)
      return problem{trouble::untrusted, {},
                     fmt::format("{} shows the certificate of {} with the role {}, which is no "
                                 "node's: somebody else answers at that address",
                                 where_, peer->name, to_string(peer->allowed))};
    if (!to.node.empty() && peer->name != to.node)
      return problem{trouble::untrusted, {},
                     fmt::format("{} is {}, not {}: look at the address, or leave out '{}@'", where_,
                                 peer->name, to.node, to.node)};
    return true;
  }

  answer<std::size_t> read(char* to, std::size_t size, milliseconds patience) override {
    const auto limit = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
    const auto n = step([&] { return SSL_read(ssl_, to, limit); }, patience);
    if (n > 0) {
      heard_ = true;
      return static_cast<std::size_t>(n);
    }
    if (n == timed_out)
      return silent(patience);
    if (SSL_get_error(ssl_, n) == SSL_ERROR_ZERO_RETURN)
      return std::size_t{0};
    broken_ = true;
    const auto failure = cluster::explain(ssl_, n);
    if (heard_)
      return problem{trouble::lost, {},
                     fmt::format("the connection to {} broke: {}", where_, failure.why)};
    // In TLS 1.3 the other side looks at our certificate after our part of the
    // handshake is over: its refusal is the first thing that we read.
    return problem{trouble::no_access, {},
                   fmt::format("{} refused the connection: {}", where_, failure.why)};
  }

  answer<bool> write(std::string_view bytes, milliseconds patience) override {
    while (!bytes.empty()) {
      const auto limit = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
      const auto n = step([&] { return SSL_write(ssl_, bytes.data(), limit); }, patience);
      if (n == timed_out)
        return silent(patience);
      if (n <= 0)
        return true; // what it said before it left is still to be read
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

private:
  static constexpr int timed_out = -1000;

  template <class F>
  int step(F call, milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
      ERR_clear_error();
      const int n = call();
      if (n > 0)
        return n;
      const auto why = SSL_get_error(ssl_, n);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        broken_ = broken_ || why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL;
        return n;
      }
      if (!ready(fd_->get(), why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, left_until(end)))
        return timed_out;
    }
  }

  problem silent(milliseconds patience) const {
    return {trouble::lost, {},
            fmt::format("{} did not answer within {} s; is it a node's control address?", where_,
                        patience.count() / 1000)};
  }

  std::shared_ptr<const cluster::tls_context> context_;
  std::shared_ptr<owned_fd> fd_;
  SSL* ssl_;
  std::string where_;
  bool heard_ = false;
  bool broken_ = false;
};

} // namespace

answer<std::shared_ptr<wire>> open_tls(const host_address& to, const std::string& identity,
                                       milliseconds patience) {
  const auto context = cluster::tls_context::load(identity_files(identity));
  if (!context)
    return problem{trouble::untrusted, {},
                   fmt::format("{}\nSay with --identity or TROUPE_IDENTITY in which folder your "
                               "operator.crt, operator.key and ca.crt are",
                               context.why().context)};
  const auto fd = dial(to, std::chrono::steady_clock::now() + patience);
  if (!fd)
    return fd.why();
  auto* ssl = (*context)->connect((*fd)->get());
  if (!ssl)
    return problem{trouble::lost, {}, "no memory for a TLS connection"};
  auto made = std::make_shared<tls_wire>(*context, *fd, ssl, shown(to));
  if (auto done = made->handshake(to, patience); !done)
    return done.why();
  return std::shared_ptr<wire>{std::move(made)};
}

} // namespace troupe::client
