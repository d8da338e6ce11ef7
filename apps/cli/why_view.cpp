#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

namespace {

std::string branch_of(std::size_t i, std::size_t n) {
  return n == 1 ? "─" : i == 0 ? "┬" : i + 1 == n ? "└" : "├";
}

std::string chain(const json& story, const style& how, wall_ms now) {
  std::size_t kinds = 0;
  std::size_t names = 0;
  for (auto& s : story) {
    kinds = std::max(kinds, display_width(text_at(s, "kind")));
    names = std::max(names, display_width(text_at(s, "name")));
  }
  std::string result;
  wall_ms before = 0;
  for (std::size_t i = 0; i < story.size(); ++i) {
    const auto& s = story[i];
    const auto at = static_cast<wall_ms>(number_at(s, "at"));
    // A clock that was set between two steps must not print "+-3 h".
    const auto when = i == 0        ? clock_time(at, now)
                      : at < before ? "?"
                                    : "+" + duration(static_cast<double>(at - before) / 1000);
    result += cut(fmt::format("  {}  {} {}  {}  {}", pad(when, 12, true),
                              how.paint(branch_of(i, story.size()), colour::dim),
                              how.paint(pad(text_at(s, "kind"), kinds), colour::dim),
                              how.paint(pad(text_at(s, "name"), names), colour::bold),
                              with_arrows(text_at(s, "text"))),
                  how.width)
              + "\n";
    before = at;
  }
  if (story.size() < 2)
    return result;
  const auto all = number_at(story.back(), "at") - number_at(story.front(), "at");
  if (all >= 0)
    result += how.paint(fmt::format("  {} from the first step to the last\n", duration(all / 1000)),
                        colour::dim);
  return result;
}

} // namespace

std::string show_why(const json& x, const style& how, wall_ms now) {
  // The last step of a ramp is later than what it is about.
  const auto at = static_cast<wall_ms>(number_at(x, "event_at") > 0 ? number_at(x, "event_at") : number_at(x, "at"));
  const auto who = text_at(x, "who");
  std::string result = fmt::format("{}  {}", how.paint(text_at(x, "name"), colour::bold),
                                   how.paint(with_arrows(text_at(x, "event", text_at(x, "text"))), colour::cyan));
  if (at > 0)
    result += fmt::format("  at {}, {} ago", clock_time(at, now),
                          duration(static_cast<double>(std::max<wall_ms>(0, now - at)) / 1000));
  if (!who.empty())
    result += ", by " + who;
  result += "\n";
  const auto& story = list_at(x, "story");
  if (story.empty())
    result += "  no story is kept: it has not changed since the node started\n";
  else
    result += chain(story, how, now);
  const auto& earlier = list_at(x, "earlier");
  if (earlier.empty())
    return result;
  result += how.paint("earlier\n", colour::dim);
  for (auto& e : earlier) {
    const auto by = text_at(e, "who");
    const auto& steps = list_at(e, "story");
    const auto reason = !by.empty()    ? "by " + by
                        : steps.empty() ? ""
                                        : with_arrows(fmt::format("{} {}: {}", text_at(steps[0], "kind"),
                                                                  text_at(steps[0], "name"),
                                                                  text_at(steps[0], "text")));
    result += cut(fmt::format("  {}  {}  {}",
                              pad(clock_time(static_cast<wall_ms>(number_at(e, "at")), now), 12, true),
                              pad(with_arrows(text_at(e, "text")), 12),
                              how.paint(reason, colour::dim)),
                  how.width)
              + "\n";
  }
  return result;
}

} // namespace troupe::cli
