#include "cluster/identity/files.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::identity {

namespace {

error trouble(const char* what, const std::string& path) {
  const int code = errno;
  const auto kind = code == ENOENT                      ? errc::not_found
                    : code == EACCES || code == EPERM   ? errc::permission_denied
                    : code == ENOSPC || code == EDQUOT  ? errc::disk_full
                                                        : errc::io_error;
  return {kind, fmt::format("cannot {} {}: {}", what, path, std::strerror(code))};
}

std::string above(const std::string& path) {
  const auto folder = std::filesystem::path{path}.parent_path().string();
  return folder.empty() ? "." : folder;
}

/// An operator who works as root in the folder of the service's user must not
/// leave keys there that the service cannot read.
void give_to_owner_of(const std::string& folder, int fd) {
  struct stat owner{};
  if (::geteuid() == 0 && ::stat(folder.c_str(), &owner) == 0 && owner.st_uid != 0)
    (void) !::fchown(fd, owner.st_uid, owner.st_gid);
}

/// A rename rests on disk only when its folder does.
status sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return trouble("open", folder);
  const bool done = ::fsync(fd) == 0;
  const auto why = trouble("sync", folder);
  ::close(fd);
  return done ? status{} : status{why};
}

status write_beside(const std::string& path, const std::string& text, openness who,
                    std::string& beside) {
  beside = path + ".XXXXXX";
  const int fd = ::mkostemp(beside.data(), O_CLOEXEC); // mode 0600
  if (fd < 0)
    return trouble("write beside", path);
  auto give_up = [&](const char* what) -> status {
    auto why = trouble(what, path);
    ::close(fd);
    ::unlink(beside.c_str());
    return why;
  };
  give_to_owner_of(above(path), fd);
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return give_up("write");
    done += static_cast<std::size_t>(n);
  }
  if (who == openness::open && ::fchmod(fd, 0644) != 0)
    return give_up("set the mode of");
  if (::fsync(fd) != 0)
    return give_up("sync");
  ::close(fd);
  return {};
}

} // namespace

result<std::string> read_text(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return trouble("read", path);
  std::string result;
  char buffer[16384];
  for (;;) {
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      auto why = trouble("read", path);
      ::close(fd);
      return why;
    }
    if (n == 0)
      break;
    result.append(buffer, static_cast<std::size_t>(n));
    if (result.size() > most) {
      ::close(fd);
      return error{errc::over_limit, fmt::format("{} is larger than {} MiB: is it the right file?", path, most >> 20)};
    }
  }
  ::close(fd);
  return result;
}

result<std::string> read_text_if_there(const std::string& path, std::size_t most) {
  auto text = read_text(path, most);
  if (!text && text.why().code == errc::not_found)
    return std::string{};
  return text;
}

status write_text(const std::string& path, const std::string& text, openness who) {
  std::string beside;
  if (auto done = write_beside(path, text, who, beside); !done)
    return done;
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    auto why = trouble("replace", path);
    ::unlink(beside.c_str());
    return why;
  }
  return sync_folder(above(path));
}

status write_new_text(const std::string& path, const std::string& text, openness who) {
  std::string beside;
  if (auto done = write_beside(path, text, who, beside); !done)
    return done;
  // A link fails where a rename would replace.
  const bool linked = ::link(beside.c_str(), path.c_str()) == 0;
  auto why = errno == EEXIST ? error{errc::conflict, fmt::format("{} exists and stays as it is", path)}
                             : trouble("write", path);
  ::unlink(beside.c_str());
  return linked ? sync_folder(above(path)) : status{why};
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

status make_folder(const std::string& path, openness who) {
  std::error_code why;
  const bool there = std::filesystem::is_directory(path, why);
  std::filesystem::create_directories(path, why);
  if (why)
    return error{errc::io_error, fmt::format("cannot create the folder {}: {}", path, why.message())};
  if (there)
    return {};
  if (who == openness::secret && ::chmod(path.c_str(), 0700) != 0)
    return trouble("set the mode of", path);
  if (const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
    give_to_owner_of(above(path), fd);
    ::close(fd);
  }
  return {};
}

result<folder_lock> folder_lock::hold(const std::string& folder) {
  const auto path = folder + "/.lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return trouble("lock with", path);
  give_to_owner_of(folder, fd);
  while (::flock(fd, LOCK_EX) != 0)
    if (errno != EINTR) {
      auto why = trouble("lock", path);
      ::close(fd);
      return why;
    }
  return folder_lock{fd};
}

folder_lock::folder_lock(folder_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {
}

folder_lock::~folder_lock() {
  if (fd_ >= 0)
    ::close(fd_);
}

} // namespace troupe::identity
