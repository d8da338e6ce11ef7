#include "apps/cli/drill_view.hpp"

#include "apps/cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::cli {

namespace {

constexpr std::size_t most_lines = 30; ///< of what happened; --json has all

bool has_number(const json& x, const char* key) { return x.is_object() && x.contains(key) && x[key].is_number(); }

std::string ms(const json& x, const char* key) {
  if (!has_number(x, key))
    return "-";
  const auto n = number_at(x, key);
  return n < 1000 ? fmt::format("{:.0f} ms", n) : fmt::format("{:.2f} s", n / 1000);
}

/// "-600.00 s", "3 ms"
std::string off(double n) { return std::abs(n) < 1000 ? fmt::format("{:.0f} ms", n) : fmt::format("{:.2f} s", n / 1000); }

std::string result_of(const json& x, const style& how) {
  const auto state = text_at(x, "state", "?");
  if (state == "passed")
    return how.paint("✓ passed", colour::green);
  if (state == "failed")
    return how.paint("✗ failed", colour::red);
  return how.paint(state == "running" ? "▶ running" : "◐ " + state, colour::yellow);
}

std::string many(const char* glyph, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i)
    out += glyph;
  return out;
}

/// Columns from 0 to `width`, in proportion.
struct scale {
  double whole;
  std::size_t width;
  [[nodiscard]] std::size_t at(double x) const {
    return static_cast<std::size_t>(std::clamp(std::round(x / whole * static_cast<double>(width)), 0.0, static_cast<double>(width)));
  }
};

std::size_t widest(const json& rows, const char* key, std::size_t least = 8) {
  for (auto& x : rows)
    least = std::max(least, display_width(text_at(x, key)));
  return std::min<std::size_t>(least, 24);
}

/// "cellar/lamp  ████▓▓░░░│      412 ms of 450 ms": who did not notice, decide, command.
std::string takeover_picture(const json& x, const style& how) {
  const auto& rows = list_at(x, "takeovers");
  if (rows.empty())
    return {};
  double most = 1;
  for (auto& t : rows)
    for (const auto* key : {"limit_ms", "effective_ms", "decided_ms", "detected_ms"})
      most = std::max(most, number_at(t, key));
  const auto label = widest(rows, "output");
  const std::size_t width = std::clamp<std::size_t>(how.width, 60, 140) - label - 30;
  const scale to{most * 1.1, width};
  auto out = how.paint("Takeover", colour::bold) + fmt::format("  from the fault, ± {:.0f} ms\n", number_at(x, "uncertainty_ms"));
  for (auto& t : rows) {
    const auto a = to.at(number_at(t, "detected_ms")), b = std::max(a, to.at(number_at(t, "decided_ms"))),
               c = std::max(b, to.at(number_at(t, "effective_ms")));
    const auto end = has_number(t, "effective_ms") ? c : width, limit = to.at(number_at(t, "limit_ms"));
    std::string line;
    // The limit stands before its column, also in the midst of a bar.
    const auto span = [&](std::size_t from, std::size_t until, const char* glyph, colour ink) {
      const auto cut_at = std::clamp(limit, from, until);
      line += how.paint(many(glyph, cut_at - from), ink);
      if (limit >= from && limit < until)
        line += how.paint("┃", colour::bold);
      line += how.paint(many(glyph, until - cut_at), ink);
    };
    span(0, a, "█", colour::red);
    span(a, b, "▓", colour::yellow);
    span(b, end, has_number(t, "effective_ms") ? "▒" : "·", has_number(t, "effective_ms") ? colour::blue : colour::red);
    span(end, width, " ", colour::plain);
    const bool late = !text_at(t, "trouble").empty();
    out += fmt::format("  {} {} {}\n", pad(cut(text_at(t, "output"), label), label), line,
                       how.paint(fmt::format("{} of {}", ms(t, "effective_ms"), ms(t, "limit_ms")), late ? colour::red : colour::green));
  }
  // Not under the bars: it is to fit into 80 columns.
  out += fmt::format("  {} nobody has noticed  {} nobody is chosen  {} its successor begins  {} limit\n",
                     how.paint("█", colour::red), how.paint("▓", colour::yellow), how.paint("▒", colour::blue), how.paint("┃", colour::dim));
  return out;
}

/// The fault, who was down, what went safe, over the whole time.
std::string whole_picture(const json& x, const style& how) {
  const auto length = std::max(number_at(x, "length_ms"), 1.0);
  struct lane {
    std::string name;
    double from, to;
    colour ink;
    std::string text;
  };
  std::vector<lane> lanes;
  lanes.push_back({"fault", 0, number_at(x, "for_ms"), colour::red, number_at(x, "for_ms") > 0 ? ms(x, "for_ms") : "at once"});
  if (has_number(x, "down_ms") || has_number(x, "back_ms"))
    lanes.push_back({text_at(x, "target") + " down", has_number(x, "down_ms") ? number_at(x, "down_ms") : 0,
                     has_number(x, "back_ms") ? number_at(x, "back_ms") : length, colour::yellow,
                     has_number(x, "back_ms") ? "back after " + ms(x, "back_ms") : "did not come back"});
  if (!list_at(x, "dark").empty())
    lanes.push_back({fmt::format("{} {}", list_at(x, "dark").size(), text_at(x, "kind") == "power-cycle" ? "without power" : "without node"), 0,
                     has_number(x, "dark_ms") ? number_at(x, "dark_ms") : length, colour::yellow,
                     has_number(x, "dark_ms") ? ms(x, "dark_ms") + " at most" : "to the end"});
  if (has_number(x, "degraded_ms"))
    lanes.push_back({text_at(x, "target") + " degraded", number_at(x, "degraded_ms"), has_number(x, "restored_ms") ? number_at(x, "restored_ms") : length,
                     colour::yellow, has_number(x, "restored_ms") ? "until " + ms(x, "restored_ms") : "to the end"});
  for (auto& s : list_at(x, "safe"))
    lanes.push_back({text_at(s, "output") + " safe", number_at(s, "from_ms"),
                     has_number(s, "for_ms") ? number_at(s, "from_ms") + number_at(s, "for_ms") : length, colour::red,
                     has_number(s, "for_ms") ? "for " + ms(s, "for_ms") : "to the end"});
  std::size_t label = 8;
  for (auto& x2 : lanes)
    label = std::min<std::size_t>(std::max(label, display_width(x2.name)), 24);
  const std::size_t width = std::clamp<std::size_t>(how.width, 60, 140) - label - 30;
  const scale to{length, width};
  auto out = how.paint("Whole drill", colour::bold) + fmt::format("  {}\n", ms(x, "length_ms"));
  for (auto& l : lanes) {
    const auto a = std::min(to.at(l.from), width - 1), b = std::max(to.at(l.to), a + 1);
    out += fmt::format("  {} {}{}{} {}\n", pad(cut(l.name, label), label), how.paint(many("─", a), colour::dim), how.paint(many("█", b - a), l.ink),
                       how.paint(many("─", width - b), colour::dim), l.text);
  }
  return out;
}

std::string happenings(const json& x, const style& how) {
  table rows{{{"AFTER", true}, {"NODE"}, {"WHAT"}, {"ABOUT"}, {"", false, true}}};
  std::size_t n = 0;
  for (auto& f : list_at(x, "timeline"))
    if (n++ < most_lines)
      rows.add({ms(f, "ms"), text_at(f, "node"), text_at(f, "kind"), text_at(f, "subject"), with_arrows(text_at(f, "text"))});
  if (rows.empty())
    return {};
  auto out = how.paint("What happened", colour::bold) + "\n" + rows.render(how);
  if (n > most_lines)
    out += fmt::format("and {} lines more; --json has them\n", n - most_lines);
  return out;
}

std::string counters(const json& x) {
  const auto& all = list_at(x, "counters");
  if (all.empty())
    return {};
  std::size_t grew = 0, fewer = 0;
  for (auto& c : all) {
    grew += number_at(c, "after") > number_at(c, "before");
    fewer += number_at(c, "after") < number_at(c, "before");
  }
  return fmt::format("counters   {}: {} went on, {} show less than before\n", count_of(static_cast<double>(all.size()), "counter"), grew, fewer);
}

/// "9 outputs, for 3.48 s at the longest: bath/fan, hall/lamp ..."
std::string dark(const json& x) {
  const auto& all = list_at(x, "dark");
  if (all.empty())
    return {};
  std::string names;
  for (std::size_t i = 0; i < all.size() && i < 6; ++i)
    names += (i == 0 ? "" : ", ") + text_at(all[i], "output");
  if (all.size() > 6)
    names += fmt::format(" and {} more", all.size() - 6);
  return fmt::format("{}   {} {}: {}\n", text_at(x, "kind") == "power-cycle" ? "no power" : "no node ", count_of(static_cast<double>(all.size()), "output"),
                     has_number(x, "dark_ms") ? "for " + ms(x, "dark_ms") + " at the longest" : "to the end", names);
}

/// What the fault met that is no takeover.
std::string disk_and_clock(const json& x) {
  std::string out;
  if (x.contains("disk") && x["disk"].is_object())
    out += number_at(x["disk"], "refused") > 0 ? fmt::format("disk       {:.0f} writes were refused\n", number_at(x["disk"], "refused"))
                                               : fmt::format("disk       {:.0f} writes took {} longer\n", number_at(x["disk"], "slowed"), ms(x, "delay_ms"));
  if (has_number(x, "degraded_ms"))
    out += fmt::format("store      took no configuration after {}, wrote again after {}\n", ms(x, "degraded_ms"), ms(x, "restored_ms"));
  if (x.contains("clock") && x["clock"].is_object())
    out += fmt::format("clock      {} off in the midst of it, {} at the end\n", off(number_at(x["clock"], "off_ms")), off(number_at(x["clock"], "after_ms")));
  return out;
}

bool is_same(const json& x, const std::string& what) { return text_at(x, "kind") == what || text_at(x, "title") == what; }

/// What a drill of this kind is about: a takeover, else the restart of an actor.
const char* measure_of(const json& x) { return has_number(x, "effective_ms") ? "effective_ms" : "restarted_ms"; }

} // namespace

std::string show_drill(const json& x, const style& how, wall_ms now) {
  auto out = fmt::format("{}  {}   {}, by {}, driven by {}\n", result_of(x, how), how.paint(text_at(x, "title", "?"), colour::bold),
                         clock_time(static_cast<wall_ms>(number_at(x, "at")), now), text_at(x, "who", "?"), text_at(x, "driver", "?"));
  for (auto& why : list_at(x, "why"))
    if (why.is_string())
      out += "  " + harmless(why.get<std::string>()) + "\n";
  if (text_at(x, "state") == "running")
    return out + fmt::format("  {}  {}\n", text_at(x, "phase"), text_at(x, "phase_text"));
  if (text_at(x, "state") == "abandoned" || text_at(x, "state") == "refused")
    return out;
  out += "\n";
  if (!list_at(x, "takeovers").empty())
    out += fmt::format("noticed    {}\nchosen     {}\ncommands   {}  the first that an output obeyed, of {} allowed\n", ms(x, "detected_ms"),
                       ms(x, "decided_ms"), ms(x, "effective_ms"), ms(x, "limit_ms"));
  if (has_number(x, "hung_ms"))
    out += fmt::format("hung       its supervisor noticed after {}\n", ms(x, "hung_ms"));
  if (has_number(x, "restarted_ms"))
    out += fmt::format("{}  {}{}\n", text_at(x, "kind") == "hang-actor" ? "answers  " : "restarted", ms(x, "restarted_ms"), has_number(x, "limit_ms") && list_at(x, "takeovers").empty() ? " of " + ms(x, "limit_ms") + " allowed" : "");
  for (auto& t : list_at(x, "takeovers"))
    out += fmt::format("rule       {} at {}: {} → {}\n", text_at(t, "rule"), text_at(t, "output"), text_at(t, "from", "?"),
                       text_at(t, "to").empty() ? "nobody" : text_at(t, "to"));
  out += fmt::format("late       {:.0f}\nedges      {:.0f} lost; none is acted on twice: an output hands on up to which one its rule has acted\nsafe       {}\n", number_at(x, "late"), number_at(x, "edges_lost"), list_at(x, "safe").empty() ? "no output" : count_of(static_cast<double>(list_at(x, "safe").size()), "output"));
  out += dark(x) + disk_and_clock(x) + counters(x) + "\n";
  const auto takeover = takeover_picture(x, how);
  return out + takeover + (takeover.empty() ? "" : "\n") + whole_picture(x, how) + "\n" + happenings(x, how);
}

std::string show_drill_check(const json& x, const style& how) {
  std::string out;
  for (auto& d : list_at(x, "doubts"))
    out += fmt::format("{} {}\n    {}\n", how.paint(truth_at(d, "forgivable") ? "◐" : "✗", truth_at(d, "forgivable") ? colour::yellow : colour::red),
                       text_at(d, "why"), text_at(d, "way_out"));
  if (!out.empty())
    return fmt::format("{}: not now\n", how.paint(text_at(x, "title"), colour::bold)) + out;
  std::string rules;
  for (auto& r : list_at(x, "concerned"))
    if (r.is_string())
      rules += (rules.empty() ? "" : ", ") + harmless(r.get<std::string>());
  return fmt::format("{}: the house is whole. {}\n", how.paint(text_at(x, "title"), colour::bold),
                     rules.empty() && !truth_at(x, "must") ? "It takes no control away."
                     : rules.empty() ? "No rule that may run elsewhere acts there: nothing will be taken over."
                                   : fmt::format("{} within {}: {}", truth_at(x, "must") ? "To be taken over" : "Should control move, then",
                                                 ms(x, "limit_ms"), rules));
}

std::string show_drills(const json& x, const style& how, wall_ms now) {
  table rows{{{"ID"}, {"WHEN", false, true}, {"DRILL"}, {"RESULT"}, {"COMMANDS", true}, {"LIMIT", true}, {"SAFE", true}, {"BY"}}};
  const auto& all = list_at(x, "drills");
  for (auto d = all.rbegin(); d != all.rend(); ++d)
    rows.add({text_at(*d, "id"), clock_time(static_cast<wall_ms>(number_at(*d, "at")), now), text_at(*d, "title"), result_of(*d, how),
              ms(*d, measure_of(*d)), ms(*d, "limit_ms"), fmt::format("{}", list_at(*d, "safe").size()), text_at(*d, "who")});
  auto out = rows.empty() ? "No drill yet. `troupe drill run --help` shows what can be drilled.\n" : rows.render(how);
  for (auto& d : list_at(x, "scheduled"))
    out += fmt::format("{} begins by itself {}: {}, {}\n", how.paint(text_at(d, "name"), colour::bold),
                       clock_time(static_cast<wall_ms>(number_at(d, "next")), now), text_at(d, "title"),
                       text_at(d, "driver").empty() ? "and nobody is there to drive it" : "driven by " + text_at(d, "driver"));
  return out;
}

std::string show_drill_trend(const json& x, const std::string& what, const style& how, wall_ms now) {
  std::vector<json> all;
  double most = 1;
  for (auto& d : list_at(x, "drills"))
    if (is_same(d, what) && (text_at(d, "state") == "passed" || text_at(d, "state") == "failed")) {
      all.push_back(d);
      most = std::max({most, number_at(d, measure_of(d)), number_at(d, "limit_ms")});
    }
  if (all.empty())
    return {};
  const std::size_t width = std::clamp<std::size_t>(how.width, 60, 140) - 50;
  const scale to{most, width};
  std::vector<double> times;
  std::string out;
  std::size_t passed = 0;
  for (auto& d : all) {
    const bool good = text_at(d, "state") == "passed";
    passed += good;
    const auto took = number_at(d, measure_of(d)), limit = number_at(d, "limit_ms");
    if (has_number(d, measure_of(d)))
      times.push_back(took);
    const auto bar = std::max<std::size_t>(to.at(took), 1), mark = to.at(limit);
    auto line = how.paint(many("█", bar), good ? colour::green : colour::red);
    if (limit > 0 && mark >= bar)
      line += std::string(mark - bar, ' ') + how.paint("┃", colour::dim);
    out += fmt::format("{}  {}  {}  {}\n", pad(clock_time(static_cast<wall_ms>(number_at(d, "at")), now), 19), good ? "✓" : "✗",
                       pad(ms(d, measure_of(d)), 8, true), line);
  }
  std::sort(times.begin(), times.end());
  auto head = fmt::format("{}  {} of {} passed", how.paint(harmless(what), colour::bold), passed, all.size());
  if (!times.empty())
    head += fmt::format(", median {:.0f} ms, slowest {:.0f} ms", times[(times.size() - 1) / 2], times.back());
  return head + "\n" + out;
}

} // namespace troupe::cli
