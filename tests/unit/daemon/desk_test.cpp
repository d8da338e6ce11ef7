// What the node does for others and for itself in the background.
#define CAF_SUITE desk
#include "tests/support/suite.hpp"

#include "apps/daemon/chores.hpp"

#include <future>
#include <stdexcept>

using namespace troupe;

CAF_TEST(a chore that fails does not end the others) {
  daemon::chores all;
  std::promise<void> done;
  auto later = done.get_future();
  all.soon([] { throw std::runtime_error("what a peer sent was of no shape"); });
  all.soon([&] { done.set_value(); });
  all.start();
  CAF_CHECK(later.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  all.stop();
}
