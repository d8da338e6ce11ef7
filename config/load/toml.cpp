#include "config/load/toml.hpp"

#include "config/schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

// toml++ 3.3.0 asserts that a key follows '[', which a text need not fulfil; behind
// the assertion it has an error for that. So its assertions are off, and
// tests/fuzz/config tries what is behind them.
#define TOML_ASSERT(expr) static_assert(true)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace troupe::load {

namespace {

using nlohmann::json;

struct reader {
  const std::string& file;
  int offset; // of the stretch in the file
  std::vector<problem>& found;

  int line_of(const toml::source_region& x) const {
    return static_cast<int>(x.begin.line) + offset;
  }

  json scalar(const toml::node& x) const {
    if (const auto* text = x.as_string())
      return text->get();
    if (const auto* number = x.as_integer())
      return number->get();
    if (const auto* real = x.as_floating_point())
      // JSON has no infinity; as a text it is refused with its name.
      return std::isfinite(real->get()) ? json(real->get()) : json(fmt::format("{}", real->get()));
    if (const auto* yes = x.as_boolean())
      return yes->get();
    std::ostringstream text;
    x.visit([&](const auto& y) {
      if constexpr (toml::is_date<decltype(y)> || toml::is_time<decltype(y)>
                    || toml::is_date_time<decltype(y)>)
        text << y.get();
    });
    found.push_back({{file, line_of(x.source()), static_cast<int>(x.source().begin.column)}, "",
                     fmt::format("{} is a date or time, which no option takes.", text.str()),
                     "If it is meant as a text, put it in quotes.", true, errc::invalid_argument});
    return text.str();
  }

  json plain(const toml::node& x) const {
    if (const auto* list = x.as_array()) {
      auto all = json::array();
      for (const auto& y : *list)
        all.push_back(plain(y));
      return all;
    }
    if (const auto* table = x.as_table()) {
      auto all = json::object();
      for (const auto& [key, y] : *table)
        all[std::string{key.str()}] = plain(y);
      return all;
    }
    return scalar(x);
  }

  // Only as deep as sections, names and keys go.
  toml_table table(const toml::table& x, int depth) const {
    toml_table it{line_of(x.source()), {}};
    for (const auto& [key, y] : x) {
      toml_value entry{line_of(key.source()), nullptr, std::nullopt};
      if (y.is_table() && depth > 0) {
        entry.table = table(*y.as_table(), depth - 1);
        entry.plain = json::object();
      } else {
        entry.plain = plain(y);
      }
      it.entries.emplace(std::string{key.str()}, std::move(entry));
    }
    return it;
  }
};

std::string_view trim(std::string_view x) {
  const auto from = x.find_first_not_of(" \t\r");
  if (from == x.npos)
    return {};
  return x.substr(from, x.find_last_not_of(" \t\r") - from + 1);
}

std::string_view line_at(std::string_view text, int line) {
  for (; line > 1; --line) {
    const auto end = text.find('\n');
    if (end == text.npos)
      return {};
    text.remove_prefix(end + 1);
  }
  return trim(text.substr(0, text.find('\n')));
}

// The mistakes that nearly everybody makes once.
std::string way_out_of(std::string_view line) {
  if (line.starts_with('[')) {
    const auto end = line.find(']');
    const auto dot = line.find('.');
    if (end == line.npos)
      return "Close the brackets.";
    if (dot < end && line.find_first_of("\"'") == line.npos && line.substr(0, end).find_first_of("/ ") != line.npos)
      return fmt::format("Put the name in quotes: {}.\"{}\"].", line.substr(0, dot),
                         line.substr(dot + 1, end - dot - 1));
    return {};
  }
  const auto equals = line.find('=');
  if (equals == line.npos)
    return {};
  const auto key = trim(line.substr(0, equals));
  auto written = line.substr(equals + 1);
  written = trim(written.substr(0, written.find('#')));
  const bool bare = !written.empty() && written.find_first_of("\"'[]{},=") == written.npos;
  return bare ? fmt::format("A text goes in quotes: {} = \"{}\".", key, written) : std::string{};
}

bool looks_like_header(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('['))
    return false;
  const auto words = line.substr(std::min(line.find_first_not_of("[ "), line.size()));
  for (const auto* known : schema::house_sections())
    if (words.starts_with(known->name)
        && words.substr(known->name.size()).find_first_of(". ]/\"") == 0)
      return true;
  // Any other table; a line of a script like `[1] = 2,` does not end so.
  line = trim(line.substr(0, line.find('#')));
  return line.ends_with(']') && line.find_first_of("=,(") == line.npos && !words.empty()
         && std::isalpha(static_cast<unsigned char>(words.front())) != 0;
}

} // namespace

std::optional<toml_table> read_toml(stretch part, const std::string& file,
                                    std::vector<problem>& found) {
  const auto offset = part.first_line - 1;
  auto parsed = toml::parse(part.text);
  if (parsed) {
    constexpr int deep_enough = 2;
    return reader{file, offset, found}.table(parsed.table(), deep_enough);
  }
  const auto& why = parsed.error();
  const auto at = why.source().begin;
  auto way_out = why.description().find("redefine") != std::string_view::npos
                   ? std::string{"Remove one of them."}
                   : way_out_of(line_at(part.text, static_cast<int>(at.line)));
  found.push_back({{file, static_cast<int>(at.line) + offset, static_cast<int>(at.column)}, "",
                   fmt::format("This is not TOML. {}.", why.description()), std::move(way_out), true,
                   errc::invalid_argument});
  return std::nullopt;
}

std::vector<stretch> split_at_headers(std::string_view text) {
  std::vector<stretch> parts{{{}, 1}};
  std::size_t begin = 0, at = 0;
  for (int line = 1; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (looks_like_header(text.substr(at, end - at))) {
      parts.back().text = text.substr(begin, at - begin);
      parts.push_back({{}, line});
      begin = at;
    }
    at = end + 1;
  }
  parts.back().text = text.substr(std::min(begin, text.size()));
  return parts;
}

} // namespace troupe::load
