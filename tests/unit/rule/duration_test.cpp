#include "actors/rule/duration.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_duration
#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;

CAF_TEST(durations need a unit and a sane size) {
  struct row {
    const char* text;
    std::int64_t ms; // -1: refused
  };
  const row rows[] = {
    {"200ms", 200},      {"5s", 5000},     {"1.5s", 1500}, {"10m", 600'000}, {"1h", 3'600'000},
    {"2d", 172'800'000}, {"0s", 0},        {"5", -1},      {"", -1},         {"s", -1},
    {"-5s", -1},         {"5 s", 5000},    {"5S", -1},     {"5sec", -1},     {"0.5ms", -1},
    {"infs", -1},        {"nand", -1},     {"400d", -1},   {"366d", 366 * 86'400'000LL},
    {"99999999999999999999d", -1},
  };
  for (const auto& x : rows) {
    const auto parsed = parse_duration(x.text);
    CAF_CHECK_EQUAL(parsed ? parsed->count() : -1, x.ms);
  }
}

CAF_TEST(durations are told as people write them) {
  CAF_CHECK_EQUAL(to_text(milliseconds{200}), "200ms");
  CAF_CHECK_EQUAL(to_text(milliseconds{5400'000}), "1h 30m");
  CAF_CHECK_EQUAL(to_text(milliseconds{0}), "0s");
  CAF_CHECK_EQUAL(to_text(milliseconds{-1500}), "-1s 500ms");
}
