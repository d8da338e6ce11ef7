#define CAF_SUITE scarce
#include "tests/support/suite.hpp"

#include "tests/contract/transport/live_link.hpp"

#include "cluster/transport/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <ctime>

using namespace troupe::test;

namespace {

/// Lowers the number of descriptors that this process may have, until it ends.
class few_descriptors {
public:
  explicit few_descriptors(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit now{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

/// A caller whose descriptor exists before there are no more.
struct caller {
  owned_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

  bool connect(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{8, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  bool turned_away() {
    char byte;
    const auto got = ::recv(fd.get(), &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
};

std::chrono::nanoseconds cpu_time() {
  timespec x{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &x);
  return std::chrono::seconds{x.tv_sec} + std::chrono::nanoseconds{x.tv_nsec};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(scarce_tests, link_fixture)

CAF_TEST(without descriptors callers are turned away by the reserve) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  caller first, second;
  {
    const few_descriptors now{200};
    std::vector<owned_fd> all;
    for (;;) {
      owned_fd one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      if (!one)
        break;
      all.push_back(std::move(one));
    }
    CAF_CHECK(first.connect(port));
    CAF_CHECK(first.turned_away());
    CAF_CHECK(second.connect(port)); // it has its reserve back
    CAF_CHECK(second.turned_away());
  }
  CAF_CHECK_EQUAL(why(b.dial("a", port)), "linked");
}

// The time is the claim: a listener that stays readable would take a whole
// core for as long as the shortage lasts.
CAF_TEST(without any descriptor the node rests and comes back) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  caller one;
  std::chrono::nanoseconds spent{0};
  {
    const few_descriptors now{4};
    CAF_CHECK(one.connect(port));
    const auto before = cpu_time();
    std::this_thread::sleep_for(400ms);
    spent = cpu_time() - before;
  }
  CAF_CHECK(spent < 100ms);
  CAF_CHECK_EQUAL(why(b.dial("a", port)), "linked");
}

CAF_TEST_FIXTURE_SCOPE_END()
