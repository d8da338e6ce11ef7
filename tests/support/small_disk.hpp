#pragma once

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

namespace troupe::test {

/// A file system of some MiB of its own, which a test can fill up. It is mounted
/// for this thread and what it starts from then on, and for nobody else; what is
/// left of it goes with the process, however that ends.
class small_disk {
public:
  /// Why there can be none here; empty: there can.
  static std::string refused() {
    if (::unshare(CLONE_NEWNS) != 0)
      return std::string{"the kernel gives no mount namespace to this user: "} + std::strerror(errno);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return std::string{"mounts cannot be made private: "} + std::strerror(errno);
    if (::mount("small", "/mnt", "tmpfs", 0, "size=1m") != 0)
      return std::string{"no tmpfs can be mounted: "} + std::strerror(errno);
    ::umount2("/mnt", MNT_DETACH);
    return {};
  }

  /// @param folder is there, and empty
  /// @pre `refused` was asked by this thread and said nothing
  small_disk(std::string folder, int mib) : folder_(std::move(folder)) {
    const auto size = "size=" + std::to_string(mib) + "m";
    if (::mount("small", folder_.c_str(), "tmpfs", 0, size.c_str()) != 0)
      throw std::runtime_error("no tmpfs at " + folder_ + ": " + std::strerror(errno));
  }
  ~small_disk() { ::umount2(folder_.c_str(), MNT_DETACH); }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// Takes all space that is left.
  void fill() const {
    const int fd = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string zeros(4096, '\0');
    while (::write(fd, zeros.data(), zeros.size()) > 0) {
    }
    ::close(fd);
  }
  /// Gives back what `fill` took.
  void free() const { ::unlink(filler().c_str()); }

private:
  [[nodiscard]] std::string filler() const { return folder_ + "/filler"; }
  std::string folder_;
};

} // namespace troupe::test
