// systemd's watchdog is fed by the tree's health and not by a timer.

#define CAF_SUITE e2e_watchdog

#include "tests/support/test_house.hpp"

#include <caf/test/unit_test.hpp>

#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// systemd's end of the notify socket.
class notify_socket {
public:
  explicit notify_socket(const std::string& path) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
      throw std::runtime_error("cannot bind " + path);
  }
  ~notify_socket() { close(fd_); }

  /// How often `word` was said within `time`.
  int heard(const std::string& word, std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    int times = 0;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
      pollfd p{fd_, POLLIN, 0};
      if (left.count() <= 0 || poll(&p, 1, static_cast<int>(left.count())) <= 0)
        return times;
      char text[256] = {};
      if (recv(fd_, text, sizeof text - 1, 0) > 0 && word == text)
        ++times;
    }
  }

private:
  int fd_ = -1;
};

const std::string two_lamps = R"(
[bus.sim]
driver = "sim"
[channel.a]
bus = "sim"
line = "out.1"
direction = "output"
[channel.b]
bus = "sim"
line = "out.2"
direction = "output"
)";

} // namespace

CAF_TEST(a node that works feeds the watchdog and one whose workers all hang does not) {
  test_house house{two_lamps, "worker-threads = 2\n"};
  notify_socket systemd{house.dir() + "/notify"};
  house.environment("NOTIFY_SOCKET", house.dir() + "/notify");
  house.environment("WATCHDOG_USEC", "600000");
  house.start();
  CAF_CHECK(systemd.heard("WATCHDOG=1", 2s) >= 4);
  // Nobody can interrupt them, and there are no other threads for actors. The
  // last sweep counts as recent for five seconds.
  house.troupe({"hang", "a"});
  house.troupe({"hang", "b"});
  systemd.heard("WATCHDOG=1", 6s);
  CAF_CHECK_EQUAL(systemd.heard("WATCHDOG=1", 2s), 0);
  // It comes back when they do.
  CAF_CHECK(systemd.heard("WATCHDOG=1", 6s) >= 1);
  CAF_CHECK_EQUAL(house.stop(), 0);
}
