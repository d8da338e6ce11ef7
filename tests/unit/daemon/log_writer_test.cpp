// The log when nobody reads it.
#define CAF_SUITE log_writer
#include "tests/support/suite.hpp"

#include "apps/daemon/log_writer.hpp"

#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <future>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace troupe;
using daemon::log_writer;
using namespace std::chrono_literals;

namespace {

std::string told(std::uint64_t dropped) { return fmt::format("dropped {}\n", dropped); }

/// A pipe of one page.
struct small_pipe {
  small_pipe() {
    CAF_REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
  }
  ~small_pipe() {
    close(ends[0]); // whoever stands in write hears EPIPE
    close(ends[1]);
  }
  /// Reads lines until one that is `last`.
  std::vector<std::string> read_until(const std::string& last) {
    std::vector<std::string> lines(1);
    char space[4096];
    for (;;) {
      const auto n = read(ends[0], space, sizeof space);
      if (n <= 0)
        return lines;
      for (const char c : std::string_view{space, static_cast<std::size_t>(n)})
        if (c != '\n')
          lines.back() += c;
        else if (lines.back() == last)
          return lines;
        else
          lines.emplace_back();
    }
  }
  int ends[2] = {-1, -1};
};

} // namespace

CAF_TEST(I9 nobody who logs waits for the reader and I11 the newest lines are kept) {
  std::signal(SIGPIPE, SIG_IGN);
  small_pipe pipe;
  log_writer log{pipe.ends[1], told};
  constexpr std::size_t many = 3 * log_writer::most_lines;
  auto writing = std::async(std::launch::async, [&] {
    for (std::size_t i = 0; i < many; ++i)
      log.write(fmt::format("{:06}\n", i));
  });
  const bool at_once = writing.wait_for(10s) == std::future_status::ready;
  CAF_CHECK(at_once);
  const auto lines = pipe.read_until(fmt::format("{:06}", many - 1));
  writing.get();
  std::size_t dropped = 0, notes = 0, next = 0, wrong = 0;
  for (const auto& x : lines) {
    if (x.rfind("dropped ", 0) == 0) {
      // Told where they are missing.
      dropped += std::stoul(x.substr(8));
      next += std::stoul(x.substr(8));
      ++notes;
      continue;
    }
    wrong += x != fmt::format("{:06}", next++);
  }
  CAF_CHECK_EQUAL(wrong, 0u);
  CAF_CHECK_EQUAL(next, many);
  CAF_CHECK_GREATER_OR_EQUAL(dropped, many - 2 * log_writer::most_lines);
  CAF_CHECK_GREATER_OR_EQUAL(notes, 1u); // more if the pipe had room in between
  CAF_CHECK(log.drain(10s));
}

CAF_TEST(I11 long lines are bounded by their bytes) {
  small_pipe pipe;
  log_writer log{pipe.ends[1], told};
  const std::string line(64 << 10, 'x');
  for (int i = 0; i < 100; ++i)
    log.write(line + "\n");
  log.write("last\n");
  const auto lines = pipe.read_until("last");
  CAF_CHECK_LESS_OR_EQUAL(lines.size(), log_writer::most_bytes / line.size() + 3);
  CAF_CHECK_GREATER(lines.size(), 3u);
}

CAF_TEST(the end waits for the reader and not for ever) {
  small_pipe pipe;
  log_writer log{pipe.ends[1], told};
  for (int i = 0; i < 1000; ++i)
    log.write(fmt::format("{:06}\n", i));
  const auto began = std::chrono::steady_clock::now();
  CAF_CHECK(!log.drain(200ms));
  const auto took = std::chrono::steady_clock::now() - began;
  CAF_CHECK(took >= 200ms);
  CAF_CHECK(took < 5s);
  auto reading = std::async(std::launch::async, [&] { return pipe.read_until("000999").size(); });
  CAF_CHECK(log.drain(10s));
  CAF_CHECK_EQUAL(reading.get(), 1000u);
}

CAF_TEST(what was logged is written before an assertion ends the process) {
  small_pipe pipe;
  const auto child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    log_writer log{pipe.ends[1], told};
    daemon::write_before_dying(log, 10s);
    for (int i = 0; i < 3000; ++i)
      log.write(fmt::format("{:06}\n", i));
    std::abort();
  }
  close(pipe.ends[1]); // the end of the child is the end of the lines
  pipe.ends[1] = -1;
  std::this_thread::sleep_for(50ms); // it has come to its end before anybody reads
  const auto lines = pipe.read_until("002999");
  int how = 0;
  CAF_REQUIRE_EQUAL(waitpid(child, &how, 0), child);
  CAF_CHECK(WIFSIGNALED(how));
  CAF_CHECK_EQUAL(WTERMSIG(how), SIGABRT);
  CAF_CHECK_EQUAL(lines.size(), 3000u);
}

CAF_TEST(signals are for others) {
  small_pipe pipe;
  const auto child = fork();
  if (child == 0) {
    log_writer log{pipe.ends[1], told};
    log.write("its thread runs\n");
    if (!log.drain(10s))
      _exit(2);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, nullptr); // as main does, later than the log begins
    kill(getpid(), SIGUSR2);
    const timespec limit{10, 0};
    _exit(sigtimedwait(&set, nullptr, &limit) == SIGUSR2 ? 0 : 1);
  }
  int how = 0;
  CAF_REQUIRE_EQUAL(waitpid(child, &how, 0), child);
  CAF_CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}
