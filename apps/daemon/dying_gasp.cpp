#include "apps/daemon/dying_gasp.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace troupe::daemon {

namespace {

constexpr int sign_of_death = SIGUSR1;

bool is_connection(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED;
}

/// As getdents64(2) lays it out; the C library shows it only through readdir,
/// which allocates, and another thread may have held the heap's lock at the clone.
struct directory_entry {
  std::uint64_t inode;
  std::int64_t next;
  std::uint16_t size;
  std::uint8_t kind;
  char name[1];
};

/// Calls `each` with every entry of a folder that is a number.
template <class F>
void for_numbers_in(const char* folder, F each) {
  const int list = ::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(directory_entry) char some[4096];
  for (long n = 0; list >= 0 && (n = ::syscall(SYS_getdents64, list, some, sizeof some)) > 0;)
    for (const char* at = some; at < some + n; at += reinterpret_cast<const directory_entry*>(at)->size) {
      const char* name = reinterpret_cast<const directory_entry*>(at)->name;
      int number = 0;
      if (std::from_chars(name, name + std::strlen(name), number).ec == std::errc{})
        each(number);
    }
}

/// Not the three standard ones: those may be somebody else's, too.
void end_connections() {
  for_numbers_in("/proc/self/fd", [](int fd) {
    if (fd > STDERR_FILENO && is_connection(fd))
      ::shutdown(fd, SHUT_RDWR);
  });
}

/// The node ran before ordinary processes; it is not to be taken apart before
/// those of this machine that go on with its work. Not behind ordinary ones
/// either: a thread may hold a lock of the file system, and whoever starts the node
/// again waits for its end (SCHED_IDLE: up to 1.4 s on busy cores). What ran in real time
/// keeps that, as it is over sooner so, beside others and not before them.
void give_way(const char* threads) {
  const sched_param lowest{.sched_priority = ::sched_get_priority_min(SCHED_RR)};
  for_numbers_in(threads, [&](int thread) {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), 0);
    if (::sched_getscheduler(thread) == SCHED_RR)
      ::sched_setscheduler(thread, SCHED_RR, &lowest);
  });
}

[[noreturn]] void watch(pid_t node) {
  char threads[32] = "/proc/";
  std::strcpy(std::to_chars(threads + std::strlen(threads), std::end(threads), node).ptr, "/task");
  ::prctl(PR_SET_NAME, "trouped-gasp");
  ::prctl(PR_SET_PDEATHSIG, sign_of_death);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, sign_of_death);
  // The number of the parent does not tell: a child goes to another thread of
  // the dying process first. It may have died before this was asked for, though.
  siginfo_t why{};
  while (::getppid() == node && (::sigwaitinfo(&wanted, &why) != sign_of_death || why.si_pid != node))
    ;
  end_connections();
  give_way(threads);
  ::_exit(0);
}

/// Before whatever else runs here, if the system allows it: while the process is
/// taken apart, its threads keep every core busy in the kernel.
void run_at_once() {
  sched_param how{};
  how.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  ::sched_setscheduler(0, SCHED_FIFO, &how);
}

} // namespace

result<void> start_dying_gasp() {
  const auto node = ::getpid();
  std::promise<int> started;
  auto failed = started.get_future();
  // A thread of its own: its end is the sign, and comes first.
  std::thread{[node, started = std::move(started)]() mutable {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    run_at_once();
    // No signal at its end: nobody waits for it. fork(2) would not share the files.
    const auto child = ::syscall(SYS_clone, CLONE_FILES, nullptr, nullptr, nullptr, nullptr);
    if (child == 0)
      watch(node);
    started.set_value(child < 0 ? errno : 0);
    // If somebody ends it, the system need not keep it in its tables.
    if (child > 0)
      while (::waitpid(static_cast<pid_t>(child), nullptr, __WALL) < 0 && errno == EINTR)
        ;
    while (child > 0)
      ::pause();
  }}.detach();
  if (const int why = failed.get(); why != 0)
    return error{errc::io_error, fmt::format("nobody can be started that would tell the others at once when this process is killed: {}",
                                             std::strerror(why))};
  return {};
}

} // namespace troupe::daemon
