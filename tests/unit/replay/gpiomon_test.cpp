#undef CAF_SUITE
#define CAF_SUITE gpiomon

#include <caf/test/dsl.hpp>

#include "drivers/replay/gpiomon.hpp"
#include "drivers/replay/reader.hpp"
#include "tests/unit/replay/temp_file.hpp"

#include <sstream>

using namespace troupe;
using namespace troupe::drivers::replay;

CAF_TEST(what gpiomon prints is understood for libgpiod 1 and 2) {
  struct row {
    const char* text;
    std::int64_t at;
    const char* line;
    bool rising;
  };
  const row rows[] = {
    {"event:  RISING EDGE offset: 4 timestamp: [    1234.567890123]", 1'234'567'890'123, "4", true},
    {"event: FALLING EDGE offset: 17 timestamp: [12345678.000000001]", 12'345'678'000'000'001, "17", false},
    {"1234.567890123\trising\tgpiochip0 4", 1'234'567'890'123, "4", true},
    {"1234.567890123\tfalling\t\"GPIO17\"", 1'234'567'890'123, "GPIO17", false},
    {"1234.567890123\trising\tgpiochip0 17 \"door bell\"", 1'234'567'890'123, "door_bell", true},
    {"1234.567890123\trising\tGPIO17", 1'234'567'890'123, "GPIO17", true},
    {"1234.567890123\tfalling\tgpiochip0 22\r", 1'234'567'890'123, "22", false},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.text);
    const auto e = parse_gpiomon(r.text);
    CAF_REQUIRE(e);
    CAF_CHECK_EQUAL(e->at, r.at);
    CAF_CHECK_EQUAL(e->line, r.line);
    CAF_CHECK_EQUAL(e->rising, r.rising);
  }
}

CAF_TEST(other lines are not taken for edges) {
  for (const auto* text :
       {"", "event:", "event: RISING EDGE offset: x timestamp: [1.0]",
        "event: RISING EDGE offset: 4 timestamp: [1.0] and more",
        "event: RISING EDGE offset: 4 timestamp: [1.0", "event: EDGE offset: 4 timestamp: [1.0]",
        "2026-11-20T20:15:00.000000000\trising\tgpiochip0 4", "12.5\trising\t", "12.5\tup\tx",
        "gpiomon: error waiting for events", "12.5\trising\t\"\""}) {
    CAF_MESSAGE(text);
    CAF_CHECK(!parse_gpiomon(text));
  }
}

CAF_TEST(a converted log is a valid recording and its bad lines are told) {
  std::istringstream log{"event:  RISING EDGE offset: 4 timestamp: [    100.5]\n"
                         "\n"
                         "gpiomon: what is this\n"
                         "event: FALLING EDGE offset: 4 timestamp: [    101.25]\n"};
  std::ostringstream recording;
  const auto report = convert_gpiomon(log, recording);
  CAF_CHECK_EQUAL(report.edges, 2u);
  CAF_CHECK_EQUAL(report.skipped, 1u);
  CAF_REQUIRE_EQUAL(report.problems.size(), 1u);
  CAF_CHECK(report.problems[0].find("gpiomon:3: 'gpiomon: what is this': expected") == 0);
  CAF_CHECK_EQUAL(recording.str(), "troupe-recording 1 absolute\n"
                                   "100.500000000 4 rising\n"
                                   "101.250000000 4 falling\n");
  test::temp_file file{recording.str()};
  CAF_CHECK(validate(file.path()));
}
