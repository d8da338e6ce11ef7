// Event stamps of old kernels are wall-clock times.

#undef CAF_SUITE
#define CAF_SUITE gpio_stamps

#include "drivers/gpio/stamps.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe::drivers::gpio;

CAF_TEST(kernels before 5.7 stamp with the wall clock) {
  struct row {
    const char* release;
    bool wall;
  };
  const row rows[] = {
    {"4.19.0-26-amd64", true},
    {"5.4.0-99", true},
    {"5.6.19", true},
    {"5.7.0", false},
    {"5.10.63-v7l+", false},
    {"6.1.0-56-amd64", false},
    {"6.12.25+rpt", false},
    {"10.0", false},
    {"", false},
    {"unreadable", false},
    {"5", false},
    {"5.x", false},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.release);
    CAF_CHECK_EQUAL(events_carry_wall_time(row.release), row.wall);
  }
}

CAF_TEST(a wall stamp becomes monotonic by its age) {
  struct row {
    const char* what;
    std::int64_t stamp, wall, mono, at;
  };
  const row rows[] = {
    {"an age of 30 ns", 970, 1000, 500, 470},
    {"this very moment", 1000, 1000, 500, 500},
    {"the clock was set back meanwhile", 1000, 400, 500, 500},
    {"before this boot, by a clock set forward", 0, 1000, 500, -500},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    CAF_CHECK_EQUAL(wall_to_mono(row.stamp, row.wall, row.mono), row.at);
  }
}
