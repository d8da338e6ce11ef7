#include "apps/client/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::client {

namespace {

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

problem silent(const std::string& where, std::chrono::milliseconds patience) {
  return {trouble::lost, {},
          fmt::format("trouped at {} did not answer within {} s or went away; `troupe status` "
                      "tells whether it is back",
                      where, patience.count() / 1000)};
}

class socket_wire final : public wire {
public:
  socket_wire(owned_fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  answer<std::size_t> read(char* to, std::size_t size, std::chrono::milliseconds patience) override {
    for (;;) {
      const auto n = recv(fd_.get(), to, size, 0);
      if (n >= 0)
        return static_cast<std::size_t>(n);
      if (!would_block() || !ready(fd_.get(), POLLIN, patience))
        return silent(path_, patience);
    }
  }

  answer<bool> write(std::string_view bytes, std::chrono::milliseconds patience) override {
    while (!bytes.empty()) {
      const auto n = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(n));
      else if (!would_block() || !ready(fd_.get(), POLLOUT, patience))
        return silent(path_, patience);
    }
    return true;
  }

private:
  owned_fd fd_;
  std::string path_;
};

} // namespace

bool ready(int fd, short events, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      end - std::chrono::steady_clock::now());
    pollfd one{fd, events, 0};
    const int n = poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (n != -1 || errno != EINTR)
      return n > 0;
  }
}

owned_fd::~owned_fd() {
  if (fd_ >= 0)
    close(fd_);
}

answer<std::shared_ptr<wire>> open_socket(const std::string& path,
                                          std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return problem{trouble::no_node, {},
                   fmt::format("{} is too long for a socket's path ({} bytes at most)", path,
                               sizeof(address.sun_path) - 1)};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  owned_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const auto end = std::chrono::steady_clock::now() + patience;
  while (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int code = errno;
    if (code == EAGAIN && std::chrono::steady_clock::now() < end) {
      // Its backlog is full, and nothing tells when there is room.
      usleep(10'000);
      continue;
    }
    if (code == EAGAIN)
      return problem{trouble::lost, {},
                     fmt::format("trouped at {} did not take the call; try again", path)};
    if (code == EACCES || code == EPERM)
      return problem{trouble::no_access, {},
                     fmt::format("you may not connect to {}: join the group of that socket (ls -l "
                                 "{}) or use sudo",
                                 path, path)};
    return problem{trouble::no_node, {},
                   fmt::format("no trouped listens at {}: start it with `systemctl start trouped`, "
                               "or name its socket with --socket or TROUPE_SOCKET, or another "
                               "machine with --host",
                               path)};
  }
  return std::shared_ptr<wire>{std::make_shared<socket_wire>(std::move(fd), path)};
}

} // namespace troupe::client
