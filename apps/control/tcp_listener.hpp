#pragma once

#include "config/model/result.hpp"

#include <string>

struct sockaddr_storage;

namespace troupe::control {

/// A TCP address to listen at. "10.0.0.7:4711", "[fd00::7]:4711", "host:4711";
/// ":4711" and "[::]:4711" are both families. Without a port: 4711.
struct tcp_address {
  std::string host; ///< empty: any
  std::string port = "4711";
};
[[nodiscard]] result<tcp_address> parse_tcp(const std::string& text);

/// A listening TCP socket, non-blocking. A name is resolved at once, which may
/// block; addresses do not.
class tcp_listener {
public:
  /// @returns `invalid_argument` for what is no address, `busy` when somebody
  ///          listens there, with a way out.
  [[nodiscard]] static result<tcp_listener> open(const std::string& address);

  tcp_listener(tcp_listener&& other) noexcept;
  tcp_listener& operator=(tcp_listener&&) = delete;
  ~tcp_listener();

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// As bound: "127.0.0.1:40123" for port 0.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
  tcp_listener() = default;

  int fd_ = -1;
  std::string address_;
};

/// "10.0.0.7:51234", "[fd00::7]:51234".
[[nodiscard]] std::string text_of(const sockaddr_storage& x);

/// What counts as one address for bounds: of IPv6 the first 64 bits, because
/// a single machine has all that follow.
[[nodiscard]] std::string place_of(const sockaddr_storage& x);

} // namespace troupe::control
