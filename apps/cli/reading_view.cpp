#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

namespace {

std::string words(std::string x) {
  std::replace(x.begin(), x.end(), '_', ' ');
  return x;
}

/// "at most 3 missed in 2 gaps", empty when nothing can be missing.
std::string bound(const json& x) {
  const auto missed = number_at(x, "missed_at_most");
  return missed > 0 ? fmt::format("at most {} missed in {}", grouped(missed),
                                  count_of(number_at(x, "gaps"), "gap"))
                    : "";
}

std::string slot_line(const json& slot, bool leads, const style& how) {
  const auto& lease = slot.contains("lease_left_s") ? slot["lease_left_s"] : json{};
  const auto left = !lease.is_number() ? "until released"
                                       : (slot.value("pulse", false) ? "pulse, " : "for ") + duration(lease.get<double>());
  const auto mark = leads ? how.paint("▶", colour::green) : " ";
  const auto& story = list_at(slot, "story");
  const auto cause = story.empty() ? ""
                                   : with_arrows(fmt::format("{}: {}", text_at(story[0], "name"),
                                                             text_at(story[0], "text")));
  return fmt::format("  {} {:>2}  {}  {}  {}  {}\n", mark, number_at(slot, "priority"),
                     pad(text_at(slot, "text", "-"), 6), pad(text_at(slot, "source"), 20),
                     pad(left, 14), how.paint(cause, colour::dim));
}

/// Nothing at all without a text.
std::string fact(const char* what, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<10} {}\n", what, text);
}

} // namespace

std::string show_value(const json& x) {
  auto text = text_at(x, "text", "-");
  const auto unit = text_at(x, "unit");
  const bool number = x.contains("value") && x["value"].is_number();
  if (number)
    text = grouped(x["value"].is_number_float() ? short_number(x["value"]) : text);
  return number && !unit.empty() ? text + " " + unit : text;
}

std::string show_quality(const json& x, const style& how) {
  const auto grade = text_at(x, "quality", "bad");
  const auto why = text_at(x, "reason", "none");
  const auto text = why == "none" || why.empty() ? grade : grade + ", " + words(why);
  if (grade == "good")
    return how.paint("● " + text, colour::green);
  if (grade == "uncertain")
    return how.paint("◐ " + text, colour::yellow);
  return how.paint("✗ " + text, colour::red);
}

std::string show_reading(const json& x, const style& how, wall_ms now) {
  const auto label = text_at(x, "label");
  std::string result
    = fmt::format("{}  {}  {}\n", how.paint(text_at(x, "name"), colour::bold),
                  how.paint(show_value(x), colour::cyan), show_quality(x, how));
  result += fact("node", text_at(x, "node"));
  result += fact("label", label);
  result += fact("kind", text_at(x, "kind"));
  result += fact("age", duration(number_at(x, "age_s", -1)));
  result += fact("changed", fmt::format("{}, {} so far",
                                        clock_time(static_cast<wall_ms>(number_at(x, "changed_wall")),
                                                   now),
                                        count_of(number_at(x, "changes"), "change")));
  result += fact("bound", bound(x));
  if (x.contains("rate") && !text_at(x, "rate_unit").empty())
    result += fact("rate", fmt::format("{:.4g} {}", number_at(x, "rate"), text_at(x, "rate_unit")));
  if (const auto state = text_at(x, "line"); !state.empty() && state != "open")
    result += fact("line", how.paint(state, colour::red));
  result += fact("actor", how.paint(text_at(x, "actor_trouble"), colour::red));
  if (text_at(x, "kind") != "output")
    return result;
  result += fact("blocked", how.paint(with_arrows(text_at(x, "blocked")), colour::yellow));
  const auto& slots = list_at(x, "slots");
  if (slots.empty())
    result += fact("wishes", text_at(x, "reason") == "node_lost" ? "unknown, as is what it shows now" : "none: it is in its safe state");
  else
    result += "  wishes, the first leads\n";
  for (std::size_t i = 0; i < slots.size(); ++i)
    result += slot_line(slots[i], i == 0, how);
  for (auto& h : list_at(x, "owners")) {
    const auto node = text_at(h, "node");
    std::string waiting;
    for (auto& c : list_at(h, "candidates"))
      if (c.is_string() && c.get<std::string>() != node)
        waiting += (waiting.empty() ? "" : ", ") + harmless(c.get<std::string>());
    result += fact(node.empty() ? "vacant" : "owner",
                   node.empty() ? how.paint(fmt::format("nobody acts for {}: {}", text_at(h, "source"), text_at(h, "why")), colour::yellow)
                                : fmt::format("{} acts on {}{}", text_at(h, "source"), node,
                                              waiting.empty() ? "; no other node is ready" : "; ready: " + waiting));
  }
  return result;
}

bool from_elsewhere(const json& rows, const std::string& here) {
  auto first = here;
  for (auto& x : rows) {
    const auto node = text_at(x, "node");
    if (node.empty())
      continue;
    if (first.empty())
      first = node;
    else if (node != first)
      return true;
  }
  return false;
}

std::string show_readings(const json& rows, bool with_node, const style& how) {
  std::vector<table::column> columns
    = {{"NAME"}, {"VALUE", true}, {"QUALITY"}, {"AGE", true}, {"KIND"}, {"LABEL", false, true}};
  if (with_node)
    columns.insert(columns.begin() + 1, {"NODE"});
  table t{columns};
  for (auto& x : rows) {
    const auto missed = bound(x);
    const auto label = text_at(x, "label");
    std::vector<std::string> cells
      = {text_at(x, "name"), show_value(x), show_quality(x, how),
         duration(number_at(x, "age_s", -1)), text_at(x, "kind"),
         label.empty() || missed.empty() ? label + missed : label + ", " + missed};
    if (with_node)
      cells.insert(cells.begin() + 1, text_at(x, "node"));
    t.add(std::move(cells));
  }
  return t.render(how);
}

std::string show_change(const json& x, const std::string& before, std::size_t name_width,
                        bool with_node, const style& how, wall_ms now) {
  const auto value = show_value(x);
  const auto age = number_at(x, "age_s", -1);
  std::string change = how.paint(value, colour::cyan);
  if (!before.empty() && before != value)
    change = how.paint(before + " → ", colour::dim) + change;
  return fmt::format("{}  {}  {}{}  {}{}\n", how.paint(clock_time(now, now), colour::dim),
                     pad(text_at(x, "name"), name_width),
                     with_node ? how.paint(pad(text_at(x, "node"), 10), colour::dim) + "  " : "",
                     pad(change, 22), show_quality(x, how),
                     age >= 1 ? how.paint(", " + duration(age) + " old", colour::dim) : "");
}

} // namespace troupe::cli
