#pragma once

#include "tests/bench/cluster/farm.hpp"

#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace troupe::bench {

/// What a durable write costs at least here: append and fdatasync.
class raw_disk {
public:
  explicit raw_disk(const std::string& path) : fd_(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {}
  ~raw_disk() { ::close(fd_); }
  raw_disk(const raw_disk&) = delete;
  raw_disk& operator=(const raw_disk&) = delete;

  /// @returns nanoseconds
  double write(std::size_t bytes = 120) {
    const std::string content(bytes, 'x');
    const auto begun = now_ns();
    if (::write(fd_, content.data(), content.size()) < 0 || ::fdatasync(fd_) != 0)
      throw std::runtime_error("the disk of the bench refuses a write");
    return static_cast<double>(now_ns() - begun);
  }
  /// Writes a second, one after the other, by one thread.
  double rate(double seconds) {
    const auto begun = now_ns();
    double n = 0;
    double passed = 0;
    for (; passed < seconds; ++n) {
      (void)write();
      passed = static_cast<double>(now_ns() - begun) / 1e9;
    }
    return n / passed;
  }

private:
  int fd_;
};

} // namespace troupe::bench
