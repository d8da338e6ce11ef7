#include "apps/daemon/restore.hpp"

#include "storage/backup/restore.hpp"
#include "storage/rocks/rocks_engine.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::daemon {

namespace fs = std::filesystem;
namespace backup = storage::backup;

namespace {

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_;
};

error refused(const std::string& what) {
  const auto why = errno;
  return {why == EACCES || why == EPERM ? errc::permission_denied : why == ENOSPC ? errc::disk_full : errc::io_error,
          fmt::format("{}: {}", what, std::generic_category().message(why))};
}

status read_all(const std::string& file, backup::reader& into) {
  const descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (from.get() < 0) {
    const auto why = errno;
    return error{why == ENOENT ? errc::not_found : errc::io_error, fmt::format("cannot read {}: {}", file, std::generic_category().message(why))};
  }
  std::string space(64 << 10, '\0');
  for (;;) { // ends with the file
    const auto n = ::read(from.get(), space.data(), space.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return refused("reading " + file);
    if (n == 0)
      break;
    if (auto ok = into.feed(std::string_view{space}.substr(0, static_cast<std::size_t>(n))); !ok)
      return error{ok.why().code, fmt::format("{}: {}", file, ok.why().context)};
  }
  if (auto ok = into.finish(); !ok)
    return error{ok.why().code, fmt::format("{}: {}", file, ok.why().context)};
  return {};
}

/// The lock that a running node holds, as RocksDB takes it. Held until the end,
/// so that none starts meanwhile.
status lock_store(const descriptor& file, const std::string& store) {
  if (file.get() < 0)
    return {}; // no store, so nobody has it
  struct flock how {};
  how.l_type = F_WRLCK;
  how.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_SETLK, &how) == 0)
    return {};
  if (errno != EAGAIN && errno != EACCES)
    return refused("locking " + store);
  return error{errc::busy, fmt::format("the node runs: its store {} is in use. Stop it (`troupe shutdown`, or by its service manager), then "
                                       "restore", store)};
}

status sync_folder(const std::string& path) {
  const descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return folder.get() >= 0 && ::fsync(folder.get()) == 0 ? status{} : status{refused("syncing " + path)};
}

status move(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? status{} : status{refused(fmt::format("moving {} to {}", from, to))};
}

/// An administrator restores for a service that has a user of its own.
status give_to_owner_of(const std::string& folder, const std::string& store) {
  struct stat of {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &of) != 0 || of.st_uid == 0)
    return {};
  if (::lchown(store.c_str(), of.st_uid, of.st_gid) != 0)
    return refused("giving " + store + " to the owner of " + folder);
  std::error_code why;
  for (const auto& x : fs::directory_iterator{store, why})
    if (::lchown(x.path().c_str(), of.st_uid, of.st_gid) != 0)
      return refused("giving " + x.path().string() + " to the owner of " + folder);
  return {};
}

result<backup::contents> fill(const std::string& store, const node_config& node, const std::string& file) {
  storage::rocks_options how;
  how.memory_bytes = node.store_memory_bytes;
  auto engine = storage::open_rocks(store, how);
  if (!engine)
    return engine.why();
  if (auto ok = (*engine)->open(storage::access::read_write); !ok)
    return ok.why();
  backup::restoring work{**engine, node.name};
  backup::reader from{work.taker()};
  if (auto ok = read_all(file, from); !ok)
    return ok.why();
  if (auto ok = work.finish(*from.found().begins); !ok)
    return ok.why();
  if (auto ok = (*engine)->verify(); !ok)
    return ok.why();
  if (auto ok = (*engine)->close(); !ok)
    return ok.why();
  return from.found();
}

std::string free_name(const std::string& store) {
  auto out = fmt::format("{}.replaced-{}", store, std::time(nullptr));
  const auto base = out;
  for (int i = 2; fs::exists(out); ++i)
    out = fmt::format("{}-{}", base, i);
  return out;
}

} // namespace

result<restored> restore_store(const node_config& node, const std::string& file, bool replace) {
  backup::reader whole;
  if (auto ok = read_all(file, whole); !ok)
    return ok.why();
  std::error_code failed;
  fs::create_directories(node.data_dir, failed);
  if (failed)
    return error{errc::io_error, fmt::format("cannot make the data directory {}: {}", node.data_dir, failed.message())};
  const descriptor folder{::open(node.data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.get() < 0 || ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? error{errc::busy, fmt::format("another restore works in {}; wait for its end", node.data_dir)}
                                : refused("opening the data directory " + node.data_dir);
  restored out;
  out.store = node.data_dir + "/store";
  const bool there = fs::exists(out.store + "/CURRENT", failed);
  const descriptor lock{::open((out.store + "/LOCK").c_str(), O_RDWR | O_CLOEXEC)};
  if (there && lock.get() < 0 && errno != ENOENT)
    return refused("locking " + out.store);
  if (auto ok = lock_store(lock, out.store); !ok)
    return ok.why();
  if (there && !replace)
    return error{errc::conflict, fmt::format("{} holds a store already. With --replace it is moved aside and the backup takes its place",
                                             out.store)};
  const auto beside = out.store + ".restoring"; // of a restore that was cut off, perhaps
  fs::remove_all(beside, failed);
  auto filled = fill(beside, node, file);
  status done;
  if (!filled)
    done = filled.why();
  if (done)
    done = give_to_owner_of(node.data_dir, beside);
  if (done)
    done = sync_folder(beside);
  if (!done) {
    fs::remove_all(beside, failed);
    return done.why();
  }
  if (fs::exists(out.store, failed)) {
    out.aside = free_name(out.store);
    if (auto ok = move(out.store, out.aside); !ok) {
      fs::remove_all(beside, failed);
      return ok.why();
    }
  }
  if (auto ok = move(beside, out.store); !ok) {
    if (!out.aside.empty())
      (void)move(out.aside, out.store);
    fs::remove_all(beside, failed);
    return ok.why();
  }
  if (auto ok = sync_folder(node.data_dir); !ok)
    return error{ok.why().code, fmt::format("{} is restored, and may be gone after a power cut: {}", out.store, ok.why().context)};
  out.what = std::move(*filled);
  return out;
}

} // namespace troupe::daemon
