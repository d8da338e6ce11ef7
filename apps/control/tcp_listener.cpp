#include "apps/control/tcp_listener.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::control {

namespace {

error wrong(const std::string& text) {
  return {errc::invalid_argument,
          fmt::format("'{}' is no address to listen at; write 10.0.0.7:4711, [fd00::7]:4711 or "
                      ":4711 for all",
                      text)};
}

/// An IPv4 caller at a socket of both families looks like ::ffff:10.0.0.7.
bool mapped(const in6_addr& x) {
  return IN6_IS_ADDR_V4MAPPED(&x) != 0;
}

std::string v4_text(const void* bytes) {
  char space[INET_ADDRSTRLEN]{};
  inet_ntop(AF_INET, bytes, space, sizeof(space));
  return space;
}

std::string v6_text(const in6_addr& x) {
  char space[INET6_ADDRSTRLEN]{};
  inet_ntop(AF_INET6, &x, space, sizeof(space));
  return space;
}

int try_listen(const addrinfo& at, bool both_families, int& fd) {
  fd = socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return errno;
  const int yes = 1, only_v6 = both_families ? 0 : 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (at.ai_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
  if (bind(fd, at.ai_addr, at.ai_addrlen) != 0 || listen(fd, 256) != 0)
    return errno;
  return 0;
}

} // namespace

result<tcp_address> parse_tcp(const std::string& text) {
  tcp_address result;
  std::string port;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string::npos || close == 1
        || (close + 1 < text.size() && text[close + 1] != ':'))
      return wrong(text);
    result.host = text.substr(1, close - 1);
    if (close + 1 < text.size())
      port = text.substr(close + 2);
    if (close + 1 < text.size() && port.empty())
      return wrong(text);
  } else {
    const auto colon = text.find(':');
    if (text.empty() || colon != text.rfind(':'))
      return wrong(text);
    result.host = text.substr(0, colon);
    if (colon != std::string::npos)
      port = text.substr(colon + 1);
    if (colon != std::string::npos && port.empty())
      return wrong(text);
  }
  if (port.empty())
    return result;
  if (port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5
      || std::stoi(port) > 65535)
    return wrong(text);
  result.port = port;
  return result;
}

result<tcp_listener> tcp_listener::open(const std::string& address) {
  auto parsed = parse_tcp(address);
  if (!parsed)
    return parsed.why();
  const bool any = parsed->host.empty() || parsed->host == "::";
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  wanted.ai_family = any ? AF_INET6 : AF_UNSPEC;
  addrinfo* found = nullptr;
  const char* host = any ? nullptr : parsed->host.c_str();
  if (const int code = getaddrinfo(host, parsed->port.c_str(), &wanted, &found); code != 0)
    return error{errc::invalid_argument,
                 fmt::format("control address {}: {}", address, gai_strerror(code))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, freeaddrinfo};
  tcp_listener result;
  int code = try_listen(*found, any, result.fd_);
  if (any && (code == EAFNOSUPPORT || code == EADDRNOTAVAIL)) {
    // A kernel without IPv6.
    if (result.fd_ >= 0)
      close(std::exchange(result.fd_, -1));
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(std::stoi(parsed->port)));
    addrinfo at{};
    at.ai_family = AF_INET;
    at.ai_addr = reinterpret_cast<sockaddr*>(&v4);
    at.ai_addrlen = sizeof(v4);
    code = try_listen(at, false, result.fd_);
  }
  if (code == EADDRINUSE)
    return error{errc::busy, fmt::format("control address {}: another program listens there; stop "
                                         "it or set another address in node.toml",
                                         address)};
  if (code != 0)
    return error{errc::io_error, fmt::format("control address {}: cannot listen: {}", address,
                                             std::generic_category().message(code))};
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(result.fd_, reinterpret_cast<sockaddr*>(&bound), &size);
  result.address_ = text_of(bound);
  return result;
}

tcp_listener::tcp_listener(tcp_listener&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), address_(std::move(other.address_)) {
}

tcp_listener::~tcp_listener() {
  if (fd_ >= 0)
    close(fd_);
}

std::string text_of(const sockaddr_storage& x) {
  if (x.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(x);
    return fmt::format("{}:{}", v4_text(&v4.sin_addr), ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(x);
  if (mapped(v6.sin6_addr))
    return fmt::format("{}:{}", v4_text(v6.sin6_addr.s6_addr + 12), ntohs(v6.sin6_port));
  return fmt::format("[{}]:{}", v6_text(v6.sin6_addr), ntohs(v6.sin6_port));
}

std::string place_of(const sockaddr_storage& x) {
  if (x.ss_family == AF_INET)
    return v4_text(&reinterpret_cast<const sockaddr_in&>(x).sin_addr);
  auto v6 = reinterpret_cast<const sockaddr_in6&>(x).sin6_addr;
  if (mapped(v6))
    return v4_text(v6.s6_addr + 12);
  std::memset(v6.s6_addr + 8, 0, 8);
  return v6_text(v6);
}

} // namespace troupe::control
