#pragma once

#include "apps/control/node_api.hpp"

#include <string>

namespace troupe::control {

/// The unix socket that a node listens at: bound, with its mode and group set
/// before anybody can connect. Holds `<path>.lock` for its lifetime, so that
/// two nodes never fight for one path; removes the socket file at the end.
class listening_socket {
public:
  /// Mode 0660 for `group`, 0600 without one. A socket file that nobody
  /// listens at is replaced.
  /// @returns `busy` when somebody listens there, `not_found` for an unknown
  ///          group, `invalid_argument` for a path that cannot hold a socket.
  [[nodiscard]] static result<listening_socket> open(const std::string& path,
                                                     const std::string& group);

  listening_socket(listening_socket&& other) noexcept;
  listening_socket& operator=(listening_socket&&) = delete;
  ~listening_socket();

  [[nodiscard]] int fd() const noexcept { return fd_; }

private:
  listening_socket() = default;

  std::string path_;
  int fd_ = -1;
  int lock_ = -1;
};

/// Who is at the other end of an accepted connection, from the kernel
/// (SO_PEERCRED at connect time): a process cannot claim to be another.
[[nodiscard]] caller peer_of(int fd);

/// "anna", or "uid:1000" for a user without a name.
[[nodiscard]] std::string user_name(unsigned uid);

} // namespace troupe::control
