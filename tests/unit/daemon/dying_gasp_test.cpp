// Who is killed is missed at once, not when the kernel has taken it apart.

#define CAF_SUITE dying_gasp
#include "tests/support/suite.hpp"

#include "apps/daemon/dying_gasp.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::daemon;

namespace {

/// A process with a connection to here, and a table of files that outlives it:
/// another process shares it, as a thread does that cannot end yet.
struct doomed_process {
  pid_t node = 0, gasp = 0, late = 0;
  int here = -1;

  doomed_process() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    CAF_REQUIRE_EQUAL(::bind(listener, reinterpret_cast<sockaddr*>(&at), size), 0);
    CAF_REQUIRE_EQUAL(::listen(listener, 1), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
    std::array<int, 2> word{};
    CAF_REQUIRE_EQUAL(::pipe(word.data()), 0);
    node = ::fork();
    if (node == 0)
      be_node(at, word[1]);
    pollfd ready{word[0], POLLIN, 0};
    CAF_REQUIRE(::poll(&ready, 1, 5000) == 1 && ::read(word[0], &late, sizeof late) == sizeof late);
    ::close(word[0]);
    ::close(word[1]);
    here = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    for (const auto& thread : std::filesystem::directory_iterator{"/proc/" + std::to_string(node) + "/task"}) {
      std::ifstream children{thread.path() / "children"};
      for (pid_t one = 0; children >> one;)
        if (one != late)
          gasp = one;
    }
  }
  ~doomed_process() {
    ::kill(node, SIGKILL);
    ::kill(late, SIGKILL);
    ::waitpid(node, nullptr, 0);
    ::close(here);
  }

  [[noreturn]] static void be_node(const sockaddr_in& to, int word) {
    const int there = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(there, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 || !start_dying_gasp())
      ::_exit(1);
    const auto late = static_cast<pid_t>(::syscall(SYS_clone, CLONE_FILES, nullptr, nullptr, nullptr, nullptr));
    ::alarm(60); // whatever becomes of the test
    if (late != 0 && ::write(word, &late, sizeof late) != sizeof late)
      ::_exit(1);
    for (;;)
      ::pause();
  }

  /// Is the connection ended, or said to be, within this?
  [[nodiscard]] bool ended(int within_ms) const {
    pollfd wait{here, POLLIN, 0};
    char byte = 0;
    return ::poll(&wait, 1, within_ms) == 1 && ::recv(here, &byte, 1, 0) <= 0;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(dying_gasp_tests, doomed_process)

CAF_TEST(the connections of who is killed end before its files are closed) {
  CAF_REQUIRE(!ended(100));
  ::kill(node, SIGKILL);
  CAF_CHECK(ended(5000));
  CAF_CHECK_EQUAL(::kill(late, 0), 0); // who still holds them open
}

CAF_TEST(nothing that is not the end of the node ends them) {
  CAF_REQUIRE(gasp > 0);
  for (const int sign : {SIGUSR1, SIGTERM, SIGINT, SIGHUP})
    ::kill(gasp, sign);
  ::kill(node, SIGSTOP);
  CAF_CHECK(!ended(200));
  ::kill(node, SIGCONT);
  ::kill(gasp, SIGKILL);
  CAF_CHECK(!ended(200));
  CAF_CHECK_EQUAL(::kill(node, 0), 0);
}

CAF_TEST(nothing stays of one that somebody ended) {
  CAF_REQUIRE(gasp > 0);
  ::kill(gasp, SIGKILL);
  for (int i = 0; i < 500 && ::kill(gasp, 0) == 0; ++i)
    (void)ended(10);
  CAF_CHECK_EQUAL(::kill(gasp, 0), -1);
}

CAF_TEST_FIXTURE_SCOPE_END()
