#undef CAF_SUITE
#define CAF_SUITE text

#include "apps/cli/input.hpp"
#include "apps/cli/style.hpp"
#include "apps/cli/text.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::cli;

CAF_TEST(durations are read at a glance) {
  const std::vector<std::pair<double, const char*>> table = {
    {-1, "-"},          {0, "0 ms"},        {0.0124, "12 ms"},  {0.9994, "999 ms"},
    {0.9996, "1.0 s"},  {9.94, "9.9 s"},    {9.96, "10 s"},     {59.4, "59 s"},
    {59.6, "1 m 0 s"},  {192, "3 m 12 s"},  {3599, "59 m 59 s"}, {3600, "1 h 0 m"},
    {86'399, "23 h 59 m"}, {86'400, "1 d 0 h"}, {273'914, "3 d 4 h"}};
  for (auto& [seconds, text] : table)
    CAF_CHECK_EQUAL(duration(seconds), text);
}

CAF_TEST(large numbers are grouped and small ones are not) {
  const std::vector<std::pair<const char*, const char*>> table = {
    {"0", "0"},       {"999", "999"},         {"1000", "1 000"},  {"1843.211", "1 843.211"},
    {"-1234567", "-1 234 567"}, {"0.12345", "0.12345"}, {"-", "-"}, {"on", "on"}, {"", ""}};
  for (auto& [number, text] : table)
    CAF_CHECK_EQUAL(grouped(std::string{number}), text);
  CAF_CHECK_EQUAL(bytes(512), "512 B");
  CAF_CHECK_EQUAL(bytes(24'117'248), "23.0 MiB");
  CAF_CHECK_EQUAL(micros(412), "412 µs");
  CAF_CHECK_EQUAL(micros(2210), "2.2 ms");
}

CAF_TEST(a change is told with an arrow and without the digits that nobody measures) {
  const std::vector<std::pair<const char*, const char*>> table = {
    {"off -> on by rule/hall-light", "off → on by rule/hall-light"},
    {"75.62070835000002 -> 76.20211280000001 by rule/dim", "75.6207 → 76.2021 by rule/dim"},
    {"dimmer: -0.30000000000000004 -> 80, priority 10", "dimmer: -0.3 → 80, priority 10"},
    {"1.25 -> 2.000000001, priority 10", "1.25 → 2, priority 10"},
    {"1 -> 12345678901 -> nan", "1 → 12345678901 → nan"},
    {"version 1.2.3333333 -> 10.0.0.7:4711", "version 1.2.3333333 → 10.0.0.7:4711"},
    {" -> ", " → "}, {"->", "→"}, {"", ""}};
  for (auto& [said, shown] : table)
    CAF_CHECK_EQUAL(with_arrows(said), shown);
}

CAF_TEST(texts are measured and cut by what is seen) {
  style how;
  how.coloured = true;
  const auto red = how.paint("°C°C", colour::red);
  CAF_CHECK_EQUAL(display_width(red), 4u);
  CAF_CHECK_EQUAL(cut(red, 4), red);
  CAF_CHECK_EQUAL(cut(red, 3), "\x1b[31m°C…\x1b[0m");
  CAF_CHECK_EQUAL(pad("°C", 4, true), "  °C");
  how.coloured = false;
  CAF_CHECK_EQUAL(how.paint("x", colour::red), "x");
}

CAF_TEST(options become what the schema expects of them) {
  const std::vector<std::pair<const char*, const char*>> table = {
    {"gpio", R"("gpio")"},     {"17", "17"},       {"-3.5", "-3.5"},       {"true", "true"},
    {"5s", R"("5s")"},         {"on", R"("on")"},  {"\"17\"", R"("17")"},  {"[a, b]", R"(["a","b"])"},
    {"[\"a\"]", R"(["a"])"},   {"[]", "[]"},       {"nan", R"("nan")"},    {"", R"("")"}};
  for (auto& [word, expected] : table)
    CAF_CHECK_EQUAL(option_of(word).dump(), expected);
  std::string why;
  const auto document = document_of({"bus=gpio", "lua=a=b"}, why);
  CAF_REQUIRE(document.has_value());
  CAF_CHECK_EQUAL(document->dump(), R"({"bus":"gpio","lua":"a=b"})");
  CAF_CHECK(!document_of({"bus"}, why));
  CAF_CHECK(!document_of({"=x"}, why));
  CAF_CHECK(!document_of({"a=1", "a=2"}, why));
  CAF_CHECK_EQUAL(why, "'a' stands twice");
}

CAF_TEST(a misspelt command is understood and a strange one is not) {
  const std::vector<std::string> known = {"status", "set", "tree", "watch"};
  CAF_CHECK_EQUAL(closest("stauts", known), "status");
  CAF_CHECK_EQUAL(closest("wach", known), "watch");
  CAF_CHECK_EQUAL(closest("xylophone", known), "");
}
