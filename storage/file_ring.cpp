#include "storage/file_ring.hpp"

#include "storage/ring.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::storage {

namespace {

error file_error(const std::string& what, const std::string& path) {
  const auto why = errno;
  return {why == ENOSPC || why == EDQUOT ? errc::disk_full : errc::io_error,
          fmt::format("{} {}: {}", what, path, std::strerror(why))};
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

bool write_at(int fd, std::string_view bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::size_t>(n);
  }
  return true;
}

class file_ring final : public ring_file {
public:
  file_ring(descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  result<std::string> read() override {
    std::string out(ring_bytes, '\0');
    std::size_t at = 0;
    while (at < out.size()) {
      const auto n = ::pread(fd_.get(), out.data() + at, out.size() - at,
                             static_cast<off_t>(at));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EIO) { // a page that cannot be read is a damaged one
        const auto next = (at / ring_page_bytes + 1) * ring_page_bytes;
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(at),
                  out.begin() + static_cast<std::ptrdiff_t>(next), '\xff');
        at = next;
        continue;
      }
      if (n < 0)
        return file_error("reading", path_);
      if (n == 0)
        break;
      at += static_cast<std::size_t>(n);
    }
    return out;
  }

  status write(unsigned page, std::string_view bytes) override {
    if (!write_at(fd_.get(), bytes, page * ring_page_bytes))
      return file_error("writing", path_);
    if (::fdatasync(fd_.get()) != 0)
      return file_error("syncing", path_);
    return {};
  }

private:
  descriptor fd_;
  std::string path_;
};

} // namespace

result<std::unique_ptr<ring_file>> open_file_ring(const std::string& path) {
  descriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (fd.get() < 0)
    return file_error("opening", path);
  struct stat now {};
  if (::fstat(fd.get(), &now) != 0)
    return file_error("looking at", path);
  const auto size = static_cast<std::size_t>(now.st_size);
  if (size < ring_bytes) {
    // Real zeros, not a hole: later writes must not need new blocks.
    const std::string blank(ring_bytes - size, '\0');
    if (!write_at(fd.get(), blank, size) || ::fsync(fd.get()) != 0)
      return file_error("making", path);
    auto folder = std::filesystem::path{path}.parent_path();
    descriptor above{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC)};
    if (above.get() < 0 || ::fsync(above.get()) != 0)
      return file_error("syncing the folder of", path);
  }
  return std::unique_ptr<ring_file>{std::make_unique<file_ring>(std::move(fd), path)};
}

} // namespace troupe::storage
