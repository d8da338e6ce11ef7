// Serves a believable house at a unix socket, for trying the command line and
// consoles by hand: fake_node /tmp/troupe.sock
#include "apps/control/server.hpp"
#include "tests/support/fake_node/fake_house.hpp"

#include <csignal>
#include <cstdio>
#include <ctime>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fake_node SOCKET [serves a fake house until SIGTERM]\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  troupe::test::fake_house house;
  troupe::control::server_options options;
  options.path = argv[1];
  auto server = troupe::control::server::start(house, options);
  if (!server) {
    std::fprintf(stderr, "fake_node: %s\n", to_string(server.why()).c_str());
    return 1;
  }
  std::printf("ready\n");
  std::fflush(stdout);
  while (!house.stopped()) {
    const timespec second{1, 0};
    if (sigtimedwait(&ends, nullptr, &second) > 0)
      break;
    house.tick();
  }
  return 0;
}
