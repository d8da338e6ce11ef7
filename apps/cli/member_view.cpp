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

namespace {

/// "3f2a91c0", and by its colour whether it is the same as here.
std::string show_digest(const json& member, const std::string& here, const style& how) {
  const auto its = text_at(member, "digest").substr(0, 8);
  if (its.empty())
    return "-";
  if (its == here)
    return how.paint(its, colour::green);
  const bool defect = member.contains("digest_equal") && member["digest_equal"].is_boolean();
  return defect ? how.paint("✗ " + its, colour::red) : how.paint(its, colour::yellow);
}

std::string show_progress(const json& x, const style& how) {
  const auto all = number_at(x, "operations"), done = number_at(x, "done");
  if (all <= 0)
    return "";
  return fmt::format("{} catches up: {} of {} changes of other members, for {}\n", how.paint("◐", colour::yellow), grouped(done), grouped(all),
                     duration(number_at(x, "for_s")));
}

/// "check points every 60 s, covered by server-1; covers boiler"
std::string show_check_points(const json& x) {
  const auto by = text_at(x, "covered_by"), why = text_at(x, "why");
  std::string out;
  if (const auto every = number_at(x, "every_s"); every > 0)
    out = fmt::format("check points every {:g} s{}", every, !by.empty() ? ", covered by " + by : why.empty() ? "" : ": " + why);
  std::string names;
  for (auto& name : list_at(x, "covers"))
    if (name.is_string())
      names += (names.empty() ? "" : ", ") + harmless(name.get<std::string>());
  if (!names.empty())
    out += fmt::format("{}covers {}", out.empty() ? "" : "; ", names);
  return out.empty() ? out : out + "\n";
}

std::string show_standing_of_replica(const json& m, const style& how) {
  if (!text_at(m, "trouble").empty())
    return how.paint("✗ refused", colour::red);
  if (number_at(m, "repairing") > 0)
    return how.paint("✗ is repaired", colour::red);
  if (truth_at(m, "equal"))
    return how.paint("● equal", colour::green);
  if (truth_at(m, "sending_all"))
    return how.paint("◐ is sent everything", colour::yellow);
  if (truth_at(m, "receiving_all"))
    return how.paint("◐ sends everything", colour::yellow);
  if (!truth_at(m, "linked"))
    return how.paint("✗ not linked", colour::red);
  return how.paint(number_at(m, "entries") > 0 || number_at(m, "lacks") == 0 ? "◐ catches up" : "◐ has more", colour::yellow);
}

std::string notes_on(const json& m, const style& how) {
  const auto name = how.paint(text_at(m, "name", "?"), colour::bold);
  std::string out;
  if (const auto trouble = text_at(m, "trouble"); !trouble.empty())
    out += fmt::format("{} {} {}\n", how.paint("✗", colour::red), name, trouble);
  if (const auto buckets = number_at(m, "repairing"); buckets > 0)
    out += fmt::format("{} {} of 64 parts of the store differ from those of {} and are being repaired\n", how.paint("◐", colour::yellow),
                       static_cast<unsigned>(buckets), name);
  if (number_at(m, "repaired") > 0)
    out += fmt::format("{} {} entries differed from those of {} although both had seen the same, and were repaired; the journal names them\n",
                       how.paint("◐", colour::yellow), static_cast<std::uint64_t>(number_at(m, "repaired")), name);
  return out;
}

} // namespace

std::string show_replicas(const json& x, const style& how) {
  table t{{{"NAME"}, {"STORE"}, {"ENTRIES BEHIND", true}, {"BYTES", true}, {"FOR", true}, {"DIGEST"}, {"JOURNAL", true}, {"FLASH A DAY", true},
           {"HEARD", true}, {"REPAIRED", true}}};
  std::string below;
  const auto digest = text_at(x, "digest").substr(0, 8);
  for (auto& m : list_at(x, "members")) {
    const auto seconds = [&](const char* key) {
      return m.contains(key) && m[key].is_number() ? duration(number_at(m, key)) : std::string{"-"};
    };
    const bool equal = truth_at(m, "equal");
    t.add({text_at(m, "name", "?"), show_standing_of_replica(m, how), equal ? "0" : fmt::format("{:.0f}", number_at(m, "entries")),
           equal ? "0" : bytes(number_at(m, "bytes")), equal ? "-" : seconds("behind_s"), show_digest(m, digest, how),
           m.contains("events") ? grouped(number_at(m, "events")) : "-", m.contains("bytes_per_day") ? bytes(number_at(m, "bytes_per_day")) : "-",
           seconds("heard_s"), fmt::format("{:.0f}", number_at(m, "repaired"))});
    below += notes_on(m, how);
  }
  auto out = fmt::format("{}  {} entries, {} not on its disk yet, {} a day to the disk of {}{}\n", how.paint(text_at(x, "node", "?"), colour::bold),
                         static_cast<std::uint64_t>(number_at(x, "entries")), static_cast<std::uint64_t>(number_at(x, "pending")),
                         bytes(number_at(x, "bytes_per_day")), bytes(number_at(x, "budget_per_day")),
                         truth_at(x, "archive") ? ", keeps the journals of all" : "");
  if (!digest.empty())
    out += fmt::format("digest {}, {} events of {} in the journal, {}\n", digest, grouped(number_at(x, "events")), bytes(number_at(x, "event_bytes")),
                       count_of(number_at(x, "streams"), "stream"));
  out += show_check_points(object_at(x, "check_points"));
  out += show_progress(object_at(x, "catching_up"), how);
  if (t.empty())
    return out + "no other member\n";
  return out + t.render(how) + below;
}

} // namespace troupe::cli
