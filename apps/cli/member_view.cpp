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

std::string show_replicas(const json& x, const style& how) {
  table t{{{"NAME"}, {"STORE"}, {"ENTRIES BEHIND", true}, {"BYTES", true}, {"FOR", true}, {"HEARD", true}, {"SENT", true}, {"RECEIVED", true},
           {"REPAIRED", true}}};
  std::string below;
  for (auto& m : list_at(x, "members")) {
    const auto name = text_at(m, "name", "?");
    const auto trouble = text_at(m, "trouble");
    const auto seconds = [&](const char* key) {
      return m.contains(key) && m[key].is_number() ? duration(number_at(m, key)) : std::string{"-"};
    };
    const auto entries = number_at(m, "entries");
    const bool equal = truth_at(m, "equal");
    t.add({name,
           !trouble.empty()                ? how.paint("✗ refused", colour::red)
           : equal                         ? how.paint("● equal", colour::green)
           : truth_at(m, "sending_all")    ? how.paint("◐ is sent everything", colour::yellow)
           : truth_at(m, "receiving_all")  ? how.paint("◐ sends everything", colour::yellow)
           : truth_at(m, "linked")         ? how.paint("◐ catches up", colour::yellow)
                                           : how.paint("✗ not linked", colour::red),
           equal ? "0" : fmt::format("{:.0f}", entries), equal ? "0" : bytes(number_at(m, "bytes")), equal ? "-" : seconds("behind_s"),
           seconds("heard_s"), bytes(number_at(m, "sent_bytes")), bytes(number_at(m, "received_bytes")),
           fmt::format("{:.0f}", number_at(m, "repaired"))});
    if (!trouble.empty())
      below += fmt::format("{} {} {}\n", how.paint("✗", colour::red), how.paint(name, colour::bold), trouble);
    if (number_at(m, "repaired") > 0)
      below += fmt::format("{} {} entries differed from those of {} although both had seen the same, and were repaired; the journal names them\n",
                           how.paint("◐", colour::yellow), static_cast<std::uint64_t>(number_at(m, "repaired")), how.paint(name, colour::bold));
  }
  const auto day = number_at(x, "bytes_per_day");
  auto out = fmt::format("{}  {} entries, {} not on its disk yet, {} a day to the disk of {}{}\n", how.paint(text_at(x, "node", "?"), colour::bold),
                         static_cast<std::uint64_t>(number_at(x, "entries")), static_cast<std::uint64_t>(number_at(x, "pending")), bytes(day),
                         bytes(number_at(x, "budget_per_day")), truth_at(x, "archive") ? ", keeps the journals of all" : "");
  if (t.empty())
    return out + "no other member\n";
  return out + t.render(how) + below;
}

} // namespace troupe::cli
