#include "apps/cli/store_view.hpp"

#include "apps/cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {

json contents_json(const storage::backup::contents& x) {
  const auto count = [&](storage::slot_kind kind) {
    const auto found = x.entries.find(kind);
    return found == x.entries.end() ? std::uint64_t{0} : found->second;
  };
  json out{{"bytes", x.bytes}, {"slots", x.slots}, {"documents", count(storage::slot_kind::map)},
           {"states", count(storage::slot_kind::own)}, {"counters", count(storage::slot_kind::ctr)},
           {"set_meters", count(storage::slot_kind::ovr)}, {"deleted", x.deleted}, {"events", x.events},
           {"oldest_event", x.oldest_event}, {"streams", x.streams}, {"members", x.members}};
  if (x.begins) {
    out["node"] = x.begins->node;
    out["at"] = x.begins->at;
    out["program"] = x.begins->program;
    out["store_format"] = x.begins->store_format;
  }
  return out;
}

std::string show_contents(const json& x, const style& how, wall_ms now) {
  const auto at = static_cast<wall_ms>(number_at(x, "at"));
  std::string members;
  for (const auto& m : list_at(x, "members"))
    if (m.is_string())
      members += (members.empty() ? "" : ", ") + harmless(m.get<std::string>());
  return fmt::format("  of        {}, {}, {} ago, by Troupe {}\n"
                     "  entries   {}, {}, {}, {}; {} deleted\n"
                     "  journal   {}{}\n"
                     "  members   {}\n"
                     "  size      {}\n",
                     how.paint(text_at(x, "node", "?"), colour::bold), clock_time(at, now),
                     duration(static_cast<double>(std::max<wall_ms>(0, now - at)) / 1000), text_at(x, "program", "?"),
                     count_of(number_at(x, "documents"), "document"), count_of(number_at(x, "states"), "state"),
                     count_of(number_at(x, "counters"), "counter"), count_of(number_at(x, "set_meters"), "set meter"),
                     grouped(number_at(x, "deleted")), count_of(number_at(x, "events"), "event"),
                     number_at(x, "events") > 0 ? ", since " + clock_time(static_cast<wall_ms>(number_at(x, "oldest_event")), now) : "",
                     members.empty() ? "none" : members, bytes(number_at(x, "bytes")));
}

namespace {

/// What a node shows, by whom and when.
std::string side_of(const json& x, wall_ms now) {
  const auto& slots = list_at(x, "slots");
  const json* newest = nullptr;
  for (const auto& s : slots)
    if (!newest || number_at(s, "at") > number_at(*newest, "at"))
      newest = &s;
  const bool nothing = !x.contains("value") || x["value"].is_null();
  const auto value = nothing ? (newest && truth_at(*newest, "deleted") ? std::string{"deleted"} : std::string{"nothing"})
                     : x["value"].is_string() ? harmless(x["value"].get<std::string>())
                                              : harmless(x["value"].dump());
  if (!newest)
    return value;
  const auto ago = static_cast<double>(now) - number_at(*newest, "at");
  return fmt::format("{} by {} {} ago", value.size() > 40 ? value.substr(0, 37) + "..." : value, text_at(*newest, "node", "?"),
                     duration(std::max(0.0, ago) / 1000));
}

} // namespace

std::string show_difference(const json& x, const style& how, wall_ms now) {
  const auto& nodes = list_at(x, "nodes");
  const auto name = [&](std::size_t i) { return i < nodes.size() && nodes[i].is_string() ? harmless(nodes[i].get<std::string>()) : std::string{"?"}; };
  if (truth_at(x, "equal"))
    return fmt::format("{} {} and {}: {}, digest {}\n", how.paint("● equal", colour::green), how.paint(name(0), colour::bold),
                       how.paint(name(1), colour::bold), count_of(number_at(x, "count"), "entry") == "1 entry" ? "1 entry" : grouped(number_at(x, "count")) + " entries",
                       text_at(x, "digest").substr(0, 8));
  table t{{{"ENTRY", false, true}, {"KIND"}, {"DIFFERS BECAUSE"}, {name(0), false, true}, {name(1), false, true}}};
  std::size_t diverged = 0;
  for (const auto& e : list_at(x, "entries")) {
    const auto what = text_at(e, "what");
    diverged += what == "diverged" ? 1 : 0;
    t.add({text_at(e, "key"), text_at(e, "kind"),
           what == "diverged"       ? how.paint("✗ diverged", colour::red)
           : what == "first_ahead"  ? how.paint("◐ on its way to " + name(1), colour::yellow)
           : what == "second_ahead" ? how.paint("◐ on its way to " + name(0), colour::yellow)
                                    : how.paint("◐ both on their way", colour::yellow),
           side_of(object_at(e, "first"), now), side_of(object_at(e, "second"), now)});
  }
  auto out = t.render(how);
  if (const auto more = number_at(x, "more"); more > 0)
    out += fmt::format("… and {} more; -n shows them\n", grouped(more));
  if (diverged > 0)
    out += fmt::format("{} both have heard the same of {} and show something else. They repair each other within minutes, which the journal tells; "
                       "keep copies of both data directories before anything else\n",
                       how.paint("✗", colour::red), diverged == 1 ? "1 entry" : fmt::format("{} entries", diverged));
  return out;
}

} // namespace troupe::cli
