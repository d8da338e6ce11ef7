#include "apps/control/socket.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::control {

namespace {

std::string text_of(int code) {
  return std::generic_category().message(code);
}

error failed(const char* what, const std::string& path, int code) {
  const auto kind = code == EACCES || code == EPERM ? errc::permission_denied : errc::io_error;
  return {kind, fmt::format("control socket {}: {}: {}", path, what, text_of(code))};
}

std::optional<gid_t> find_group(const std::string& name) {
  std::vector<char> space(16 << 10);
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, space.data(), space.size(), &found);
  return found ? std::optional{found->gr_gid} : std::nullopt;
}

const sockaddr* as_sockaddr(const sockaddr_un& x) {
  return reinterpret_cast<const sockaddr*>(&x);
}

/// Removes the file that a dead node left behind.
status clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0)
    return errno == ENOENT ? status{} : failed("cannot look at it", path, errno);
  if (!S_ISSOCK(info.st_mode))
    return error{errc::invalid_argument,
                 fmt::format("control socket {}: a file that is no socket is in the way; move it",
                             path)};
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0)
    return failed("cannot make a socket", path, errno);
  const int refused = connect(probe, as_sockaddr(address), sizeof(address)) == 0 ? 0 : errno;
  close(probe);
  // EAGAIN: its backlog is full, so somebody listens.
  if (refused == 0 || refused == EAGAIN)
    return error{errc::busy, fmt::format("control socket {}: another trouped listens there; stop "
                                         "it or set another `socket` in node.toml",
                                         path)};
  if (refused != ECONNREFUSED)
    return failed("cannot tell whether somebody listens", path, refused);
  if (unlink(path.c_str()) != 0)
    return failed("cannot remove the stale file", path, errno);
  return {};
}

} // namespace

result<listening_socket> listening_socket::open(const std::string& path,
                                                const std::string& group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return error{errc::invalid_argument,
                 fmt::format("control socket '{}': a socket's path has 1 to {} bytes, this one {}",
                             path, sizeof(address.sun_path) - 1, path.size())};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  std::optional<gid_t> gid;
  if (!group.empty() && !(gid = find_group(group)))
    return error{errc::not_found, fmt::format("control socket {}: no group '{}' on this machine; "
                                              "add it with groupadd or leave `socket-group` empty",
                                              path, group)};
  listening_socket result;
  result.lock_ = ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (result.lock_ < 0)
    return failed("cannot make its lock file", path, errno);
  if (flock(result.lock_, LOCK_EX | LOCK_NB) != 0)
    return error{errc::busy, fmt::format("control socket {}: another trouped holds {}.lock; stop "
                                         "it or set another `socket` in node.toml",
                                         path, path)};
  if (auto clear = clear_stale(path, address); !clear)
    return clear.why();
  const int fd = result.fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return failed("cannot make a socket", path, errno);
  const mode_t mode = gid ? 0660 : 0600;
  // Before bind: the file must not be open to everybody even for a moment.
  if (fchmod(fd, 0600) != 0 || bind(fd, as_sockaddr(address), sizeof(address)) != 0)
    return failed("cannot bind", path, errno);
  result.path_ = path; // from here on the file is ours to remove
  if (gid && chown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0)
    return failed("cannot give it to the group", path, errno);
  if (chmod(path.c_str(), mode) != 0)
    return failed("cannot set its mode", path, errno);
  if (listen(fd, 64) != 0)
    return failed("cannot listen", path, errno);
  return result;
}

listening_socket::listening_socket(listening_socket&& other) noexcept
  : path_(std::exchange(other.path_, {})),
    fd_(std::exchange(other.fd_, -1)),
    lock_(std::exchange(other.lock_, -1)) {
}

listening_socket::~listening_socket() {
  if (!path_.empty())
    unlink(path_.c_str());
  if (fd_ >= 0)
    close(fd_);
  if (lock_ >= 0)
    close(lock_);
}

caller peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  caller result;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    result.uid = static_cast<unsigned>(-1);
    result.name = "unknown";
    return result;
  }
  result.uid = credentials.uid;
  result.pid = credentials.pid;
  result.name = user_name(credentials.uid);
  return result;
}

std::string user_name(unsigned uid) {
  std::vector<char> space(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, space.data(), space.size(), &found);
  return found ? found->pw_name : fmt::format("uid:{}", uid);
}

} // namespace troupe::control
