#include "config/model/value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace troupe {

std::string to_string(const value& x) {
  switch (x.kind) {
  case value_kind::none: return "-";
  case value_kind::digital: return x.whole != 0 ? "on" : "off";
  case value_kind::integer: return fmt::format("{}", x.whole);
  case value_kind::analog: return fmt::format("{}", x.real);
  case value_kind::text: return x.words;
  }
  return "-";
}

value parse_value(value_kind kind, const std::string& text) {
  const auto* first = text.data();
  const auto* last = first + text.size();
  switch (kind) {
  case value_kind::digital:
    if (text == "on" || text == "true" || text == "1")
      return value::digital(true);
    if (text == "off" || text == "false" || text == "0")
      return value::digital(false);
    return {};
  case value_kind::integer: {
    std::int64_t n = 0;
    auto [end, failed] = std::from_chars(first, last, n);
    return failed == std::errc{} && end == last ? value::integer(n) : value{};
  }
  case value_kind::analog: {
    double n = 0;
    auto [end, failed] = std::from_chars(first, last, n);
    return failed == std::errc{} && end == last && std::isfinite(n) ? value::analog(n)
                                                                    : value{};
  }
  case value_kind::text: return value::text(text);
  case value_kind::none: return {};
  }
  return {};
}

const char* to_string(value_kind x) noexcept {
  switch (x) {
  case value_kind::none: return "none";
  case value_kind::digital: return "digital";
  case value_kind::integer: return "integer";
  case value_kind::analog: return "analog";
  case value_kind::text: return "text";
  }
  return "invalid";
}

} // namespace troupe
