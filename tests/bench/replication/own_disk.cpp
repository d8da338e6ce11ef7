#include "tests/bench/replication/own_disk.hpp"

#include "tests/support/run_program.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <stdexcept>
#include <sys/mount.h>
#include <unistd.h>

namespace troupe::bench {

namespace {

void run(const std::vector<std::string>& words, const std::string& folder) {
  const auto said = test::run_program(words, folder);
  if (said.exit != 0)
    throw std::runtime_error(words.front() + ": " + said.err);
}

/// "/dev/loop0" is mounted there: "loop0".
std::string device_of(const std::string& folder) {
  std::ifstream in{"/proc/self/mounts"};
  std::string device, at, rest;
  while (in >> device >> at && std::getline(in, rest))
    if (at == folder)
      return device.substr(device.rfind('/') + 1);
  throw std::runtime_error("nothing is mounted at " + folder);
}

} // namespace

own_disk::own_disk(std::string folder, int mib) : folder_(std::move(folder)) {
  // Once: threads that RocksDB keeps would not see what is mounted in another.
  static const bool apart = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (!apart)
    throw std::runtime_error(std::string{"no mounts of its own: "} + std::strerror(errno));
  const auto image = "/dev/shm/troupe-bench." + std::to_string(::getpid());
  const int fd = ::open(image.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool made = fd >= 0 && ::ftruncate(fd, off_t{mib} << 20) == 0;
  ::close(fd);
  try {
    if (!made)
      throw std::runtime_error("cannot make " + image);
    // All of it at once: what the kernel would write later is not ours.
    run({"/usr/sbin/mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image}, "/tmp");
    run({"/usr/bin/mount", "-o", "loop,noatime", image, folder_}, "/tmp");
    device_ = device_of(folder_);
  } catch (...) {
    ::unlink(image.c_str());
    throw;
  }
  ::unlink(image.c_str());
}

own_disk::~own_disk() { ::umount2(folder_.c_str(), MNT_DETACH); }

std::uint64_t own_disk::written() const {
  const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::syncfs(fd);
  ::close(fd);
  std::ifstream in{"/sys/block/" + device_ + "/stat"};
  std::uint64_t x = 0;
  for (int i = 0; i < 7; ++i) // Documentation/block/stat.rst: sectors of 512 bytes written
    in >> x;
  return x * 512;
}

} // namespace troupe::bench
