#undef CAF_SUITE
#define CAF_SUITE problem

#include "config/load/problem.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

problem sample() {
  return {{"house.toml", 41, 1},
          "counter.\"water\".poll-every",
          "counter 'water': poll-every is 90s, but a 16-bit register at max-rate 1000/s wraps every "
          "65 s.",
          "Use at most 32s, or state a lower max-rate.",
          true,
          errc::invalid_argument};
}

} // namespace

CAF_TEST(a problem is printed under its place) {
  CAF_CHECK_EQUAL(sample().to_string(),
                  "house.toml:41  counter 'water': poll-every is 90s, but a 16-bit register at\n"
                  "               max-rate 1000/s wraps every 65 s. Use at most 32s, or state a\n"
                  "               lower max-rate.");
}

CAF_TEST(width zero is one line and a narrow terminal wraps by itself) {
  CAF_CHECK_EQUAL(sample().to_string(0).find('\n'), std::string::npos);
  CAF_CHECK_EQUAL(sample().to_string(20), sample().to_string(0));
}

CAF_TEST(columns are counted and not bytes) {
  auto x = problem{};
  // 30 columns, 60 bytes.
  for (int i = 0; i < 30; ++i)
    x.text += "\xC2\xB0";
  x.text += " end";
  CAF_CHECK_EQUAL(x.to_string(34).find('\n'), std::string::npos);
  CAF_CHECK_NOT_EQUAL(x.to_string(33).find('\n'), std::string::npos);
}

CAF_TEST(advice is marked as a note and is not fatal) {
  auto x = sample();
  x.fatal = false;
  CAF_CHECK_EQUAL(x.to_string(0).find("house.toml:41  note: counter"), 0u);
  CAF_CHECK(!any_fatal({x}));
  CAF_CHECK(any_fatal({x, sample()}));
}

CAF_TEST(problems come in the order of files and lines with the unplaced last) {
  const auto at = [](const char* file, int line, const char* text) {
    return problem{{file, line, 1}, "", text, "", true, errc::invalid_argument};
  };
  std::vector<problem> all = {at("b", 9, "2"), at("", 0, "5"), at("b", 1, "1"), at("a", 3, "4"),
                              at("b", 9, "3")};
  sort(all);
  std::string order;
  for (const auto& x : all)
    order += x.text;
  CAF_CHECK_EQUAL(order, "12345");
}

CAF_TEST(more problems than anybody reads are cut and that is told) {
  std::vector<problem> all(max_problems + 7, sample());
  bound(all);
  CAF_CHECK_EQUAL(all.size(), max_problems + 1);
  CAF_CHECK(all.back().code == errc::over_limit);
  all.resize(3);
  bound(all);
  CAF_CHECK_EQUAL(all.size(), 3u);
}
