#include "drivers/replay/gpiomon.hpp"

#include "drivers/replay/reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <istream>
#include <ostream>

namespace troupe::drivers::replay {

namespace {

/// Reads a text from left to right.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool skip(std::string_view expected) {
    blanks();
    if (!rest_.starts_with(expected))
      return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::string_view until(std::string_view ends) {
    blanks();
    const auto word = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(word.size());
    return word;
  }

  std::string_view rest() {
    blanks();
    while (!rest_.empty() && is_blank(rest_.back()))
      rest_.remove_suffix(1);
    return rest_;
  }

private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  void blanks() {
    while (!rest_.empty() && is_blank(rest_.front()))
      rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

bool is_number(std::string_view text) {
  return !text.empty()
         && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<gpiomon_edge> parse_v1(std::string_view text) {
  scanner in{text};
  gpiomon_edge e;
  if (!in.skip("event:"))
    return std::nullopt;
  e.rising = in.skip("RISING");
  if (!e.rising && !in.skip("FALLING"))
    return std::nullopt;
  if (!in.skip("EDGE") || !in.skip("offset:"))
    return std::nullopt;
  e.line = in.until(" \t");
  if (!is_number(e.line) || !in.skip("timestamp:") || !in.skip("["))
    return std::nullopt;
  const auto at = parse_time(in.until("]"));
  if (!at || !in.skip("]") || !in.rest().empty())
    return std::nullopt;
  e.at = *at;
  return e;
}

/// `NAME` in quotes or without, `CHIP OFFSET`, or `CHIP OFFSET "NAME"`.
std::string line_of_v2(std::string_view id) {
  std::string name{id};
  if (const auto quote = name.find('"'); quote != name.npos) {
    name = name.substr(quote + 1);
    name.resize(std::min(name.size(), name.find('"')));
  } else if (const auto blank = name.rfind(' '); blank != name.npos
                                                 && is_number(id.substr(blank + 1))) {
    name = name.substr(blank + 1);
  }
  std::replace(name.begin(), name.end(), ' ', '_');
  std::replace(name.begin(), name.end(), '\t', '_');
  return name;
}

std::optional<gpiomon_edge> parse_v2(std::string_view text) {
  scanner in{text};
  gpiomon_edge e;
  const auto at = parse_time(in.until(" \t"));
  e.rising = in.skip("rising");
  if (!at || (!e.rising && !in.skip("falling")))
    return std::nullopt;
  e.at = *at;
  e.line = line_of_v2(in.rest());
  if (e.line.empty())
    return std::nullopt;
  return e;
}

} // namespace

result<gpiomon_edge> parse_gpiomon(std::string_view text) {
  if (text.size() <= max_line_bytes) {
    auto e = parse_v1(text);
    if (!e)
      e = parse_v2(text);
    if (e)
      return *e;
  }
  return error{errc::corrupt,
               "expected gpiomon's default output, such as 'event: RISING EDGE offset: 17 "
               "timestamp: [1234.567890123]' or '1234.567890123 rising gpiochip0 17'; use no "
               "--format, --localtime or --utc"};
}

gpiomon_report convert_gpiomon(std::istream& from, std::ostream& to) {
  gpiomon_report report;
  to << version_line << " absolute\n";
  std::string text;
  for (std::size_t number = 1; std::getline(from, text); ++number) {
    if (text.find_first_not_of(" \t\r") == text.npos)
      continue;
    const auto e = parse_gpiomon(text);
    if (e) {
      ++report.edges;
      to << format_event(e->at, e->line, e->rising ? event_kind::rising : event_kind::falling, 0)
         << '\n';
    } else if (++report.skipped <= max_told) {
      report.problems.push_back(place("gpiomon", number, text, e.why()));
    }
  }
  return report;
}

} // namespace troupe::drivers::replay
