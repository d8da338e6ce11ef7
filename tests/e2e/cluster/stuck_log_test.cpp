// A node whose log nobody reads: journald stands still when its disk does.

#undef CAF_SUITE
#define CAF_SUITE stuck_log

#include "tests/e2e/cluster/three_nodes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// A log that takes as much as a pipe holds.
class stuck_log {
public:
  explicit stuck_log(const std::string& path) {
    CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
    fd_ = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CAF_REQUIRE(fd_ >= 0);
  }
  ~stuck_log() { close(fd_); }
  /// To the last byte.
  void fill() const {
    for (const auto& bytes : {std::string(4096, 'x'), std::string("x")})
      while (write(fd_, bytes.data(), bytes.size()) > 0) {
      }
  }
  /// Takes what there is until a line says `word`.
  [[nodiscard]] bool says(const std::string& word, std::chrono::milliseconds limit) const {
    std::string text;
    return within(limit, [&] {
      char space[4096];
      for (ssize_t n; (n = read(fd_, space, sizeof space)) > 0;)
        text.append(space, static_cast<std::size_t>(n));
      return text.find(word) != std::string::npos;
    });
  }

private:
  int fd_ = -1;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(stuck_log_tests, three_nodes)

CAF_TEST(I9 a node whose log nobody reads stays alive for its peers) {
  stuck_log log{cellar.dir() + "/log"};
  all.start();
  CAF_REQUIRE(all.agree()); // its log is for us to read alone
  CAF_REQUIRE(is(attic, "cellar/lamp", "off"));
  log.fill();
  // Told by the thread that beats, and by the one of the links.
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK_EQUAL(attic.troupe({"drain", "cellar"}).exit, 0);
    CAF_CHECK_EQUAL(attic.troupe({"undrain", "cellar"}).exit, 0);
  }
  boiler.kill();
  const auto until = std::chrono::steady_clock::now() + 5s;
  bool alive = true;
  while (alive && std::chrono::steady_clock::now() < until) {
    alive = attic.sees("cellar") == "alive";
    std::this_thread::sleep_for(50ms);
  }
  CAF_CHECK(alive);
  CAF_CHECK(sees(cellar, "boiler", "down"));
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(attic, "cellar/lamp", "on"));
  // What waited is written when somebody reads.
  CAF_CHECK(log.says("boiler: ", 5s));
  log.fill();
  CAF_CHECK_EQUAL(cellar.stop(), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
