#include "config/model/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace troupe {

namespace {

struct unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first: printing takes the first that divides.
constexpr unit duration_units[] = {
  {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr unit size_units[] = {
  {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

constexpr std::int64_t longest_ms = 100LL * 366 * 86'400'000;

std::string_view trim(std::string_view x) {
  while (!x.empty() && x.front() == ' ')
    x.remove_prefix(1);
  while (!x.empty() && x.back() == ' ')
    x.remove_suffix(1);
  return x;
}

// Splits "1.5 s" into its number and the factor of its unit.
template <class Number, std::size_t N>
std::optional<std::pair<Number, std::int64_t>> split(std::string_view text,
                                                     const unit (&units)[N]) {
  text = trim(text);
  // from_chars would take "inf" and "nan", which are no quantities.
  if (text.empty() || text.front() < '0' || text.front() > '9')
    return std::nullopt;
  Number number{};
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{})
    return std::nullopt;
  const auto rest = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const auto& x : units)
    if (x.name == rest)
      return std::pair{number, x.factor};
  return std::nullopt;
}

template <std::size_t N>
std::string join(std::int64_t x, const unit (&units)[N]) {
  for (const auto& u : units)
    if (x != 0 && x % u.factor == 0)
      return fmt::format("{}{}", x / u.factor, u.name);
  return {};
}

} // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const auto parts = split<double>(text, duration_units);
  if (!parts)
    return std::nullopt;
  const double ms = parts->first * static_cast<double>(parts->second);
  const double whole = std::round(ms);
  // "0.1s" is not exact in binary, hence the tolerance.
  if (whole > static_cast<double>(longest_ms) || std::abs(ms - whole) > 1e-6)
    return std::nullopt;
  return milliseconds{static_cast<std::int64_t>(whole)};
}

std::string to_text(milliseconds x) {
  return x.count() == 0 ? "0s" : join(x.count(), duration_units);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto parts = split<std::uint64_t>(text, size_units);
  constexpr auto largest = std::uint64_t{1} << 53;
  if (!parts || parts->first > largest / static_cast<std::uint64_t>(parts->second))
    return std::nullopt;
  return parts->first * static_cast<std::uint64_t>(parts->second);
}

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? "0B" : join(static_cast<std::int64_t>(bytes), size_units);
}

} // namespace troupe
