#include "apps/daemon/log_writer.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <deque>
#include <mutex>
#include <poll.h>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

namespace troupe::daemon {

struct log_writer::state {
  void work();
  void put(std::string_view line) const;

  int fd = -1;
  std::function<std::string(std::uint64_t)> told_as;
  std::mutex mutex;
  std::condition_variable more;
  std::deque<std::string> lines;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;
  bool ending = false;
  std::atomic<std::size_t> unwritten{0}; ///< with the one in work
};

namespace {

constexpr std::array fatal{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
std::array<struct sigaction, fatal.size()> before_us;
std::atomic<const log_writer*> last_words{nullptr};
std::atomic<int> last_words_within_ms{0};

extern "C" void on_fatal_signal(int number, siginfo_t* how, void*) {
  // Whoever was there before us decides; a fault happens again after we return.
  for (std::size_t i = 0; i < fatal.size(); ++i)
    sigaction(fatal[i], &before_us[i], nullptr);
  if (const auto* log = last_words.load())
    log->drain(milliseconds{last_words_within_ms.load()});
  if (how->si_code <= 0) // by kill or abort: it does not come by itself
    raise(number);
}

} // namespace

log_writer::log_writer(int fd, std::function<std::string(std::uint64_t)> dropped)
  : state_(std::make_shared<state>()) {
  state_->fd = fd;
  state_->told_as = std::move(dropped);
  // Signals are for main, which begins to wait for them later.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread{[to = state_] { to->work(); }}.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

log_writer::~log_writer() {
  const auto* self = this;
  last_words.compare_exchange_strong(self, nullptr);
  {
    std::lock_guard lock{state_->mutex};
    state_->ending = true;
  }
  state_->more.notify_all();
}

void log_writer::write(std::string line) {
  {
    std::lock_guard lock{state_->mutex};
    auto& x = *state_;
    x.bytes += line.size();
    x.lines.push_back(std::move(line));
    ++x.unwritten;
    while (x.lines.size() > most_lines || (x.bytes > most_bytes && x.lines.size() > 1)) {
      x.bytes -= x.lines.front().size();
      x.lines.pop_front();
      --x.unwritten;
      ++x.dropped;
    }
  }
  state_->more.notify_one();
}

bool log_writer::drain(milliseconds limit) const {
  // Sleeping and looking is all that a signal handler may do.
  const auto until = std::chrono::steady_clock::now() + limit;
  const timespec step{0, 1'000'000};
  while (state_->unwritten.load() > 0) {
    if (std::chrono::steady_clock::now() >= until)
      return false;
    nanosleep(&step, nullptr);
  }
  return true;
}

void log_writer::state::work() {
  std::unique_lock lock{mutex};
  for (;;) {
    more.wait(lock, [this] { return ending || !lines.empty(); });
    if (lines.empty())
      return;
    const auto lost = std::exchange(dropped, 0);
    const auto line = std::move(lines.front());
    lines.pop_front();
    bytes -= line.size();
    lock.unlock();
    if (lost > 0)
      put(told_as(lost));
    put(line);
    lock.lock();
    --unwritten;
  }
}

void log_writer::state::put(std::string_view line) const {
  while (!line.empty()) {
    const auto n = ::write(fd, line.data(), line.size());
    if (n >= 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) { // a terminal that somebody else made so
      pollfd x{fd, POLLOUT, 0};
      (void)poll(&x, 1, -1);
    } else if (errno != EINTR) {
      return; // nobody is there to hear that nobody is there
    }
  }
}

void write_before_dying(const log_writer& log, milliseconds limit) {
  last_words_within_ms = static_cast<int>(limit.count());
  last_words = &log;
  struct sigaction x {};
  x.sa_sigaction = on_fatal_signal;
  x.sa_flags = SA_SIGINFO;
  sigemptyset(&x.sa_mask);
  for (std::size_t i = 0; i < fatal.size(); ++i)
    sigaction(fatal[i], &x, &before_us[i]);
}

} // namespace troupe::daemon
