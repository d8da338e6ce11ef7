#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace troupe::cli {

namespace {

std::string sign_of(const std::string& action, const style& how) {
  if (action == "add")
    return how.paint("+ add   ", colour::green);
  if (action == "remove")
    return how.paint("- remove", colour::red);
  return how.paint("~ change", colour::yellow);
}

std::string option_value(const json& change, const char* key) {
  const bool list = change.contains(key) && change[key].is_structured();
  return list ? harmless(change[key].dump()) : text_at(change, key, "default");
}

} // namespace

std::string show_plan(const json& steps, const style& how) {
  if (steps.empty())
    return "nothing to do: the house is as described\n";
  std::string result;
  std::map<std::string, double> counts;
  for (auto& s : steps) {
    const auto action = text_at(s, "action");
    ++counts[action];
    result += fmt::format("{} {} {}", sign_of(action, how), pad(text_at(s, "section"), 8),
                          how.paint(text_at(s, "name"), colour::bold));
    // What comes or goes has nothing to restart.
    if (action == "change" && truth_at(s, "restarts"))
      result += how.paint("  restarts it", colour::yellow);
    result += "\n";
    for (auto& c : list_at(s, "keys"))
      result += fmt::format("             {}: {} → {}\n", text_at(c, "key"), option_value(c, "from"),
                            option_value(c, "to"));
  }
  result += how.paint(fmt::format("{} to add, {} to change, {} to remove; nothing else is touched\n",
                                  counts["add"], counts["change"], counts["remove"]),
                      colour::dim);
  return result;
}

std::string show_history(const json& rows, const style& how, wall_ms now) {
  table t{{{"REVISION", true}, {"WHEN"}, {"WHO"}, {"STEPS", true}, {"WHAT", false, true}}};
  for (auto& x : rows) {
    const auto node = text_at(x, "node");
    t.add({(node.empty() ? "" : node + "/") + text_at(x, "revision"), clock_time(static_cast<wall_ms>(number_at(x, "at")), now),
           text_at(x, "who"), grouped(static_cast<double>(list_at(x, "steps").size())),
           text_at(x, "text")});
  }
  return t.empty() ? "no revisions yet\n" : t.render(how);
}

std::string show_buses(const json& rows, const style& how) {
  std::string result;
  for (auto& x : rows) {
    const auto trouble = text_at(x, "trouble");
    result += fmt::format("{}  {}  {}\n", how.paint(pad(text_at(x, "name"), 10), colour::bold),
                          text_at(x, "driver"),
                          trouble.empty() ? how.paint("● works", colour::green)
                                          : how.paint("✗ " + trouble, colour::red));
    const auto title = [](const json& f) {
      const auto line = text_at(f, "line");
      return text_at(f, "name") + (line.empty() ? "" : " " + line);
    };
    std::size_t widest = 0;
    for (auto& f : list_at(x, "faults"))
      widest = std::max(widest, display_width(title(f)));
    for (auto& f : list_at(x, "faults")) {
      const bool on = truth_at(f, "active");
      result += fmt::format("  fault {}  {}  {}\n", pad(title(f), widest),
                            on ? how.paint("on ", colour::red) : how.paint("off", colour::dim),
                            how.paint(text_at(f, "help"), colour::dim));
    }
  }
  return result.empty() ? "no buses\n" : result;
}

} // namespace troupe::cli
