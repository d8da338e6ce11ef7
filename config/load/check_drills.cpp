#include "config/load/items.hpp"
#include "config/model/names.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

// Drills that begin by themselves: when, of what, and what their kind takes.

namespace troupe::load {

namespace {

using drill = item<drill_config>;
using bounds = drill_bounds;

void check_when(const drill& x, std::vector<problem>& found) {
  if (!x.fine("at") || !x.fine("every"))
    return;
  const bool daily = !x.is.at.empty(), periodic = x.is.every.count() > 0;
  if (daily == periodic) {
    found.push_back(at_key(*x.doc, daily ? "every" : "kind", daily ? "both at and every are written" : "neither at nor every is written, so it would never begin",
                           "Write one of them: at = \"Sun 03:00\", or every = \"7d\"."));
    found.back().code = errc::conflict;
  }
  if (daily && !parse_drill_time(x.is.at))
    found.push_back(at_key(*x.doc, "at", fmt::format("at is \"{}\", which is no time of the day", x.is.at),
                           "Write \"03:00\" for each day, \"Sun 03:00\" for each week; days are Mon Tue Wed Thu Fri Sat Sun."));
  if (periodic && x.is.every < bounds::least_every)
    found.push_back(at_key(*x.doc, "every", fmt::format("every is {}, but a drill and what follows it take longer", to_text(x.is.every)),
                           fmt::format("Use {} or more.", to_text(bounds::least_every))));
}

void check_whom(const drill& x, std::vector<problem>& found) {
  if (!x.fine("kind", "target"))
    return;
  const auto& of = trait_of(x.is.kind);
  const auto check = [&](const char* key, const std::string& name) {
    if (!is_valid_node_name(name))
      found.push_back(at_key(*x.doc, key, fmt::format("{} is \"{}\", which is no name of a node", key, name),
                             fmt::format("{} wants a node as `troupe members` shows it.", of.word)));
  };
  if (of.of == drill_target::actor)
    return;
  check("target", x.is.target);
  if (of.of != drill_target::link || !x.fine("peer"))
    return;
  check("peer", x.is.peer);
  if (x.is.peer == x.is.target)
    found.push_back(at_key(*x.doc, "peer", fmt::format("{} has no link to itself", x.is.target), "Name the other end."));
}

void check_how(const drill& x, std::vector<problem>& found) {
  if (!x.fine("kind"))
    return;
  if (x.wrote("delay") && x.fine("delay") && x.is.delay.count() > 0 && x.is.delay < bounds::least_delay)
    found.push_back(at_key(*x.doc, "delay", fmt::format("delay is {}, which nobody would notice", to_text(x.is.delay)),
                           fmt::format("Use {} or more.", to_text(bounds::least_delay))));
  if (!trait_of(x.is.kind).shifts || x.is.by.empty() || !x.fine("by"))
    return;
  const auto by = parse_shift(x.is.by);
  if (!by || *by < -bounds::most_behind || *by > bounds::most_ahead || (*by < bounds::least_shift && *by > -bounds::least_shift))
    found.push_back(at_key(*x.doc, "by", fmt::format("by is \"{}\"", x.is.by), "Write 1m to 1h, or -1m to -1d."));
}

} // namespace

void check_drills(const items& all, std::vector<problem>& found) {
  for (const auto& x : all.drills) {
    if (x.elsewhere || x.doc->incomplete)
      continue;
    check_when(x, found);
    check_whom(x, found);
    check_how(x, found);
  }
}

} // namespace troupe::load
