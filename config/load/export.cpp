#include "config/load/export.hpp"

#include "config/schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

using nlohmann::json;

// TOML's basic strings have JSON's escapes, except that DEL must be escaped too.
std::string quoted(const std::string& x) {
  auto text = json(x).dump(-1, ' ', false, json::error_handler_t::replace);
  for (auto at = text.find('\x7F'); at != text.npos; at = text.find('\x7F', at))
    text.replace(at, 1, "\\u007F");
  return text;
}

// Without escapes, as a person would write a script. Carriage returns and other
// control characters would not survive it, nor would ''' inside or at the end.
bool fits_literal(const std::string& x) {
  return x.find('\n') != x.npos && x.find("'''") == x.npos && !x.ends_with('\'')
         && std::none_of(x.begin(), x.end(), [](unsigned char c) {
              return c == 0x7F || (c < 0x20 && c != '\n' && c != '\t');
            });
}

std::string text_value(const std::string& x) {
  // A line break right after the opening quotes is not part of the text.
  return fits_literal(x) ? "'''\n" + x + "'''" : quoted(x);
}

std::string number_value(double x) {
  if (std::isnan(x))
    return "nan";
  if (std::isinf(x))
    return x > 0 ? "inf" : "-inf";
  // 21.0 is written 21: every option that takes a number takes both.
  return x == std::floor(x) && std::abs(x) < 1e15 ? fmt::format("{:.0f}", x) : fmt::format("{}", x);
}

bool is_bare(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

std::string key_text(const std::string& x) { return is_bare(x) ? x : quoted(x); }

void add_entry(std::string& to, const std::string& key, const json& x) {
  to += key_text(key) + " = " + toml_value(x) + "\n";
}

} // namespace

std::string toml_value(const json& x) {
  switch (x.type()) {
  case json::value_t::string: return text_value(x.get_ref<const std::string&>());
  case json::value_t::number_float: return number_value(x.get<double>());
  case json::value_t::number_unsigned:
    // TOML's integers are signed.
    if (x.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
      return fmt::format("{}.0", x.get<std::uint64_t>());
    return x.dump();
  case json::value_t::array: {
    std::string text;
    for (const auto& y : x)
      text += (text.empty() ? "" : ", ") + toml_value(y);
    return "[" + text + "]";
  }
  case json::value_t::object: {
    std::string text;
    for (const auto& [key, y] : x.items())
      if (!y.is_null())
        text += (text.empty() ? " " : ", ") + key_text(key) + " = " + toml_value(y);
    return text.empty() ? "{}" : "{" + text + " }";
  }
  case json::value_t::null: return "\"\"";
  default: return x.dump();
  }
}

std::string toml_header(const document& x) {
  return fmt::format("[{}.{}]", key_text(x.section), quoted(x.name));
}

std::string to_toml(const std::vector<document>& all) {
  std::string text;
  const auto add = [&](const document& x, const schema::section* known) {
    text += (text.empty() ? "" : "\n") + toml_header(x) + "\n";
    if (known)
      for (const auto& option : known->options)
        if (const auto at = x.body.find(option.key); at != x.body.end())
          add_entry(text, option.key, *at);
    for (const auto& [key, y] : x.body.items())
      if (!known || !known->find(key))
        add_entry(text, key, y);
  };
  for (const auto* known : schema::house_sections())
    for (const auto& x : all)
      if (x.section == known->name)
        add(x, known);
  return text;
}

} // namespace troupe
