#include "config/load/items.hpp"
#include "config/schema/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>

// Who names whom, and whether that can be.

namespace troupe::load {

namespace {

template <class Map>
std::string near_in(const Map& all, const std::string& name, const char* where,
                    const std::vector<problem>& found) {
  std::vector<std::string> names;
  // Guessing costs a look at every name: not for thousands of mistakes.
  if (constexpr std::size_t enough = 100; found.size() < enough)
    for (const auto& [x, y] : all)
      names.emplace_back(x);
  if (const auto meant = did_you_mean(name, names))
    return fmt::format("Did you mean '{}'?", *meant);
  return fmt::format("Add [{}.\"{}\"], or correct the name.", where, name);
}

void missing(const document& x, const std::string& key, std::string text, std::string way_out,
             std::vector<problem>& found) {
  found.push_back(at_key(x, key, std::move(text), std::move(way_out)));
  found.back().code = errc::not_found;
}

template <class T>
void check_bus(const items& all, const item<T>& x, std::vector<problem>& found) {
  if (x.fine("bus") && !all.bus_of.contains(x.is.bus))
    missing(*x.doc, "bus", fmt::format("bus is \"{}\", which does not exist", x.is.bus),
            near_in(all.bus_of, x.is.bus, "bus", found), found);
}

// "017" and "17" are one offset.
std::string same_line(const std::string& line) {
  if (line.find_first_not_of("0123456789") != line.npos)
    return line;
  const auto at = line.find_first_not_of('0');
  return at == line.npos ? "0" : line.substr(at);
}

struct line_owners {
  std::map<std::pair<std::string, std::string>, const document*> first;

  template <class T>
  void add(const item<T>& x, std::vector<problem>& found) {
    if (!x.fine("bus", "line"))
      return;
    const auto [at, fresh] = first.emplace(std::pair{x.is.bus, same_line(x.is.line.line)}, x.doc);
    if (fresh || x.elsewhere)
      return;
    const auto& other = *at->second;
    if (other.section == x.doc->section && other.name == x.doc->name)
      return; // written twice: told as that
    const auto where = to_string(other.at);
    found.push_back(at_key(*x.doc, "line",
                           fmt::format("line \"{}\" of bus '{}' is taken by {} '{}'{}",
                                       x.is.line.line, x.is.bus, other.section, other.name,
                                       where.empty() ? "" : " (" + where + ")"),
                           "One line has one user: correct the line, or remove one of them."));
    found.back().code = errc::conflict;
  }
};

/// Whether `name`, written under `key`, is a channel of the wanted direction.
/// @returns null, and a problem, if not.
const item<channel_config>* want_channel(const items& all, const document& x,
                                         const std::string& key, const std::string& name,
                                         direction wanted, std::vector<problem>& found) {
  const auto* what = wanted == direction::output ? "an output" : "an input";
  if (all.counter_of.contains(name)) {
    found.push_back(at_key(x, key, fmt::format("{} names '{}', which is a counter", key, name),
                           fmt::format("Name {} channel.", what)));
    return nullptr;
  }
  const auto at = all.channel_of.find(name);
  if (at == all.channel_of.end()) {
    missing(x, key, fmt::format("{} names '{}', which does not exist", key, name),
            near_in(all.channel_of, name, "channel", found), found);
    return nullptr;
  }
  const auto& it = *at->second;
  if (it.doc->incomplete || it.bad.contains("direction"))
    return nullptr;
  if (it.is.dir != wanted) {
    found.push_back(at_key(x, key,
                           fmt::format("{} names '{}', which is {}", key, name,
                                       it.is.dir == direction::output ? "an output" : "an input"),
                           fmt::format("Name {} channel, or set its direction.", what)));
    return nullptr;
  }
  return &it;
}

/// Interlock and read-back are decided by the node of the output, from values
/// that it holds itself: a link may not be part of them.
void check_same_node(const items& all, const item<channel_config>& x, const std::string& key,
                     const item<channel_config>& other, std::vector<problem>& found) {
  const auto here = all.node_of(x);
  const auto there = all.node_of(other);
  if (here && there && *here != *there)
    found.push_back(at_key(
      *x.doc, key,
      fmt::format("{} names '{}' of node '{}', but this output is at '{}', which decides it alone, "
                  "also when no link stands",
                  key, other.is.name, *there, *here),
      fmt::format("Name a channel of '{}', or let a rule look after the two.", *here)));
}

void check_channel(const items& all, const item<channel_config>& x, std::vector<problem>& found) {
  if (!x.bad.contains("interlock"))
    for (const auto& name : x.is.interlock) {
      if (name == x.is.name) {
        found.push_back(at_key(*x.doc, "interlock", "interlock names the output itself",
                               "It could never be on; name the other one."));
        continue;
      }
      const auto* other
        = want_channel(all, *x.doc, "interlock", name, direction::output, found);
      if (other && other->is.kind != value_kind::digital)
        found.push_back(at_key(*x.doc, "interlock",
                               fmt::format("interlock names '{}', which is analog", name),
                               "Only a digital output is off or on."));
      if (other)
        check_same_node(all, x, "interlock", *other, found);
    }
  if (x.is.read_back.empty() || x.bad.contains("read-back"))
    return;
  const auto* back
    = want_channel(all, *x.doc, "read-back", x.is.read_back, direction::input, found);
  if (back && !x.bad.contains("kind") && !back->bad.contains("kind") && back->is.kind != x.is.kind)
    found.push_back(at_key(*x.doc, "read-back",
                           fmt::format("read-back names '{}', which is {} while this output is {}",
                                       x.is.read_back, to_string(back->is.kind),
                                       to_string(x.is.kind)),
                           "They can never agree; name an input of the same kind."));
  if (back)
    check_same_node(all, x, "read-back", *back, found);
}

/// A rule that may run on several nodes needs somebody who says where.
void check_redundancy(const items& all, const item<rule_config>& x, std::vector<problem>& found) {
  if (!x.is.witness.empty())
    want_channel(all, *x.doc, "witness", x.is.witness, direction::output, found);
  if (x.is.standby != redundancy::none && x.is.outputs.empty() && x.is.witness.empty()
      && x.fine("outputs") && x.fine("witness"))
    found.push_back(at_key(*x.doc, "redundancy",
                           "it may run on several nodes, and names no outputs that decide where it acts",
                           "Name its `outputs`; if it has none, name any output as its `witness`."));
  if (x.is.only && x.is.nodes.empty() && x.fine("nodes"))
    found.push_back(at_key(*x.doc, "only", "it is to run on no other node than those in `nodes`, and there are none",
                           "Name them in `nodes`, or leave out `only`."));
}

void check_rules(const items& all, std::vector<problem>& found) {
  std::map<std::pair<std::string_view, int>, const item<rule_config>*> first;
  for (const auto& x : all.rules) {
    if (!x.elsewhere)
      check_redundancy(all, x, found);
    if (x.bad.contains("outputs"))
      continue;
    std::set<std::string_view> own;
    for (const auto& name : x.is.outputs) {
      if (!own.insert(name).second) {
        if (x.elsewhere)
          continue;
        found.push_back(at_key(*x.doc, "outputs", fmt::format("outputs names '{}' twice", name),
                               "Remove one."));
        continue;
      }
      if (!x.elsewhere)
        want_channel(all, *x.doc, "outputs", name, direction::output, found);
      if (x.bad.contains("priority"))
        continue;
      const auto [at, fresh] = first.emplace(std::pair{std::string_view{name}, x.is.priority}, &x);
      if (fresh || x.elsewhere || at->second->is.name == x.is.name)
        continue;
      const auto where = to_string(at->second->doc->at);
      found.push_back(at_key(
        *x.doc, x.wrote("priority") ? "priority" : "outputs",
        fmt::format("it drives '{}' at priority {}, and so does rule '{}'{}: the last to speak "
                    "would win",
                    name, x.is.priority, at->second->is.name,
                    where.empty() ? "" : " (" + where + ")"),
        "Give the more important one a lower number."));
      found.back().code = errc::conflict;
    }
  }
}

} // namespace

void check_references(const items& all, std::vector<problem>& found) {
  line_owners lines;
  for (const auto& x : all.channels) {
    lines.add(x, found);
    if (x.elsewhere)
      continue;
    check_bus(all, x, found);
    check_channel(all, x, found);
  }
  for (const auto& x : all.counters) {
    lines.add(x, found);
    if (!x.elsewhere)
      check_bus(all, x, found);
  }
  check_rules(all, found);
}

} // namespace troupe::load
