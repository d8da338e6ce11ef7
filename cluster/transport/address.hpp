#pragma once

#include "config/model/result.hpp"

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <vector>

namespace troupe::cluster {

struct host_port {
  std::string host; ///< may be empty: all interfaces
  std::string port;
};

/// "server-1:4710", "10.0.0.7:4710", "[::1]:4710", ":4710".
result<host_port> parse_address(const std::string& text);

/// One address of the kernel.
struct endpoint {
  sockaddr_storage at{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&at); }
};

std::string host_of(const endpoint& x); ///< "10.0.0.7", "fe80::1%eth0"; IPv4 also when mapped
std::string to_string(const endpoint& x); ///< "10.0.0.7:4710", "[::1]:4710"
endpoint peer_of(int fd);

/// All addresses of a name. A number is answered at once; a name by a thread
/// that is left behind when it is late, for getaddrinfo cannot be stopped. At
/// most 16 such threads hang; then `over_limit`.
/// @param stopped asked every 50 ms
result<std::vector<endpoint>> resolve(const host_port& what, std::chrono::milliseconds within,
                                      const std::function<bool()>& stopped);

} // namespace troupe::cluster
