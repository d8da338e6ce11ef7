#pragma once

#include "cluster/transport/address.hpp"

#include <cstdint>
#include <utility>

namespace troupe::cluster {

/// A descriptor with an owner.
class owned_fd {
public:
  owned_fd() = default;
  explicit owned_fd(int fd) : fd_(fd) {}
  owned_fd(owned_fd&& x) noexcept : fd_(std::exchange(x.fd_, -1)) {}
  owned_fd& operator=(owned_fd&& x) noexcept {
    std::swap(fd_, x.fd_);
    return *this;
  }
  ~owned_fd();
  [[nodiscard]] int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// No delay, and an end (ETIMEDOUT) when nothing was acknowledged for so long,
/// nor a keep-alive answered where nothing was to be sent.
void tune(int fd, std::chrono::milliseconds unacknowledged_within);

/// What was queued is thrown away at close, and the peer gets a reset: it must
/// not act on commands of a link that is dead.
void reset_on_close(int fd);

/// Waits until `fd` is ready. @returns false at the deadline or when
/// `stop_fd` is readable.
bool wait_ready(int fd, short events, std::chrono::steady_clock::time_point until, int stop_fd);

/// Connects or says why not: "10.0.0.7:4710: Connection refused". What the other side has let in and ended at once is
/// returned: its reader sees the end.
/// @returns `closed`: its host answered that nobody listens there; `timed_out`;
///          else `unreachable`
result<owned_fd> connect_tcp(const endpoint& to, std::chrono::steady_clock::time_point until,
                             int stop_fd);

/// Listens. An empty host or "::" takes both families.
result<owned_fd> listen_tcp(const host_port& where);
std::uint16_t port_of(int fd);

} // namespace troupe::cluster
