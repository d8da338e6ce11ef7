#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

namespace {

std::string state_of(const json& x, const style& how) {
  const auto state = text_at(x, "state", "?");
  if (state == "running")
    return how.paint("● " + state, colour::green);
  if (state == "quarantined" || state == "hung")
    return how.paint("✗ " + state, colour::red);
  return how.paint("◐ " + state, colour::yellow);
}

std::string crashes_of(const json& x) {
  const auto n = number_at(x, "crashes");
  return n == 1 ? "1 crash" : grouped(n) + " crashes";
}

struct tree_line {
  std::string name; ///< with its branches
  const json* actor; ///< or what keeps a node from being asked
};

void collect(const json& x, const std::string& branch, const std::string& below,
             std::vector<tree_line>& lines) {
  lines.push_back({branch + text_at(x, "name", "?"), &x});
  const auto& children = list_at(x, "children");
  for (std::size_t i = 0; i < children.size(); ++i) {
    const bool last = i + 1 == children.size();
    collect(children[i], below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "), lines);
  }
}

} // namespace

std::string show_tree(const json& x, const style& how) {
  std::vector<tree_line> lines;
  if (x.contains("nodes")) {
    // The root of every tree has the same name; the node's own tells more.
    for (auto& n : list_at(x, "nodes"))
      if (n.is_object() && n.contains("tree")) {
        const auto at = lines.size();
        collect(n["tree"], "", "", lines);
        lines[at].name = text_at(n, "node", "?");
      } else
        lines.push_back({text_at(n, "node", "?"), &n});
  } else {
    collect(x, "", "", lines);
  }
  if (lines.empty())
    return "no nodes\n";
  std::size_t width = 0;
  for (auto& l : lines)
    width = std::max(width, display_width(l.name));
  std::string result;
  for (auto& l : lines) {
    const auto& a = *l.actor;
    if (a.contains("error")) {
      result += cut(fmt::format("{}  {}", pad(l.name, width),
                                how.paint("✗ " + text_at(a, "error", "cannot be asked"), colour::red)),
                    how.width)
                + "\n";
      continue;
    }
    auto text = fmt::format("{}  {}  {}", pad(l.name, width),
                            how.paint(pad(text_at(a, "type"), 10), colour::dim), state_of(a, how));
    if (text_at(a, "state") == "running")
      text += ", up " + duration(number_at(a, "uptime_s"));
    if (number_at(a, "crashes") > 0)
      text += ", " + how.paint(crashes_of(a), colour::yellow);
    if (const auto trouble = text_at(a, "trouble"); !trouble.empty())
      text += how.paint("  " + trouble, colour::dim);
    result += cut(text, how.width) + "\n";
  }
  return result;
}

std::string show_ps(const json& rows, const style& how) {
  std::vector<table::column> columns
    = {{"NAME", false, true}, {"TYPE"}, {"STATE"}, {"CRASHES", true}, {"HANDLED", true},
       {"MAILBOX", true}, {"LONGEST", true}, {"UP", true}, {"THREAD"}};
  const bool nodes = std::any_of(rows.begin(), rows.end(),
                                 [](const json& x) { return !text_at(x, "node").empty(); });
  if (nodes)
    columns.insert(columns.begin() + 1, {"NODE"});
  table t{columns};
  for (auto& x : rows) {
    std::vector<std::string> cells
      = {text_at(x, "name"), text_at(x, "type"), state_of(x, how),
         grouped(number_at(x, "crashes")), grouped(number_at(x, "handled")),
         micros(number_at(x, "mailbox_age_us")), micros(number_at(x, "longest_us")),
         text_at(x, "state") == "running" ? duration(number_at(x, "uptime_s")) : "-",
         truth_at(x, "detached") ? "own" : "shared"};
    if (nodes)
      cells.insert(cells.begin() + 1, text_at(x, "node"));
    t.add(std::move(cells));
  }
  return t.render(how);
}

} // namespace troupe::cli
