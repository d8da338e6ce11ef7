#include "config/schema/explain.hpp"

#include "config/schema/describe.hpp"
#include "config/schema/did_you_mean.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::schema {

namespace {

constexpr std::size_t width = 79;

std::vector<const section*> all_sections() {
  auto all = house_sections();
  all.push_back(&node_section());
  return all;
}

std::string file_of(const section& x) { return &x == &node_section() ? "node.toml" : "house.toml"; }

// The help's first sentence.
std::string_view gist(std::string_view help) {
  const auto end = help.find(". ");
  return end == help.npos ? help : help.substr(0, end + 1);
}

// `head`, then `is` wrapped beside it; nothing if `is` is empty.
void add_row(std::string& to, std::string head, std::string_view is) {
  const auto indent = head.size();
  const auto lines = wrap(is, width - indent, "");
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at) + 1;
    to += head + lines.substr(at, end - at);
    head.assign(indent, ' ');
    at = end;
  }
}

std::string about(const section& of, const option& x) {
  auto text = fmt::format("{}.{}\n", of.name, x.key);
  text += wrap(x.help, width, "  ");
  const auto row = [&](const char* what, const std::string& is) {
    add_row(text, fmt::format("  {:<9} ", what), is);
  };
  text += "\n";
  row("type", type_text(x));
  row("default", default_text(x));
  row("limits", limits_text(x) + (x.limit_why.empty() ? "" : ": " + x.limit_why));
  row("only for", condition_text(x));
  row("a change", change_text(of, x));
  if (!x.many_lines)
    row("example", fmt::format("{} = {}", x.key, example_value(x)));
  return text;
}

std::string about(const section& x) {
  auto text = fmt::format("{} ({}{})\n", x.name, file_of(x),
                          x.example_name.empty()
                            ? ""
                            : fmt::format(", [{}.\"{}\"]", x.name, x.example_name));
  text += wrap(x.help, width, "  ") + "\n";
  std::size_t longest = 0;
  for (const auto& y : x.options)
    longest = std::max(longest, y.key.size());
  for (const auto& y : x.options)
    add_row(text, fmt::format("  {:<{}}  ", y.key, longest), gist(y.help));
  return text;
}

std::string about_all() {
  std::string text;
  for (const auto* x : all_sections())
    text += fmt::format("{} ({})\n", x->name, file_of(*x)) + wrap(x->help, width, "  ") + "\n";
  return text + "`troupe config explain channel` lists a section's options,\n"
                "`troupe config explain channel.lease` tells all about one.\n";
}

} // namespace

result<std::string> explain(std::string_view key) {
  while (key.ends_with('.'))
    key.remove_suffix(1);
  if (key.empty())
    return about_all();
  if (const auto* x = find_section(key))
    return about(*x);
  if (const auto dot = key.find('.'); dot != key.npos) {
    const auto* of = find_section(key.substr(0, dot));
    const auto* x = of ? of->find(key.substr(dot + 1)) : nullptr;
    if (x)
      return about(*of, *x);
  } else {
    std::string text;
    for (const auto* of : all_sections())
      if (const auto* x = of->find(key))
        text += (text.empty() ? "" : "\n") + about(*of, *x);
    if (!text.empty())
      return text;
  }
  auto known = explainable();
  // "leese" is near "lease", though far from "channel.lease".
  for (const auto* of : all_sections())
    for (const auto& x : of->options)
      known.push_back(x.key);
  const auto meant = did_you_mean(key, known);
  return error{errc::not_found,
               fmt::format("there is no option '{}'. {}", key,
                           meant ? fmt::format("Did you mean '{}'?", *meant)
                                 : "The sections are bus, channel, counter, rule, drill and node.")};
}

std::vector<std::string> explainable() {
  std::vector<std::string> all;
  for (const auto* of : all_sections()) {
    all.push_back(of->name);
    for (const auto& x : of->options)
      all.push_back(of->name + "." + x.key);
  }
  return all;
}

} // namespace troupe::schema
