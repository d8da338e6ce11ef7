#include "actors/rule/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace troupe::rule {

namespace {

struct unit_row {
  std::string_view name;
  std::int64_t ms;
};

// Longest first for `to_text`.
constexpr unit_row units[] = {
  {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1},
};

} // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  double amount = 0;
  const auto* first = text.data();
  const auto* last = first + text.size();
  const auto [end, failed] = std::from_chars(first, last, amount, std::chars_format::fixed);
  if (failed != std::errc{} || !std::isfinite(amount) || amount < 0)
    return {};
  const std::string_view unit{end, static_cast<std::size_t>(last - end)};
  for (const auto& row : units) {
    if (unit != row.name)
      continue;
    const double ms = amount * static_cast<double>(row.ms);
    if (ms > static_cast<double>(longest_duration.count()))
      return {};
    return milliseconds{static_cast<std::int64_t>(std::llround(ms))};
  }
  return {};
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
