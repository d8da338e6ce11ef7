#undef CAF_SUITE
#define CAF_SUITE reader

#include <caf/test/dsl.hpp>

#include "drivers/replay/reader.hpp"
#include "tests/unit/replay/temp_file.hpp"

using namespace troupe;
using namespace troupe::drivers::replay;
using troupe::test::temp_file;

CAF_TEST(lines are the same however the bytes are cut) {
  const std::string text = "one\n\ntwo words\n" + std::string(max_line_bytes, 'x') + "\n"
                           + std::string(1000, 'y') + "\nlast";
  const std::vector<std::string> expected{
    "one", "", "two words", std::string(max_line_bytes, 'x'), std::string(max_line_bytes + 1, 'y'),
    "last"};
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 100u, 5000u}) {
    line_splitter splitter;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      splitter.feed(std::string_view{text}.substr(at, piece));
      while (const auto line = splitter.next())
        lines.emplace_back(*line);
    }
    if (const auto line = splitter.rest())
      lines.emplace_back(*line);
    CAF_CHECK(lines == expected);
    CAF_CHECK_EQUAL(splitter.number(), expected.size());
    CAF_CHECK(!splitter.rest());
  }
}

CAF_TEST(all problems of a recording are told together with file and line and text) {
  temp_file file{"troupe-recording 1\n"
                 "1.0 a rising\n"
                 "0.9 a falling\n"
                 "1.5 a up\n"
                 "2.0 a falling\n"
                 "2.5 a value \x01\n"};
  const auto facts = validate(file.path());
  CAF_REQUIRE(!facts);
  CAF_CHECK(facts.why().code == errc::corrupt);
  const auto& text = facts.why().context;
  for (const auto* part :
       {"house.rec:3: '0.9 a falling': expected a time of at least 1.000000000",
        "house.rec:4: '1.5 a up': expected TIME LINE rising",
        "house.rec:6: '2.5 a value ?': expected a finite number"}) {
    CAF_MESSAGE(part);
    CAF_CHECK(text.find(part) != std::string::npos);
  }
  CAF_CHECK(text.find(":5:") == std::string::npos);
}

CAF_TEST(I11 a hopeless file is told in twenty lines) {
  std::string text = "troupe-recording 1\n";
  for (int i = 0; i < 1000; ++i)
    text += "nonsense\n";
  temp_file file{text};
  const auto facts = validate(file.path());
  CAF_REQUIRE(!facts);
  CAF_CHECK_EQUAL(std::count(facts.why().context.begin(), facts.why().context.end(), '\n'), 20);
  CAF_CHECK(facts.why().context.find("and 980 more") != std::string::npos);
}

CAF_TEST(what is no recording is refused) {
  struct row {
    std::string content;
    const char* expected;
  };
  std::vector<row> rows;
  rows.push_back({"", "is empty"});
  rows.push_back({"1.0 a rising\n", "'troupe-recording 1' as the first line"});
  rows.push_back({fmt::format("{:x>300}\n", ""), "at most 256 bytes"});
  rows.push_back({fmt::format("troupe-recording 1\n1.0 {:a>300} rising\n", ""), "at most 256 bytes"});
  rows.push_back({std::string("\x7f""ELF\0\0\0", 7), "as the first line"});
  for (const auto& r : rows) {
    temp_file file{r.content};
    const auto facts = validate(file.path());
    CAF_REQUIRE(!facts);
    CAF_CHECK(facts.why().context.find(r.expected) != std::string::npos);
  }
  const auto absent = validate("/nowhere/house.rec");
  CAF_REQUIRE(!absent);
  CAF_CHECK(absent.why().code == errc::not_found);
}

CAF_TEST(a good recording is summed up and read in order) {
  temp_file file{"troupe-recording 1 absolute\n1000.5 a falling\n1001 t value 3\n1002 a rising"};
  const auto facts = validate(file.path());
  CAF_REQUIRE(facts);
  CAF_CHECK_EQUAL(facts->events, 3u);
  CAF_CHECK_EQUAL(facts->first, 1'000'500'000'000);
  CAF_CHECK_EQUAL(facts->last, 1'002'000'000'000);
  CAF_CHECK(facts->absolute);
  CAF_CHECK(facts->lines[0].idle);
  auto source = open_recording(file.path());
  CAF_REQUIRE(source);
  std::vector<std::int64_t> times;
  for (;;) {
    const auto e = (*source)->next();
    CAF_REQUIRE(e);
    if (!*e)
      break;
    times.push_back((*e)->at);
  }
  CAF_CHECK(times
            == std::vector<std::int64_t>({1'000'500'000'000, 1'001'000'000'000, 1'002'000'000'000}));
}
