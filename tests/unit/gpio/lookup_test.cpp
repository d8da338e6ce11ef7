// From what a configuration says to a chip and a line.

#undef CAF_SUITE
#define CAF_SUITE gpio_lookup

#include "drivers/gpio/lookup.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::drivers::gpio;

namespace {

const std::vector<found_chip> chips = {
  {"/dev/gpiochip0", "gpiochip0", "pinctrl-rp1", 54},
  {"/dev/gpiochip1", "gpiochip1", "expander", 16},
  {"/dev/gpiochip2", "gpiochip2", "expander", 16},
  {"/dev/gpiochip3", "gpiochip3", "gpiochip0", 8}, // Labels are free text.
};

const std::vector<kernel_line> lines = {
  {0, "rain", false, "", true},  {1, "", false, "", true},  {2, "relay", true, "x", false},
  {3, "relay", false, "", true}, {4, "7", false, "", true}, {5, "", true, "", true},
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(a chip goes by path then label then name) {
  struct row {
    const char* wanted;
    const char* path;
    errc code;
    const char* told;
  };
  const row rows[] = {
    {"/dev/gpiochip9", "/dev/gpiochip9", errc::none, ""},
    {"pinctrl-rp1", "/dev/gpiochip0", errc::none, ""},
    {"gpiochip1", "/dev/gpiochip1", errc::none, ""},
    {"gpiochip0", "/dev/gpiochip3", errc::none, ""}, // a label before a name
    {"expander", "", errc::invalid_argument, "/dev/gpiochip1, /dev/gpiochip2"},
    {"gpiochip9", "", errc::not_found, "gpiochip0 [pinctrl-rp1]"},
    {"", "", errc::invalid_argument, "no chip is named"},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE("chip '" << row.wanted << "'");
    const auto found = choose_chip(row.wanted, chips);
    CAF_CHECK_EQUAL(found ? errc::none : found.why().code, row.code);
    if (found)
      CAF_CHECK_EQUAL(*found, row.path);
    else
      CAF_CHECK(contains(found.why().context, row.told));
  }
  const auto none = choose_chip("rain", {});
  CAF_CHECK(!none && contains(none.why().context, "no gpiochip on this machine"));
}

CAF_TEST(a line goes by offset or by a name that only it has) {
  struct row {
    const char* wanted;
    int offset;
    errc code;
    const char* told;
  };
  const row rows[] = {
    {"0", 0, errc::none, ""},
    {"rain", 0, errc::none, ""},
    {"5", 5, errc::none, ""},
    {"7", -1, errc::not_found, "0 to 5"}, // digits are an offset, also if a name
    {"6", -1, errc::not_found, "0 to 5"},
    {"relay", -1, errc::invalid_argument, "2, 3"},
    {"snow", -1, errc::not_found, "rain, relay"},
    {"-1", -1, errc::not_found, "no line '-1'"},
    {"1x", -1, errc::not_found, "no line '1x'"},
    {"", -1, errc::not_found, "no line ''"}, // nameless lines are not meant
    {"99999999999999999999", -1, errc::not_found, "no line"},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE("line '" << row.wanted << "'");
    const auto found = choose_line(row.wanted, lines, "gpiochip0 [rain]");
    CAF_CHECK_EQUAL(found ? errc::none : found.why().code, row.code);
    if (found)
      CAF_CHECK_EQUAL(static_cast<int>(*found), row.offset);
    else
      CAF_CHECK(contains(found.why().context, row.told));
  }
}

CAF_TEST(an address that is told leads back to its line) {
  const char* expected[] = {"rain", "1", "2", "3", "4", "5"};
  for (const auto& line : lines) {
    const auto address = address_of(line, lines);
    CAF_CHECK_EQUAL(address, expected[line.offset]);
    const auto back = choose_line(address, lines, "chip");
    CAF_CHECK(back && *back == line.offset);
  }
}

CAF_TEST(error texts stay short on big chips) {
  std::vector<kernel_line> many;
  for (unsigned i = 0; i < 500; ++i)
    many.push_back({i, "line-" + std::to_string(i), false, "", true});
  const auto found = choose_line("snow", many, "chip");
  CAF_CHECK(!found && found.why().context.size() < 300);
  CAF_CHECK(contains(found.why().context, "and 488 more"));
}
