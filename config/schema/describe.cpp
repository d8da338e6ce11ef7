#include "config/schema/describe.hpp"

#include "config/schema/take.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::schema {

std::string type_text(const option& x) {
  if (x.field.kind == shape::word)
    return fmt::format("one of {}", fmt::join(x.field.words, ", "));
  auto text = std::string{to_string(x.field.kind)};
  if (!x.unit.empty())
    text += ", " + x.unit;
  return text;
}

std::string default_text(const option& x) {
  if (x.required)
    return "must be written";
  if (x.fallback.is_null())
    return "none";
  const bool plain = x.fallback.is_string()
                     && (x.field.kind == shape::duration || x.field.kind == shape::size
                         || x.field.kind == shape::word || x.field.kind == shape::level);
  return plain ? x.fallback.get<std::string>() : shown(x.fallback);
}

std::string condition_text(const option& x) {
  std::string text;
  for (const auto& y : x.only)
    text += fmt::format("{}{} = \"{}\"", text.empty() ? "" : " and ", y.key,
                        fmt::join(y.words, "\" or \""));
  return text;
}

std::string change_text(const section& of, const option& x) {
  switch (x.changing) {
  case restarts::nothing: return fmt::format("the {} runs on", of.name);
  case restarts::thing: return fmt::format("restarts the {}", of.name);
  case restarts::node: return "takes effect when the node starts";
  }
  return {};
}

std::string example_value(const option& x) {
  if (!x.example.empty())
    return x.example;
  return x.fallback.is_null() ? "\"\"" : shown(x.fallback);
}

std::string wrap(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (!line.empty())
      out += fmt::format("{}{}\n", indent, line);
    line.clear();
  };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > width)
      flush();
    line += line.empty() ? "" : " ";
    line += word;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  flush();
  return out;
}

} // namespace troupe::schema
