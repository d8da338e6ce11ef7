#include "apps/cli/new_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace troupe::cli {

namespace fs = std::filesystem;

new_file::~new_file() {
  if (fd_ >= 0)
    ::close(fd_);
  if (!beside_.empty())
    ::unlink(beside_.c_str());
}

error new_file::refused(const std::string& doing) const {
  const auto why = errno;
  return {why == ENOSPC ? errc::disk_full : why == EACCES ? errc::permission_denied : errc::io_error,
          fmt::format("{} {}: {}", doing, path_, std::generic_category().message(why))};
}

status new_file::open(bool replace) {
  replace_ = replace;
  std::error_code failed;
  const auto there = fs::status(path_, failed);
  if (fs::exists(there) && !fs::is_regular_file(there))
    return error{errc::invalid_argument, path_ + " is no file"};
  if (fs::exists(there) && !replace)
    return error{errc::conflict, path_ + " is there already; take another name, or --replace"};
  const fs::path name{path_};
  beside_ = (name.parent_path() / fmt::format(".{}.{}.part", name.filename().string(), ::getpid())).string();
  ::unlink(beside_.c_str()); // of a process of that number that died
  fd_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ >= 0)
    return {};
  auto why = refused("cannot write");
  beside_.clear();
  return why;
}

status new_file::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return refused("writing");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

status new_file::finish() {
  if (::fsync(fd_) != 0)
    return refused("syncing");
  // Without --replace also one that came meanwhile stays.
  const auto flags = replace_ ? 0u : static_cast<unsigned>(RENAME_NOREPLACE);
  if (::renameat2(AT_FDCWD, beside_.c_str(), AT_FDCWD, path_.c_str(), flags) != 0) {
    // Some file systems do not know the flag.
    if (errno != EINVAL || ::rename(beside_.c_str(), path_.c_str()) != 0)
      return refused("naming");
  }
  beside_.clear();
  const auto folder = fs::path{path_}.parent_path().string();
  const int dir = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = dir >= 0 && ::fsync(dir) == 0;
  status out;
  if (!synced)
    out = refused("syncing the folder of");
  if (dir >= 0)
    ::close(dir);
  return out;
}

} // namespace troupe::cli
