// What the node does for others and for itself in the background.
#define CAF_SUITE desk
#include "tests/support/suite.hpp"

#include "apps/daemon/chores.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

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

CAF_TEST(many jobs do not keep a due one waiting) {
  std::promise<void> done;
  auto later = done.get_future();
  daemon::chores all;
  std::function<void()> again = [&] { all.soon(again); };
  all.soon(again);
  all.once_in("due", milliseconds{10}, [&] { done.set_value(); });
  all.start();
  CAF_CHECK(later.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  all.stop();
}

CAF_TEST(nor do due jobs that take longer than their pause keep others waiting) {
  std::promise<void> done;
  auto later = done.get_future();
  daemon::chores all;
  all.every(milliseconds{0}, [] { std::this_thread::sleep_for(milliseconds{1}); });
  all.start();
  std::this_thread::sleep_for(milliseconds{5});
  all.soon([&] { done.set_value(); });
  CAF_CHECK(later.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  all.stop();
}

CAF_TEST(chores come from any thread before it starts) {
  constexpr int many = 2000;
  std::atomic<int> once = 0, again = 0;
  std::atomic<bool> together = false;
  daemon::chores all;
  std::thread other{[&] {
    together = true;
    for (int i = 0; i < many; ++i)
      all.once_in(std::to_string(i), milliseconds{0}, [&] { ++once; });
  }};
  while (!together)
    std::this_thread::yield();
  for (int i = 0; i < 10 * many; ++i)
    all.every(std::chrono::hours{1}, [] {});
  all.every(milliseconds{1}, [&] { ++again; });
  other.join();
  all.start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while ((once < many || again == 0) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds{5});
  all.stop();
  CAF_CHECK_EQUAL(once.load(), many);
  CAF_CHECK_GREATER(again.load(), 0);
}
