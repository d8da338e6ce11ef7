#undef CAF_SUITE
#define CAF_SUITE value

#include "config/model/value.hpp"

#include <caf/test/dsl.hpp>

#include <cmath>
#include <limits>

using namespace troupe;

CAF_TEST(a value is printed so that it reads back equal) {
  const struct {
    const char* what;
    value is;
    const char* text;
  } rows[] = {
    {"on", value::digital(true), "on"},
    {"off", value::digital(false), "off"},
    {"a total", value::integer(1843211), "1843211"},
    {"the smallest integer", value::integer(INT64_MIN), "-9223372036854775808"},
    {"a temperature", value::analog(21.5), "21.5"},
    {"a tenth", value::analog(0.1), "0.1"},
    {"a third", value::analog(1.0 / 3), "0.3333333333333333"},
    {"a tiny one", value::analog(5e-324), "5e-324"},
    {"text", value::text("two words"), "two words"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(to_string(x.is), x.text);
    CAF_CHECK(parse_value(x.is.kind, x.text) == x.is);
  }
}

CAF_TEST(text that does not fit the kind is no value) {
  const struct {
    value_kind kind;
    const char* text;
  } rows[] = {
    {value_kind::digital, "yes"},   {value_kind::digital, ""},
    {value_kind::digital, "ON"},    {value_kind::integer, "12x"},
    {value_kind::integer, "1.5"},   {value_kind::integer, "9223372036854775808"},
    {value_kind::analog, "inf"},    {value_kind::analog, "nan"},
    {value_kind::analog, "21,5"},   {value_kind::analog, ""},
    {value_kind::analog, " 1"},     {value_kind::none, "1"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(to_string(x.kind) << " from '" << x.text << "'");
    CAF_CHECK(parse_value(x.kind, x.text).empty());
  }
}

CAF_TEST(other words for on and off are understood) {
  for (const auto* x : {"on", "true", "1"})
    CAF_CHECK(parse_value(value_kind::digital, x) == value::digital(true));
  for (const auto* x : {"off", "false", "0"})
    CAF_CHECK(parse_value(value_kind::digital, x) == value::digital(false));
}

CAF_TEST(every kind has a number and only a digital one is on) {
  CAF_CHECK_EQUAL(value::digital(true).number(), 1);
  CAF_CHECK_EQUAL(value::integer(-7).number(), -7);
  CAF_CHECK_EQUAL(value::analog(0.5).number(), 0.5);
  CAF_CHECK_EQUAL(value::text("5").number(), 0);
  CAF_CHECK_EQUAL(value{}.number(), 0);
  CAF_CHECK(value::digital(true).is_on());
  CAF_CHECK(!value::integer(1).is_on());
  CAF_CHECK(!value::analog(1).is_on());
  CAF_CHECK_EQUAL(to_string(value{}), "-");
}
