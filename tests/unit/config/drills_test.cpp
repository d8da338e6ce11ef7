#define CAF_SUITE drills

#include "tests/unit/config/told.hpp"

#include "config/model/house.hpp"

#include <caf/test/dsl.hpp>

#include <cstdlib>
#include <ctime>

using namespace troupe;
using test::told;

namespace {

std::string drill(const std::string& body) { return "[drill.night]\nkind = \"kill-node\"\ntarget = \"attic\"\n" + body; }

/// Times of the day in a zone whose clocks change.
struct zone {
  zone() {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
  }
  ~zone() {
    unsetenv("TZ");
    tzset();
  }
};

wall_ms local(int year, int month, int day, int hour, int minute, int second = 0) {
  std::tm x{};
  x.tm_year = year - 1900;
  x.tm_mon = month - 1;
  x.tm_mday = day;
  x.tm_hour = hour;
  x.tm_min = minute;
  x.tm_sec = second;
  x.tm_isdst = -1;
  return static_cast<wall_ms>(std::mktime(&x)) * 1000;
}

} // namespace

CAF_TEST(the table of kinds is in the order of the kinds) {
  for (std::size_t i = 0; i < drill_kinds; ++i) {
    const auto& x = drill_traits()[i];
    CAF_CHECK_EQUAL(static_cast<std::size_t>(x.kind), i);
    CAF_CHECK_EQUAL(&trait_of(x.kind), &x);
    CAF_CHECK_EQUAL(find_drill(x.word), &x);
  }
  CAF_CHECK(find_drill("burn") == nullptr);
}

CAF_TEST(a time of the day in words) {
  CAF_CHECK(parse_drill_time("03:00") == (drill_time{std::nullopt, 3, 0}));
  CAF_CHECK(parse_drill_time("Sun 23:59") == (drill_time{0, 23, 59}));
  for (const auto* bad : {"", "3:00", "24:00", "03:60", "Son 03:00", "Sun", "Sun 3:00", "Sun  03:00", "03:0a", "-3:00", "03:00 "})
    CAF_CHECK_EQUAL(parse_drill_time(bad).has_value(), false);
}

CAF_TEST(how far a clock is wrong in words) {
  CAF_CHECK(parse_shift("1h") == milliseconds{3'600'000});
  CAF_CHECK(parse_shift("+10m") == milliseconds{600'000});
  CAF_CHECK(parse_shift("-10m") == milliseconds{-600'000});
  CAF_CHECK(!parse_shift("--10m") && !parse_shift("10") && !parse_shift(""));
}

CAF_TEST(when it was due) {
  const zone here;
  drill_config x;
  CAF_CHECK(!latest_due(x, local(2026, 11, 30, 12, 0)));
  x.at = "03:00";
  CAF_CHECK(latest_due(x, local(2026, 11, 30, 12, 0)) == local(2026, 11, 30, 3, 0));
  CAF_CHECK(latest_due(x, local(2026, 11, 30, 2, 59, 59)) == local(2026, 11, 29, 3, 0));
  CAF_CHECK(latest_due(x, local(2026, 11, 30, 3, 0)) == local(2026, 11, 30, 3, 0));
  x.at = "Sun 03:00"; // the 29th
  CAF_CHECK(latest_due(x, local(2026, 11, 30, 12, 0)) == local(2026, 11, 29, 3, 0));
  CAF_CHECK(latest_due(x, local(2026, 11, 29, 2, 0)) == local(2026, 11, 22, 3, 0));
  CAF_CHECK(latest_due(x, local(2026, 12, 5, 23, 0)) == local(2026, 11, 29, 3, 0));
  // An hour that there was not, and one that there was twice.
  x.at = "02:30";
  CAF_CHECK(latest_due(x, local(2026, 3, 29, 12, 0)) > local(2026, 3, 28, 12, 0));
  CAF_CHECK(latest_due(x, local(2026, 10, 25, 12, 0)) > local(2026, 10, 24, 12, 0));
  x = {};
  x.every = milliseconds{3'600'000};
  CAF_CHECK(latest_due(x, 7'300'000) == wall_ms{7'200'000});
  CAF_CHECK(latest_due(x, 7'200'000) == wall_ms{7'200'000});
}

CAF_TEST(what a configured drill must say) {
  const struct {
    std::string toml;
    const char* part; ///< empty: nothing is told
  } rows[] = {
    {drill("at = \"Sun 03:00\"\n"), ""},
    {drill("every = \"7d\"\nlimit = \"450ms\"\n"), ""},
    {drill(""), "house.toml:2  drill 'night': neither at nor every is written, so it would never begin"},
    {drill("at = \"03:00\"\nevery = \"1d\"\n"), "house.toml:5  drill 'night': both at and every are written"},
    {drill("at = \"3 am\"\n"), "house.toml:4  drill 'night': at is \"3 am\", which is no time of the day"},
    {drill("every = \"5s\"\n"), "every is 5s, but a drill and what follows it take longer. Use 1m or more."},
    {drill("at = \"03:00\"\nfor = \"5s\"\n"), "house.toml:5  drill 'night': for "},
    {drill("at = \"03:00\"\npeer = \"boiler\"\n"), "house.toml:5  drill 'night': peer "},
    {"[drill.x]\nkind = \"cut-link\"\ntarget = \"attic\"\nat = \"03:00\"\n", "drill 'x': peer "},
    {"[drill.x]\nkind = \"cut-link\"\ntarget = \"attic\"\npeer = \"attic\"\nat = \"03:00\"\n", "attic has no link to itself"},
    {"[drill.x]\nkind = \"degrade-link\"\ntarget = \"attic\"\npeer = \"boiler\"\nat = \"03:00\"\nloss = 2.5\ndelay = \"5ms\"\n", "delay is 5ms, which nobody would notice"},
    {"[drill.x]\nkind = \"degrade-link\"\ntarget = \"attic\"\npeer = \"boiler\"\nat = \"03:00\"\nloss = 51\n", "loss is 51"},
    {"[drill.x]\nkind = \"skew-clock\"\ntarget = \"attic\"\nat = \"03:00\"\nby = \"-10m\"\n", ""},
    {"[drill.x]\nkind = \"skew-clock\"\ntarget = \"attic\"\nat = \"03:00\"\nby = \"2h\"\n", "by is \"2h\". Write 1m to 1h, or -1m to -1d."},
    {"[drill.x]\nkind = \"kill-actor\"\ntarget = \"rule/hall-light\"\nat = \"03:00\"\n", ""},
    {"[drill.x]\nkind = \"kill-node\"\ntarget = \"rule/hall-light\"\nat = \"03:00\"\n", "target is \"rule/hall-light\", which is no name of a node"},
    {"[drill.x]\nkind = \"burn\"\ntarget = \"attic\"\nat = \"03:00\"\n", "kind is \"burn\""},
  };
  for (const auto& x : rows) {
    const auto all = told(x.toml);
    CAF_MESSAGE(x.toml << all);
    CAF_CHECK_EQUAL(all.empty(), x.part[0] == '\0');
    CAF_CHECK(all.find(x.part) != std::string::npos);
  }
}
