#pragma once

#include <cstdint>
#include <string>

namespace troupe::bench {

/// A disk of the bench's own, in RAM, with ext4 as Debian makes it: what its
/// kernel device writes is what a flash card would be given, the file system's
/// journal included. Mounted for this process only, and gone with it.
///
/// The kernel's account of a process (/proc/PID/io) is of no use for this: it
/// counts whole folios, so that 4 KiB written in place may count as 64.
class own_disk {
public:
  /// Before there are other threads. @param folder is there, and empty
  /// Throws std::runtime_error with the reason if there can be none.
  explicit own_disk(std::string folder, int mib = 512);
  ~own_disk();
  own_disk(const own_disk&) = delete;
  own_disk& operator=(const own_disk&) = delete;

  /// Bytes that the device has written so far; all that files have is there.
  [[nodiscard]] std::uint64_t written() const;

private:
  std::string folder_;
  std::string device_; ///< "loop0"
};

} // namespace troupe::bench
