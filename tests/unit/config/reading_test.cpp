#undef CAF_SUITE
#define CAF_SUITE reading

#include "config/model/reading.hpp"
#include "config/model/result.hpp"

#include <caf/test/dsl.hpp>

#include <set>

using namespace troupe;

CAF_TEST(a reading is told with its quality and why) {
  reading x;
  CAF_CHECK_EQUAL(to_string(x), "- (bad, no_value)");
  x.val = value::analog(21.5);
  x.grade = quality::good;
  x.why = reason::none;
  CAF_CHECK_EQUAL(to_string(x), "21.5 (good)");
  x.val = value::digital(true);
  x.grade = quality::uncertain;
  x.why = reason::restored;
  CAF_CHECK_EQUAL(to_string(x), "on (uncertain, restored)");
}

// They rest on disk and stand in JSON: a second of the same name would be read
// as the first.
CAF_TEST(every reason and every error has a word of its own) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(reason::deviation); ++i)
    CAF_CHECK(words.insert(to_string(static_cast<reason>(i))).second);
  CAF_CHECK(!words.contains("invalid"));
  words.clear();
  for (int i = 0; i <= static_cast<int>(errc::script_error); ++i)
    CAF_CHECK(words.insert(to_string(static_cast<errc>(i))).second);
  CAF_CHECK(!words.contains("invalid"));
}

CAF_TEST(an error names its kind and then the thing) {
  CAF_CHECK_EQUAL(to_string(error{errc::bus_timeout, "sim: no answer within 200 ms"}),
                  "bus_timeout: sim: no answer within 200 ms");
  CAF_CHECK_EQUAL(to_string(error{errc::closed, ""}), "closed");
}

CAF_TEST(a result holds its value or why there is none) {
  const result<int> fine{7};
  const result<int> failed{error{errc::busy, "line 17"}};
  CAF_REQUIRE(fine);
  CAF_CHECK_EQUAL(*fine, 7);
  CAF_REQUIRE(!failed);
  CAF_CHECK(failed.why().code == errc::busy);
  CAF_CHECK(status{});
  CAF_CHECK(!status{error{errc::busy, ""}});
}
