#include "apps/cli/views.hpp"

#include <fmt/format.h>

namespace troupe::cli {

namespace {

bool is_plain(const json& x) { return !x.is_structured(); }

std::string word(const json& x) {
  if (x.is_null())
    return "-";
  const auto text = x.is_string() ? harmless(x.get<std::string>()) : x.dump();
  return text.empty() ? "-" : text;
}

/// Short ones on one line: `{"value": "on", "priority": 10}` reads `value on, priority 10`.
std::string on_one_line(const json& x) {
  if (is_plain(x))
    return word(x);
  std::string out;
  for (const auto& [key, y] : x.items()) {
    if (!is_plain(y))
      return {};
    out += (out.empty() ? "" : ", ") + (x.is_object() ? harmless(key) + " " : std::string{}) + word(y);
  }
  return out.empty() ? "-" : out;
}

void tell(const json& x, unsigned depth, const style& how, std::string& out) {
  std::size_t width = 0;
  if (x.is_object())
    for (const auto& [key, y] : x.items())
      width = std::max(width, display_width(harmless(key)));
  const std::string indent(2 * depth, ' ');
  for (const auto& [key, y] : x.items()) {
    const auto name = x.is_object() ? harmless(key) : std::string{"-"};
    const auto line = on_one_line(y);
    const bool fits = !line.empty() && indent.size() + width + 2 + display_width(line) <= how.width;
    // What stands alone is never hidden: a long text wraps in the terminal.
    if (fits || is_plain(y)) {
      out += fmt::format("{}{}  {}\n", indent, pad(name, width), line);
      continue;
    }
    out += indent + name + "\n";
    tell(y, depth + 1, how, out);
  }
}

} // namespace

std::string show_actor(const json& x, const style& how) {
  auto out = show_ps(json::array({x}), how);
  if (const auto label = text_at(x, "label"); !label.empty())
    out += label + "\n";
  if (const auto trouble = text_at(x, "trouble"); !trouble.empty())
    out += how.paint(trouble, colour::yellow) + "\n";
  out += "\n";
  if (const auto trouble = text_at(x, "actor_trouble"); !trouble.empty())
    out += how.paint(fmt::format("its inner state is not known: {}\n", trouble), colour::red);
  else if (const auto& inside = object_at(x, "inside"); inside.empty())
    out += "it has no inner state\n";
  else
    tell(inside, 0, how, out);
  if (const auto n = list_at(x, "post_mortems").size(); n > 0)
    out += how.paint(fmt::format("\n{}; see troupe post-mortem {}\n", count_of(static_cast<double>(n), "post-mortem"), text_at(x, "name")),
                     colour::dim);
  return out;
}

} // namespace troupe::cli
