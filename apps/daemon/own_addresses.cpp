#include "apps/daemon/own_addresses.hpp"

#include "config/model/address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <memory>

namespace troupe::daemon {

namespace {

/// What a member may have is bounded; a machine full of bridges has more.
constexpr std::size_t most = 8;

std::string host_of(const sockaddr& at) {
  char text[INET6_ADDRSTRLEN] = {};
  if (at.sa_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(at).sin_addr, text, sizeof text);
  if (at.sa_family == AF_INET6)
    if (const auto& x = reinterpret_cast<const sockaddr_in6&>(at).sin6_addr; !IN6_IS_ADDR_LINKLOCAL(&x))
      ::inet_ntop(AF_INET6, &x, text, sizeof text);
  return text;
}

std::vector<std::string> hosts(const std::string& every) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0)
    return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> ends{all, ::freeifaddrs};
  std::vector<std::string> out;
  for (const auto* x = all; x != nullptr; x = x->ifa_next) {
    if (x->ifa_addr == nullptr || (x->ifa_flags & IFF_UP) == 0 || (x->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    if (every == "0.0.0.0" && x->ifa_addr->sa_family != AF_INET)
      continue;
    if (auto host = host_of(*x->ifa_addr); !host.empty() && std::find(out.begin(), out.end(), host) == out.end())
      out.push_back(std::move(host));
  }
  out.resize(std::min(out.size(), most));
  return out;
}

} // namespace

std::vector<std::string> reachable_at(const std::vector<std::string>& listen) {
  std::vector<std::string> out;
  for (const auto& text : listen) {
    const auto at = parse_net_address(text, address_use::listen);
    if (!at)
      continue;
    if (!is_every_address(at->host))
      out.push_back(text);
    else
      for (const auto& host : hosts(at->host))
        out.push_back(to_string(net_address{host, at->port}));
  }
  return out;
}

bool follows_the_machine(const std::vector<std::string>& listen) {
  return std::any_of(listen.begin(), listen.end(), [](const auto& text) {
    const auto at = parse_net_address(text, address_use::listen);
    return at && is_every_address(at->host);
  });
}

} // namespace troupe::daemon
