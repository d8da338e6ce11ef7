#include "apps/daemon/own_addresses.hpp"

#include "config/model/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

namespace troupe::daemon {

namespace {

struct machine_address {
  std::string host;
  bool v6 = false;
  bool loopback = false;
};

std::vector<machine_address> of_this_machine() {
  std::vector<machine_address> out;
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0)
    return out;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all{raw, freeifaddrs};
  for (const auto* x = raw; x != nullptr; x = x->ifa_next) {
    if (x->ifa_addr == nullptr || (x->ifa_flags & IFF_UP) == 0)
      continue;
    char text[INET6_ADDRSTRLEN] = {};
    machine_address at;
    at.loopback = (x->ifa_flags & IFF_LOOPBACK) != 0;
    if (x->ifa_addr->sa_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(x->ifa_addr);
      inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    } else if (x->ifa_addr->sa_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(x->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&in->sin6_addr))
        continue;
      at.v6 = true;
      inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    } else {
      continue;
    }
    at.host = text;
    out.push_back(std::move(at));
  }
  return out;
}

} // namespace

std::vector<std::string> reachable_at(const std::vector<std::string>& listen) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& x) {
    if (std::find(out.begin(), out.end(), x) == out.end())
      out.push_back(x);
  };
  const auto here = of_this_machine();
  const bool only_loopback = std::all_of(here.begin(), here.end(), [](const auto& x) { return x.loopback; });
  for (const auto& text : listen) {
    const auto at = parse_net_address(text, address_use::listen);
    if (!at || at->port == 0)
      continue;
    if (!is_every_address(at->host)) {
      add(to_string(*at));
      continue;
    }
    for (const auto& x : here)
      if (x.loopback == only_loopback && !(at->host == "0.0.0.0" && x.v6))
        add(to_string(net_address{x.host, at->port}));
  }
  return out;
}

} // namespace troupe::daemon
