#include "drivers/replay/recording.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace troupe::drivers::replay {

namespace {

constexpr std::int64_t second = 1'000'000'000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// The first words of a line; `count` goes one beyond the room to show excess.
struct words {
  std::array<std::string_view, 4> word;
  std::size_t count = 0;
};

words split(std::string_view text) {
  words found;
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && is_space(text[at]))
      ++at;
    if (at == text.size())
      return found;
    const auto begin = at;
    while (at < text.size() && !is_space(text[at]))
      ++at;
    if (found.count < found.word.size())
      found.word[found.count] = text.substr(begin, at - begin);
    if (++found.count > found.word.size())
      return found;
  }
}

error expected(std::string what) { return {errc::corrupt, "expected " + std::move(what)}; }

std::optional<double> parse_number(std::string_view text) {
  double x = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (bad != std::errc{} || end != text.data() + text.size() || !std::isfinite(x))
    return std::nullopt;
  return x;
}

} // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::int64_t seconds = 0;
  const char* const last = text.data() + text.size();
  auto [end, bad] = std::from_chars(text.data(), last, seconds);
  // Nine digits of seconds are thirty years of uptime, and cannot overflow.
  if (bad != std::errc{} || end - text.data() > 9 || text.front() == '-')
    return std::nullopt;
  if (end == last)
    return seconds * second;
  if (*end != '.' || end + 1 == last || last - end > 10)
    return std::nullopt;
  std::int64_t nanos = 0;
  std::int64_t unit = second;
  for (const char* digit = end + 1; digit != last; ++digit) {
    if (*digit < '0' || *digit > '9')
      return std::nullopt;
    unit /= 10;
    nanos += (*digit - '0') * unit;
  }
  return seconds * second + nanos;
}

std::string format_time(std::int64_t ns) {
  return fmt::format("{}.{:09}", ns / second, ns % second);
}

std::string format_event(std::int64_t at, std::string_view line, event_kind kind, double value) {
  switch (kind) {
  case event_kind::rising: return fmt::format("{} {} rising", format_time(at), line);
  case event_kind::falling: return fmt::format("{} {} falling", format_time(at), line);
  case event_kind::value: break;
  }
  return fmt::format("{} {} value {}", format_time(at), line, value);
}

std::optional<std::size_t> recording_parser::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? std::nullopt : std::optional{found->second};
}

status recording_parser::read_version(std::string_view text) {
  const auto w = split(text);
  if (w.count < 2 || w.count > 3 || w.word[1] != "1")
    return expected(fmt::format("'{}': this build reads version 1 only", version_line));
  if (w.count == 3 && w.word[2] != "relative" && w.word[2] != "absolute")
    return expected("'relative' or 'absolute' after the version");
  absolute_ = w.count == 3 && w.word[2] == "absolute";
  begun_ = true;
  return {};
}

result<std::optional<event>> recording_parser::parse(std::string_view text, std::size_t number) {
  const auto w = split(text);
  const bool blank = w.count == 0 || w.word[0].front() == '#';
  if (!blank && w.word[0] == "troupe-recording" && (!begun_ || kind_ == source_kind::stream)) {
    if (auto read = read_version(text); !read)
      return read.why();
    return std::optional<event>{};
  }
  if (kind_ == source_kind::file && !begun_) {
    begun_ = true; // said once
    return expected(fmt::format("'{}' as the first line", version_line));
  }
  if (blank)
    return std::optional<event>{};

  const auto at = parse_time(w.word[0]);
  if (!at)
    return expected("a time as SECONDS.NANOSECONDS, at most 9 digits each, such as 12.000345000");
  event e;
  e.at = *at;
  if (w.count == 3 && w.word[2] == "rising") {
    e.kind = event_kind::rising;
  } else if (w.count == 3 && w.word[2] == "falling") {
    e.kind = event_kind::falling;
  } else if (w.count == 4 && w.word[2] == "value") {
    const auto number_read = parse_number(w.word[3]);
    if (!number_read)
      return expected(fmt::format("a finite number after 'value', not '{}'", w.word[3]));
    e.kind = event_kind::value;
    e.value = *number_read;
  } else {
    return expected("TIME LINE rising, TIME LINE falling or TIME LINE value NUMBER");
  }
  if (kind_ == source_kind::file && e.at < latest_)
    return expected(fmt::format("a time of at least {}: a recording never goes back; sort it "
                                "with 'sort -n'",
                                format_time(latest_)));
  const auto index = index_of(w.word[1], e, number);
  if (!index)
    return index.why();
  e.line = *index;
  latest_ = e.at;
  return std::optional{e};
}

result<std::size_t> recording_parser::index_of(std::string_view name, const event& e,
                                               std::size_t number) {
  const bool analog = e.kind == event_kind::value;
  if (const auto found = index_.find(name); found != index_.end()) {
    const auto& facts = lines_[found->second];
    if (facts.analog != analog)
      return expected(fmt::format("{} for '{}', as in line {}: a line has edges or values, not "
                                  "both",
                                  facts.analog ? "'value'" : "'rising' or 'falling'", name,
                                  facts.since));
    return found->second;
  }
  if (lines_.size() == max_lines)
    return error{errc::over_limit,
                 fmt::format("expected one of the {} lines named so far: a recording has no more",
                             max_lines)};
  lines_.push_back({std::string{name}, analog, number, e.kind == event_kind::falling, e.value});
  index_.emplace(name, lines_.size() - 1);
  return lines_.size() - 1;
}

} // namespace troupe::drivers::replay
