#undef CAF_SUITE
#define CAF_SUITE recording

#include <caf/test/dsl.hpp>

#include "drivers/replay/recording.hpp"

using namespace troupe;
using namespace troupe::drivers::replay;

namespace {

recording_parser begun() {
  recording_parser p{source_kind::file};
  auto first = p.parse("troupe-recording 1", 1);
  CAF_REQUIRE(first);
  return p;
}

} // namespace

CAF_TEST(times are read exactly or not at all) {
  struct row {
    const char* text;
    std::optional<std::int64_t> ns;
  };
  const row rows[] = {
    {"0", 0},
    {"12", 12'000'000'000},
    {"0.5", 500'000'000},
    {"0.000000001", 1},
    {"999999999.999999999", 999'999'999'999'999'999},
    {"1.", std::nullopt},
    {".5", std::nullopt},
    {"-1", std::nullopt},
    {"+1", std::nullopt},
    {"1.0000000001", std::nullopt},
    {"1000000000", std::nullopt},
    {"1e3", std::nullopt},
    {"1.5s", std::nullopt},
    {"", std::nullopt},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE("'" << r.text << "'");
    CAF_CHECK(parse_time(r.text) == r.ns);
  }
}

CAF_TEST(events are read and written back) {
  const char* texts[] = {
    "0.000000000 hall.button rising",
    "0.120000000 hall.button falling",
    "1.000000000 boiler/flow-temp value 41.5",
    "1.000000001 17 rising",
    "2.000000000 boiler/flow-temp value -0.001",
  };
  auto parser = begun();
  std::size_t number = 1;
  for (const auto* text : texts) {
    const auto e = parser.parse(text, ++number);
    CAF_REQUIRE(e);
    CAF_REQUIRE(*e);
    CAF_CHECK_EQUAL(
      format_event((*e)->at, parser.lines()[(*e)->line].name, (*e)->kind, (*e)->value), text);
  }
  CAF_CHECK_EQUAL(parser.lines().size(), 3u);
  CAF_CHECK(!parser.lines()[0].idle);
  CAF_CHECK_EQUAL(parser.lines()[1].first, 41.5);
}

CAF_TEST(a bad line says what was expected and spoils nothing) {
  struct row {
    const char* text;
    const char* expected;
  };
  const row rows[] = {
    {"x hall.button rising", "a time as SECONDS.NANOSECONDS"},
    {"0.5 hall.button rising", "a time of at least 1.000000000"},
    {"2 hall.button", "TIME LINE rising"},
    {"2 hall.button up", "TIME LINE rising"},
    {"2 hall.button rising now", "TIME LINE rising"},
    {"2 t value", "TIME LINE value NUMBER"},
    {"2 t value warm", "a finite number after 'value', not 'warm'"},
    {"2 t value nan", "a finite number"},
    {"2 t value 1e999", "a finite number"},
    {"2 t value 1 2", "TIME LINE value NUMBER"},
    {"2 hall.button value 1", "'rising' or 'falling' for 'hall.button', as in line 2"},
    {"2 temp rising", "'value' for 'temp', as in line 3"},
    {"troupe-recording 1", "a time"},
  };
  auto parser = begun();
  CAF_REQUIRE(parser.parse("1 hall.button rising", 2));
  CAF_REQUIRE(parser.parse("1 temp value 20", 3));
  for (const auto& r : rows) {
    const auto e = parser.parse(r.text, 4);
    CAF_MESSAGE(r.text);
    CAF_REQUIRE(!e);
    CAF_CHECK(e.why().context.find(r.expected) != std::string::npos);
  }
  CAF_CHECK(parser.parse("1 hall.button falling", 5));
  CAF_CHECK_EQUAL(parser.lines().size(), 2u);
}

CAF_TEST(comments and blanks and a carriage return harm nobody) {
  auto parser = begun();
  for (const auto* text : {"", "  ", "# hello", "  # 1 a rising", "\r"}) {
    const auto e = parser.parse(text, 2);
    CAF_REQUIRE(e);
    CAF_CHECK(!*e);
  }
  const auto e = parser.parse("\t1   a\trising\r", 3);
  CAF_REQUIRE(e);
  CAF_CHECK(*e);
}

CAF_TEST(a file begins with its version and a stream need not) {
  struct row {
    const char* first;
    bool file;
    bool stream;
  };
  const row rows[] = {
    {"troupe-recording 1", true, true},
    {"troupe-recording 1 relative", true, true},
    {"troupe-recording 1 absolute", true, true},
    {"troupe-recording 2", false, false},
    {"troupe-recording", false, false},
    {"troupe-recording 1 backwards", false, false},
    {"# a comment", false, true},
    {"1 a rising", false, true},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.first);
    recording_parser file{source_kind::file};
    CAF_CHECK_EQUAL(static_cast<bool>(file.parse(r.first, 1)), r.file);
    recording_parser stream{source_kind::stream};
    CAF_CHECK_EQUAL(static_cast<bool>(stream.parse(r.first, 1)), r.stream);
  }
}

CAF_TEST(I11 a recording has a bounded number of lines) {
  auto parser = begun();
  for (std::size_t i = 0; i < max_lines; ++i)
    CAF_REQUIRE(parser.parse("1 line" + std::to_string(i) + " rising", i + 2));
  const auto e = parser.parse("1 one-more rising", max_lines + 2);
  CAF_REQUIRE(!e);
  CAF_CHECK(e.why().code == errc::over_limit);
  CAF_CHECK(parser.parse("1 line0 falling", max_lines + 3));
}
