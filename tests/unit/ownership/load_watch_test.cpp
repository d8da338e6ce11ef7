#undef CAF_SUITE
#define CAF_SUITE load_watch

#include "cluster/ownership/load_watch.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::cluster;

namespace {

struct load_fixture {
  load_watch watch;
  processor_time at;
  mono_ns now = 5'000'000'000;

  /// One look each second. @returns how often it turned
  int seconds(int n, unsigned percent) {
    int turns = 0;
    for (int i = 0; i < n; ++i) {
      now += 1'000'000'000;
      at.used += percent;
      at.free += 100 - percent;
      turns += watch.look(at, now) ? 1 : 0;
    }
    return turns;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(load_watches, load_fixture)

CAF_TEST(busy is what lasts) {
  struct row {
    const char* what;
    int seconds;
    unsigned percent;
    bool busy;
  };
  const row rows[] = {
    {"nothing to do", 60, 0, false},
    {"just at the limit", 60, 80, false},
    {"a short peak", 9, 100, false},
    {"and a pause", 1, 50, false},
    {"one more", 9, 100, false},
    {"which goes on", 1, 81, true},
    {"a short pause", 9, 10, true},
    {"and on", 5, 100, true},
    {"peace", 10, 40, false},
  };
  (void)seconds(1, 0);
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    const bool before = watch.busy();
    CAF_CHECK_EQUAL(seconds(x.seconds, x.percent), before == x.busy ? 0 : 1);
    CAF_CHECK_EQUAL(watch.busy(), x.busy);
  }
}

CAF_TEST(numbers that go back or stand still say nothing) {
  (void)seconds(5, 100);
  at = {};
  CAF_CHECK(!watch.look(at, now));
  for (int i = 0; i < 100; ++i)
    CAF_CHECK(!watch.look(at, now += 1'000'000'000));
  CAF_CHECK(!watch.busy());
}

CAF_TEST_FIXTURE_SCOPE_END()
