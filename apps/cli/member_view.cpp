#include "apps/cli/table.hpp"
#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

std::string show_standing(const json& member, const style& how) {
  const auto is = text_at(member, "standing", "unknown");
  if (is == "alive")
    return how.paint("● " + is, colour::green);
  if (is == "down" || is == "removed")
    return how.paint("✗ " + is, colour::red);
  return how.paint("◐ " + is, colour::yellow);
}

std::string show_members(const json& x, const style& how, wall_ms now) {
  table t{{{"NAME"}, {"STANDING"}, {"SINCE", true}, {"LINK"}, {"ROUND TRIP", true}, {"ADDRESS", false, true},
           {"VERSION"}, {"DRAINING"}}};
  for (auto& m : list_at(x, "members")) {
    const bool self = truth_at(m, "self");
    const auto since = static_cast<wall_ms>(number_at(m, "since"));
    const auto trip = number_at(m, "round_trip_us", -1);
    std::string addresses;
    for (auto& a : list_at(m, "addresses"))
      if (a.is_string())
        addresses += (addresses.empty() ? "" : ", ") + harmless(a.get<std::string>());
    t.add({text_at(m, "name", "?"), show_standing(m, how),
           since > 0 ? duration(static_cast<double>(std::max<wall_ms>(0, now - since)) / 1000) : "-",
           self ? "this node" : truth_at(m, "direct") ? "direct" : "none",
           trip >= 0 ? micros(trip) : "-", addresses.empty() ? "-" : addresses,
           text_at(m, "version").empty() ? "-" : text_at(m, "version"), truth_at(m, "draining") ? how.paint("yes", colour::yellow) : "no"});
  }
  auto result = t.render(how);
  for (auto& m : list_at(x, "members"))
    if (text_at(m, "standing") == "waiting")
      result += cut(fmt::format("{} {} is on the network and waits: `troupe approve {}` lets it in, or ignore it",
                                how.paint("◐", colour::yellow), how.paint(text_at(m, "name", "?"), colour::bold),
                                text_at(m, "name", "?")), how.width) + "\n";
  for (auto& m : list_at(x, "members"))
    if (const auto why = text_at(m, "not_reached"); !why.empty())
      result += fmt::format("{} not reached: {}\n", how.paint("◐", colour::yellow), why); // whole: it says what to do
  for (auto& d : list_at(x, "differences"))
    result += cut(fmt::format("{} {} sees {} as {}", how.paint("◐", colour::yellow),
                              how.paint(text_at(d, "by", "?"), colour::bold),
                              how.paint(text_at(d, "name", "?"), colour::bold),
                              text_at(d, "standing", "unknown")),
                  how.width)
              + "\n";
  return result;
}

} // namespace troupe::cli
