#include "config/schema/reference.hpp"

#include "config/schema/describe.hpp"
#include "config/schema/take.hpp"

#include <fmt/format.h>

namespace troupe::schema {

namespace {

constexpr std::size_t page_width = 110;
constexpr std::size_t comment_width = 90;

std::string section_page(const section& x) {
  auto text = x.example_name.empty()
                ? std::string{"## node.toml\n\n"}
                : fmt::format("## `[{}.\"{}\"]`\n\n", x.name, x.example_name);
  text += wrap(x.help, page_width, "") + "\n";
  for (const auto& y : x.options) {
    text += fmt::format("### {}.{}\n\n", x.name, y.key);
    text += wrap(y.help, page_width, "") + "\n";
    auto facts = fmt::format("{}; default: {}", type_text(y), default_text(y));
    if (const auto limits = limits_text(y); !limits.empty())
      facts += "; " + limits;
    if (!y.limit_why.empty())
      facts += " (" + y.limit_why + ")";
    if (const auto only = condition_text(y); !only.empty())
      facts += "; only for " + only;
    facts += "; a change " + (y.changing == restarts::nothing ? "restarts nothing"
                                                              : change_text(x, y));
    text += wrap(facts + ".", page_width, "") + "\n";
  }
  return text;
}

// One option as a comment and a line that can be uncommented.
std::string option_example(const option& x) {
  auto text = wrap(x.help, comment_width, "# ");
  std::string facts;
  if (const auto limits = limits_text(x); !limits.empty())
    facts += limits + ". ";
  if (x.field.kind == shape::word)
    facts += "One" + type_text(x).substr(3) + ". ";
  if (const auto only = condition_text(x); !only.empty())
    facts += "Only for " + only + ". ";
  if (!facts.empty())
    facts[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(facts[0])));
  text += wrap(facts, comment_width, "# ");
  const auto value = example_value(x);
  // What must be written is not commented out; a script has several lines.
  text += fmt::format("{}{} = {}\n\n", x.required && x.only.empty() ? "" : "#", x.key,
                      x.required || x.fallback.is_null() ? value : shown(x.fallback));
  return text;
}

} // namespace

std::string reference_page() {
  std::string text = "# Configuration\n\n"
                     "<!-- Written by troupe-config-docs from config/schema; do not edit. -->\n\n"
                     "`node.toml` says what is true of one machine, `house.toml` what is true of the "
                     "house.\n"
                     "`troupe check FILE...` tells all that is wrong with them at once, `troupe "
                     "config explain KEY`\n"
                     "prints what is below, and [formats/house.md](formats/house.md) describes the "
                     "writing itself.\n\n"
                     "Durations are written with a unit: `\"200ms\"`, `\"5s\"`, `\"10m\"`, `\"1h\"`, "
                     "`\"2d\"`; sizes too: `\"64KiB\"`,\n"
                     "`\"8MiB\"`. An option that does not apply to its thing is a mistake and is told "
                     "as one.\n\n";
  for (const auto* x : house_sections())
    text += section_page(*x);
  text += section_page(node_section());
  text.pop_back();
  return text;
}

std::string node_example() {
  auto text = wrap(node_section().help, comment_width, "# ");
  text += wrap("Every option stands here with its default. Written by troupe-config-docs.",
               comment_width, "# ")
          + "\n";
  for (const auto& x : node_section().options)
    text += option_example(x);
  text.pop_back();
  return text;
}

std::string options_example() {
  auto text = wrap("Every option of house.toml with its default or an example; not a house that "
                   "works. See house.toml for that. Written by troupe-config-docs.",
                   comment_width, "# ")
              + "\n";
  for (const auto* of : house_sections()) {
    text += wrap(of->help, comment_width, "# ");
    text += fmt::format("[{}.\"{}\"]\n\n", of->name, of->example_name);
    for (const auto& x : of->options)
      text += option_example(x);
  }
  text.pop_back();
  return text;
}

} // namespace troupe::schema
