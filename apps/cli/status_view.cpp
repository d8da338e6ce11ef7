#include "apps/cli/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::cli {

namespace {

std::string share(double n, const char* word, colour bad, const style& how) {
  const auto text = fmt::format("{} {}", grouped(n), word);
  return n > 0 ? how.paint(text, bad) : how.paint(text, colour::dim);
}

std::string line(const char* what, const std::string& text) {
  return fmt::format("  {:<9} {}\n", what, text);
}

/// Nothing for a node alone.
std::string member_lines(const json& members, const style& how, wall_ms now) {
  if (members.empty())
    return "";
  const auto alive = std::count_if(members.begin(), members.end(), [](const json& m) {
    return text_at(m, "standing") == "alive";
  });
  std::string result = line("cluster", fmt::format("{}, {} alive", count_of(static_cast<double>(members.size()), "node"),
                                                   alive));
  std::size_t width = 0;
  for (auto& m : members)
    width = std::max(width, display_width(text_at(m, "name", "?")));
  for (auto& m : members) {
    const auto since = static_cast<wall_ms>(number_at(m, "since"));
    const auto trip = number_at(m, "round_trip_us", -1);
    auto text = fmt::format("    {}  {}", how.paint(pad(text_at(m, "name", "?"), width), colour::bold),
                            show_standing(m, how));
    if (since > 0)
      text += ", for " + duration(static_cast<double>(std::max<wall_ms>(0, now - since)) / 1000);
    if (truth_at(m, "self"))
      text += ", this node";
    else if (trip >= 0)
      text += ", round trip " + micros(trip);
    if (truth_at(m, "draining"))
      text += how.paint(", draining", colour::yellow);
    result += cut(text, how.width) + "\n";
  }
  return result;
}

std::string store_line(const json& x, const style& how) {
  const auto day = number_at(x, "bytes_per_day");
  const auto budget = number_at(x, "budget_per_day");
  const auto flash = fmt::format("{} a day of {} ({:.0f} %)", bytes(day), bytes(budget),
                                 budget > 0 ? day / budget * 100 : 0);
  std::string result
    = line("store", fmt::format("{} entries, {} pending, last commit {}, stream {}",
                                grouped(number_at(x, "entries")), grouped(number_at(x, "pending")),
                                micros(number_at(x, "last_commit_us")), text_at(x, "stream")));
  result += line("flash", budget > 0 && day > budget ? how.paint(flash, colour::red) : flash);
  if (truth_at(x, "degraded"))
    result += line("", how.paint("✗ degraded: " + text_at(x, "degraded_why")
                                   + "; values go on in memory, new configuration is refused",
                                 colour::red));
  return result;
}

/// What the house does once all members can; nothing for a node alone, which can all that it knows.
std::string feature_lines(const json& all, const style& how) {
  std::string result;
  for (const auto& x : all) {
    std::string waits;
    for (const auto& who : list_at(x, "waits_for"))
      waits += (waits.empty() ? "" : ", ") + (who.is_string() ? harmless(who.get<std::string>()) : "?");
    const auto name = how.paint(text_at(x, "name"), colour::bold);
    const bool on = truth_at(x, "on");
    result += line(result.empty() ? "features" : "",
                   on && waits.empty() ? name + "  " + how.paint("● on", colour::green)
                   : on                ? name + "  " + how.paint("✗ on, and not known to " + waits, colour::red)
                   : waits.empty()     ? name + "  " + how.paint("◐ goes on in a moment", colour::dim)
                                       : name + "  " + how.paint("◐ waits for an update of " + waits, colour::yellow));
  }
  return result;
}

/// Nothing of a node that does not tell.
std::string clock_line(const json& x, const style& how) {
  const auto quality = text_at(x, "quality");
  if (quality.empty())
    return "";
  const auto peers = count_of(number_at(x, "sources"), "node");
  if (quality == "ntp")
    return line("clock", how.paint("● kept right by the network", colour::green));
  const auto off = std::abs(number_at(x, "ahead_ms"));
  const auto own = off < 1000 ? std::string{"this machine's agrees"}
                              : fmt::format("this machine's says {}", clock_time(static_cast<wall_ms>(number_at(x, "machine")), static_cast<wall_ms>(number_at(x, "wall"))));
  if (quality == "peer")
    return line("clock", fmt::format("{}, {}; {}", how.paint("● taken from other nodes", colour::green),
                                     number_at(x, "sources") > 0 ? "of which " + peers + " can be asked" : "of which none can be asked now", own));
  return line("clock", how.paint("◐ nobody says what time it is: no network time here, and no linked node that has it", colour::yellow));
}

} // namespace

std::string show_status(const json& x, const style& how, wall_ms now) {
  const auto& actors = object_at(x, "actors");
  const auto& channels = object_at(x, "channels");
  const auto& alarms = list_at(x, "alarms");
  std::string result = fmt::format(
    "{}  trouped {}, up {}, pid {}\n", how.paint(text_at(x, "node"), colour::bold),
    text_at(x, "version"), duration(number_at(x, "uptime_s")), text_at(x, "pid"));
  result += line("actors", share(number_at(actors, "running"), "running", colour::green, how) + ", "
                             + share(number_at(actors, "waiting"), "waiting", colour::yellow, how)
                             + ", "
                             + share(number_at(actors, "quarantined"), "quarantined", colour::red, how)
                             + ", " + share(number_at(actors, "hung"), "hung", colour::red, how));
  result += line("readings",
                 share(number_at(channels, "good"), "good", colour::green, how) + ", "
                   + share(number_at(channels, "uncertain"), "uncertain", colour::yellow, how) + ", "
                   + share(number_at(channels, "bad"), "bad", colour::red, how));
  result += member_lines(list_at(x, "members"), how, now);
  result += feature_lines(list_at(x, "features"), how);
  result += store_line(object_at(x, "store"), how);
  result += clock_line(object_at(x, "clock"), how);
  result += line("memory", bytes(number_at(x, "memory_bytes")));
  if (alarms.empty())
    return result + line("alarms", how.paint("● none", colour::green));
  result += line("alarms", how.paint(count_of(static_cast<double>(alarms.size()), "alarm"), colour::red));
  for (auto& a : alarms)
    result += cut(fmt::format("    {}  {}  {}",
                              clock_time(static_cast<wall_ms>(number_at(a, "at")), now),
                              how.paint(text_at(a, "subject"), colour::bold), text_at(a, "text")),
                  how.width)
              + "\n";
  return result;
}

} // namespace troupe::cli
