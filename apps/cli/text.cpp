#include "apps/cli/text.hpp"

#include "apps/cli/style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace troupe::cli {

namespace {

const json* field(const json& x, const char* key) {
  if (!x.is_object())
    return nullptr;
  auto i = x.find(key);
  return i == x.end() ? nullptr : &*i;
}

} // namespace

std::string text_at(const json& x, const char* key, std::string otherwise) {
  const auto* found = field(x, key);
  if (!found || found->is_null())
    return otherwise;
  if (found->is_string())
    return harmless(found->get_ref<const std::string&>());
  return found->is_structured() ? otherwise : found->dump();
}

double number_at(const json& x, const char* key, double otherwise) {
  const auto* found = field(x, key);
  return found && found->is_number() ? found->get<double>() : otherwise;
}

bool truth_at(const json& x, const char* key) {
  const auto* found = field(x, key);
  return found && found->is_boolean() && found->get<bool>();
}

const json& list_at(const json& x, const char* key) {
  static const json nothing = json::array();
  const auto* found = field(x, key);
  return found && found->is_array() ? *found : nothing;
}

const json& object_at(const json& x, const char* key) {
  static const json nothing = json::object();
  const auto* found = field(x, key);
  return found && found->is_object() ? *found : nothing;
}

std::string duration(double seconds) {
  if (!(seconds >= 0))
    return "-";
  if (seconds < 0.9995)
    return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95)
    return fmt::format("{:.1f} s", seconds);
  const auto s = static_cast<std::int64_t>(std::llround(std::min(seconds, 1e12)));
  if (s < 60)
    return fmt::format("{} s", s);
  if (s < 3600)
    return fmt::format("{} m {} s", s / 60, s % 60);
  if (s < 86400)
    return fmt::format("{} h {} m", s / 3600, s / 60 % 60);
  return fmt::format("{} d {} h", s / 86400, s / 3600 % 24);
}

std::string micros(double us) {
  if (us < 1000)
    return fmt::format("{:.0f} µs", us);
  if (us < 1e6)
    return fmt::format("{:.1f} ms", us / 1e3);
  return duration(us / 1e6);
}

std::string bytes(double count) {
  static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t i = 0;
  while (count >= 1024 && i + 1 < units.size()) {
    count /= 1024;
    ++i;
  }
  return i == 0 ? fmt::format("{:.0f} B", count) : fmt::format("{:.1f} {}", count, units[i]);
}

std::string grouped(const std::string& number) {
  const auto begin = number.find_first_of("0123456789");
  const auto end = std::min(number.find_first_not_of("0123456789", begin), number.size());
  if (begin == std::string::npos || begin > 1)
    return number;
  std::string result = number.substr(0, begin);
  for (auto i = begin; i < end; ++i) {
    if (i > begin && (end - i) % 3 == 0)
      result += ' ';
    result += number[i];
  }
  return result + number.substr(end);
}

std::string grouped(double whole) {
  return grouped(fmt::format("{:.0f}", whole));
}

std::string short_number(double x) {
  const auto whole = fmt::format("{:.0f}", std::floor(std::abs(x))).size();
  auto text = fmt::format("{:.{}f}", x, whole >= 3 ? 3 : static_cast<int>(6 - whole));
  if (text.find('.') == std::string::npos)
    return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return text == "-0" ? "0" : text;
}

namespace {

/// A word as it is, or the number that it is without the digits that nobody measures.
std::string shortened(const std::string& word) {
  double x = 0;
  const auto* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, x);
  return read.ec == std::errc{} && read.ptr == end && std::isfinite(x) && word.find('.') != std::string::npos ? short_number(x) : word;
}

} // namespace

std::string clock_time(wall_ms at, wall_ms now) {
  if (at <= 0)
    return "never";
  const std::time_t seconds = at / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 32> space{};
  const bool recent = std::llabs(now - at) < 86'400'000;
  std::strftime(space.data(), space.size(), recent ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
  return recent ? fmt::format("{}.{:03}", space.data(), at % 1000) : space.data();
}

std::string with_arrows(std::string text) {
  constexpr std::string_view arrow = " -> ";
  for (std::size_t at = 0; (at = text.find(arrow, at)) != std::string::npos;) {
    const auto after = at + arrow.size();
    const auto ends = std::min(text.find_first_of(" ,", after), text.size());
    text.replace(after, ends - after, shortened(text.substr(after, ends - after)));
    const auto begins = at == 0 ? 0 : text.rfind(' ', at - 1) + 1; // none: the first word
    const auto before = shortened(text.substr(begins, at - begins));
    text.replace(begins, at - begins, before);
    at = begins + before.size() + arrow.size();
  }
  for (std::size_t at = 0; (at = text.find("->", at)) != std::string::npos;)
    text.replace(at, 2, "→");
  return text;
}

std::string count_of(double n, const std::string& one) {
  return fmt::format("{} {}{}", grouped(n), one, n == 1 ? "" : "s");
}

} // namespace troupe::cli
