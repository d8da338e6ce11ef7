#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>

namespace troupe::test {

/// A port of loopback that is free now. From below those that the kernel gives to
/// connections (32768 and up): one of them would soon be taken by another test's.
/// Each only once: who asked before may not listen yet.
inline std::uint16_t free_port() {
  static std::mutex one_at_a_time;
  static std::set<std::uint16_t> given;
  const std::lock_guard lock{one_at_a_time};
  std::random_device dice;
  for (int tries = 0; tries < 500; ++tries) {
    const auto port = static_cast<std::uint16_t>(10'000 + dice() % 22'000);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    if (bound && given.insert(port).second)
      return port;
  }
  throw std::runtime_error("no free port");
}

} // namespace troupe::test
