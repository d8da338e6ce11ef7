#undef CAF_SUITE
#define CAF_SUITE quantity

#include "config/model/quantity.hpp"

#include <caf/test/dsl.hpp>

#include <rapidcheck.h>

using namespace troupe;

CAF_TEST(durations are a number with a unit) {
  const struct {
    const char* text;
    std::int64_t ms;
    const char* canonical;
  } rows[] = {
    {"200ms", 200, "200ms"},    {"5s", 5000, "5s"},          {"10m", 600'000, "10m"},
    {"1h", 3'600'000, "1h"},    {"2d", 172'800'000, "2d"},   {"90s", 90'000, "90s"},
    {"60s", 60'000, "1m"},      {"1.5s", 1500, "1500ms"},    {"0.1s", 100, "100ms"},
    {"0ms", 0, "0s"},           {"0d", 0, "0s"},             {" 5 s ", 5000, "5s"},
    {"48h", 172'800'000, "2d"}, {"0.5h", 1'800'000, "30m"},  {"1e3ms", 1000, "1s"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.text);
    const auto it = parse_duration(x.text);
    CAF_REQUIRE(it);
    CAF_CHECK_EQUAL(it->count(), x.ms);
    CAF_CHECK_EQUAL(to_text(*it), x.canonical);
  }
}

CAF_TEST(what might be misread is no duration) {
  for (const auto* x : {"", "5", "s", "-5s", "5 sec", "5S", "5M", "1h30m", "0.5ms", "1.2345s", "inf s",
                        "nan", "1e300d", "40000000h", ".5s", "+5s", "5s5", "0x10s", "5\xC2\xB5s"}) {
    CAF_MESSAGE("'" << x << "'");
    CAF_CHECK(!parse_duration(x));
  }
}

CAF_TEST(sizes are whole numbers with a unit) {
  const struct {
    const char* text;
    std::uint64_t bytes;
    const char* canonical;
  } rows[] = {
    {"512B", 512, "512B"},       {"64KiB", 65536, "64KiB"},     {"8MiB", 8 << 20, "8MiB"},
    {"1024KiB", 1 << 20, "1MiB"}, {"2GiB", 2ULL << 30, "2GiB"}, {"0B", 0, "0B"},
    {"1000B", 1000, "1000B"},    {"1536KiB", 1536 << 10, "1536KiB"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.text);
    const auto it = parse_size(x.text);
    CAF_REQUIRE(it);
    CAF_CHECK_EQUAL(*it, x.bytes);
    CAF_CHECK_EQUAL(size_text(*it), x.canonical);
  }
  for (const auto* x : {"", "8", "8MB", "8mib", "-1B", "1.5MiB", "99999999999999999999B",
                        "9000000GiB", "MiB"}) {
    CAF_MESSAGE("'" << x << "'");
    CAF_CHECK(!parse_size(x));
  }
}

CAF_TEST(every printed quantity reads back equal) {
  CAF_CHECK(rc::check("durations", [] {
    const auto ms = *rc::gen::inRange<std::int64_t>(0, 100LL * 365 * 86'400'000);
    RC_ASSERT(parse_duration(to_text(milliseconds{ms})) == milliseconds{ms});
  }));
  CAF_CHECK(rc::check("sizes", [] {
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 53);
    RC_ASSERT(parse_size(size_text(bytes)) == bytes);
  }));
}
