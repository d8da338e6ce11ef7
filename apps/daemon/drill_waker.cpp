#include "apps/daemon/drill_waker.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <cstring>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace troupe::daemon {

namespace {

constexpr int ready_fd = 3;
constexpr milliseconds ready_within{2000};
constexpr std::string_view word = "--wake";

std::optional<long> number(const char* text) {
  long x = 0;
  const auto* end = text + std::strlen(text);
  const auto [at, failed] = std::from_chars(text, end, x);
  return failed == std::errc{} && at == end && x > 0 ? std::optional{x} : std::nullopt;
}

} // namespace

result<pid_t> start_waker(milliseconds after) {
  std::array<int, 2> pipe_fds{};
  if (::pipe2(pipe_fds.data(), O_CLOEXEC) != 0)
    return error{errc::io_error, fmt::format("no pipe to who is to wake this node: {}", std::strerror(errno))};
  const auto [from, to] = pipe_fds;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, to, ready_fd);
  // This process blocks signals; the waker must end when it is told to.
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
  auto pid_text = std::to_string(::getpid()), after_text = std::to_string(after.count());
  std::string name = "trouped", option{word};
  std::array<char*, 5> argv{name.data(), option.data(), pid_text.data(), after_text.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &files, &how, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  ::close(to);
  if (failed != 0) {
    ::close(from);
    return error{errc::io_error, fmt::format("nobody can be started that would wake this node: {}", std::strerror(failed))};
  }
  pollfd ready{from, POLLIN, 0};
  char byte = 0;
  const bool watches = ::poll(&ready, 1, static_cast<int>(ready_within.count())) == 1 && ::read(from, &byte, 1) == 1;
  ::close(from);
  if (watches)
    return child;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return error{errc::timed_out, "who is to wake this node did not start in time"};
}

bool is_waker(int argc, char** argv) { return argc == 4 && argv[1] == word; }

int run_waker(char** argv) {
  const auto pid = number(argv[2]), after = number(argv[3]);
  if (!pid || !after || ::getppid() != *pid)
    return 2;
  // A number may be given to another process; this is the one.
  const int node = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(*pid), 0));
  if (node < 0)
    return 1;
  if (::write(ready_fd, "r", 1) != 1)
    return 1;
  // The node's own files must not stay open here, when it has ended.
  for (int fd = ready_fd; fd < node; ++fd)
    ::close(fd);
  ::close_range(static_cast<unsigned>(node) + 1, ~0U, 0);
  pollfd ended{node, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(*after)) != 0)
    return 0; // it is gone
  ::syscall(SYS_pidfd_send_signal, node, SIGCONT, nullptr, 0);
  return 0;
}

} // namespace troupe::daemon
