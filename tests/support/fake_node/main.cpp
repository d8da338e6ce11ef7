// Serves a believable house at a unix socket, for trying the command line and
// consoles by hand: fake_node /tmp/troupe.sock. With an address and a folder
// of credentials also over TLS.
#include "apps/control/server.hpp"
#include "tests/support/fake_node/fake_neighbour.hpp"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace {

using namespace troupe;

/// What the certificate files say, until they are read again.
class credentials {
public:
  explicit credentials(const std::string& folder) : files_(cluster::credential_files::in(folder)) {}

  status load() {
    auto made = cluster::tls_context::load(files_);
    if (!made)
      return made.why();
    std::lock_guard lock{mutex_};
    now_ = *made;
    return {};
  }

  std::shared_ptr<const cluster::tls_context> now() {
    std::lock_guard lock{mutex_};
    return now_;
  }

private:
  cluster::credential_files files_;
  std::mutex mutex_;
  std::shared_ptr<const cluster::tls_context> now_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) {
    std::fprintf(stderr, "usage: fake_node SOCKET [ADDRESS FOLDER]  serves a fake house until SIGTERM\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  test::fake_house house;
  test::fake_neighbour others;
  control::server_options options;
  options.path = argv[1];
  credentials mine{argc == 4 ? argv[3] : ""};
  if (argc == 4) {
    if (auto read = mine.load(); !read) {
      std::fprintf(stderr, "fake_node: %s\n", to_string(read.why()).c_str());
      return 1;
    }
    house.on_reload([&] { return mine.load(); });
    options.tls_listen = {argv[2]};
    options.tls = [&] { return mine.now(); };
    options.on_refused = [](const std::string& address, const std::string& claimed, const std::string& why) {
      std::fprintf(stderr, "refused %s (%s): %s\n", address.c_str(), claimed.c_str(), why.c_str());
    };
  }
  auto server = control::server::start(house, options, &others);
  if (!server) {
    std::fprintf(stderr, "fake_node: %s\n", to_string(server.why()).c_str());
    return 1;
  }
  for (auto& address : (*server)->tls_addresses())
    std::printf("%s ", address.c_str());
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
