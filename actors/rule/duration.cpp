#include "actors/rule/duration.hpp"

#include "config/model/quantity.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace troupe::rule {

namespace {

struct unit_row {
  std::string_view name;
  std::int64_t ms;
};

// Longest first.
constexpr unit_row units[] = {
  {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1},
};

} // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const auto x = troupe::parse_duration(text);
  return x && *x <= longest_duration ? x : std::nullopt;
}

std::string to_text(milliseconds x) {
  if (x.count() == 0)
    return "0s";
  std::string text = x.count() < 0 ? "-" : "";
  auto rest = std::abs(x.count());
  for (const auto& row : units) {
    const auto n = rest / row.ms;
    if (n == 0)
      continue;
    if (!text.empty() && text != "-")
      text += ' ';
    text += fmt::format("{}{}", n, row.name);
    rest -= n * row.ms;
  }
  return text;
}

} // namespace troupe::rule
