#include "cluster/transport/address.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::cluster {

namespace {

constexpr int most_lookups = 16;
std::atomic<int> lookups{0};

result<std::vector<endpoint>> look_up(const host_port& what, int flags) {
  addrinfo hint{};
  hint.ai_socktype = SOCK_STREAM;
  hint.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code
    = getaddrinfo(what.host.empty() ? nullptr : what.host.c_str(), what.port.c_str(), &hint, &list);
  if (code != 0)
    return error{errc::unreachable, fmt::format("{}: {}", what.host, gai_strerror(code))};
  std::vector<endpoint> all;
  for (const auto* one = list; one != nullptr; one = one->ai_next) {
    endpoint x;
    std::memcpy(&x.at, one->ai_addr, one->ai_addrlen);
    x.size = one->ai_addrlen;
    all.push_back(x);
  }
  freeaddrinfo(list);
  return all;
}

struct lookup {
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_ptr<result<std::vector<endpoint>>> found;
};

} // namespace

result<host_port> parse_address(const std::string& text) {
  const auto bad = [&](const char* why) {
    return error{errc::invalid_argument,
                 fmt::format("address '{}': {}; wanted is HOST:PORT or [IPV6]:PORT", text, why)};
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size())
    return bad("the port is missing");
  host_port out{text.substr(0, colon), text.substr(colon + 1)};
  if (out.port.size() > 5 || out.port.find_first_not_of("0123456789") != std::string::npos
      || std::stoi(out.port) > 65535)
    return bad("the port is no number up to 65535");
  if (!out.host.empty() && out.host.front() == '[') {
    if (out.host.back() != ']')
      return bad("']' is missing");
    out.host = out.host.substr(1, out.host.size() - 2);
  } else if (out.host.find(':') != std::string::npos) {
    return bad("an IPv6 address needs brackets");
  }
  return out;
}

std::string host_of(const endpoint& x) {
  if (x.at.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&x.at);
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
      char text[INET_ADDRSTRLEN] = "";
      inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, text, sizeof text);
      return text;
    }
  }
  char host[NI_MAXHOST] = "";
  if (getnameinfo(x.get(), x.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0)
    return "?";
  return host;
}

std::string to_string(const endpoint& x) {
  const auto host = host_of(x);
  const auto port = ntohs(x.at.ss_family == AF_INET6
                            ? reinterpret_cast<const sockaddr_in6*>(&x.at)->sin6_port
                            : reinterpret_cast<const sockaddr_in*>(&x.at)->sin_port);
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

endpoint peer_of(int fd) {
  endpoint x;
  x.size = sizeof x.at;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&x.at), &x.size) != 0)
    x.size = 0;
  return x;
}

result<std::vector<endpoint>> resolve(const host_port& what, std::chrono::milliseconds within,
                                      const std::function<bool()>& stopped) {
  if (auto numbers = look_up(what, AI_NUMERICHOST))
    return numbers;
  if (lookups.fetch_add(1) >= most_lookups) {
    --lookups;
    return error{errc::over_limit,
                 fmt::format("{}: {} names are being looked up and no server answers", what.host, most_lookups)};
  }
  auto shared = std::make_shared<lookup>();
  std::thread{[shared, what] {
    auto found = look_up(what, 0);
    const std::lock_guard guard{shared->mutex};
    shared->found = std::make_unique<result<std::vector<endpoint>>>(std::move(found));
    shared->changed.notify_all();
    --lookups;
  }}.detach();
  const auto until = std::chrono::steady_clock::now() + within;
  std::unique_lock lock{shared->mutex};
  while (!shared->found) {
    if (std::chrono::steady_clock::now() >= until || stopped())
      return error{errc::timed_out, fmt::format("{}: its address was not found within {} ms", what.host,
                                                within.count())};
    shared->changed.wait_for(lock, std::chrono::milliseconds{50});
  }
  return std::move(*shared->found);
}

} // namespace troupe::cluster
