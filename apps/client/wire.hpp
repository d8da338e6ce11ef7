#pragma once

#include "apps/client/problem.hpp"
#include "apps/client/target.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::client {

/// A connection to a node: a unix socket, or TLS. Threads: one. SIGPIPE must
/// be ignored.
class wire {
public:
  virtual ~wire() = default;

  /// Waits for bytes, `patience` at most. @returns how many came, 0 at the end.
  [[nodiscard]] virtual answer<std::size_t> read(char* to, std::size_t size,
                                                 std::chrono::milliseconds patience) = 0;
  /// Sends all of it. A peer that takes nothing for `patience` is `lost`.
  [[nodiscard]] virtual answer<bool> write(std::string_view bytes,
                                           std::chrono::milliseconds patience) = 0;
};

/// @returns `no_node` or `no_access`, with what to do.
[[nodiscard]] answer<std::shared_ptr<wire>> open_socket(const std::string& path,
                                                        std::chrono::milliseconds patience);

/// Tries each address of the host. The other side must have a node's
/// certificate from our CA, with the CN that `to` names, if it does.
/// @returns `no_node`, `untrusted` or `no_access`, with what to do.
[[nodiscard]] answer<std::shared_ptr<wire>> open_tls(const host_address& to,
                                                     const std::string& identity,
                                                     std::chrono::milliseconds patience);

/// Waits until the descriptor is ready for `events` of poll(2).
[[nodiscard]] bool ready(int fd, short events, std::chrono::milliseconds patience);

/// A descriptor that closes itself.
class owned_fd {
public:
  explicit owned_fd(int fd = -1) : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(other.release()) {}
  owned_fd& operator=(owned_fd&&) = delete;
  ~owned_fd();
  [[nodiscard]] int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

private:
  int fd_;
};

} // namespace troupe::client
