#undef CAF_SUITE
#define CAF_SUITE twin_watch
#include <caf/test/dsl.hpp>

#include "storage/twin_watch.hpp"
#include "tests/support/times.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

using test::s;

constexpr wall_ms began = 1'000'000;

} // namespace

CAF_TEST(what goes on while this run lasts is a twin and is told once) {
  twin_watch x{began};
  CAF_CHECK(!x.saw(hlc::at(began + 100'000), 100 * s));
  CAF_CHECK(!x.saw(hlc::at(began + 105'000), 105 * s));
  CAF_CHECK(!x.there());
  CAF_CHECK(x.saw(hlc::at(began + 111'000), 111 * s));
  CAF_CHECK(x.there());
  CAF_CHECK(!x.saw(hlc::at(began + 120'000), 120 * s));
  CAF_CHECK(!x.saw(hlc::at(began + 4'000'000), 4000 * s)); // it was stopped for an hour
  CAF_CHECK(!x.there());
  CAF_CHECK(x.saw(hlc::at(began + 4'010'000), 4010 * s));
}

CAF_TEST(what an earlier run has left comes late and is no twin) {
  twin_watch x{began};
  for (int i = 0; i < 100; ++i) // from one member after the other, for hours
    CAF_CHECK(!x.saw(hlc::at(began - 1000 + i), i * 300 * s));
  CAF_CHECK(!x.saw(hlc::at(began + 59'000), 400 * s)); // clocks differ a little
}

CAF_TEST(the tail of a run whose clock was ahead comes at once and is no twin) {
  twin_watch x{began};
  for (int i = 0; i < 9; ++i)
    CAF_CHECK(!x.saw(hlc::at(began * 1000), i * s));
}
