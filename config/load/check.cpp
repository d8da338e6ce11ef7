#include "config/load/check.hpp"

#include "config/load/items.hpp"
#include "config/load/names.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

using load::item;
using load::items;

template <class T>
void collect(const schema::section& known, const document& x, bool elsewhere,
             std::vector<item<T>>& to, std::vector<problem>& found) {
  load::check_name(x, found);
  const auto how = elsewhere ? load::strictness::stored : load::strictness::all;
  item<T> it{&x, {}, load::check_item(known, x, how, found), elsewhere};
  load::fill(known, x, &it.is);
  it.is.name = x.name;
  to.push_back(std::move(it));
}

void collect(const std::vector<document>& all, bool elsewhere, items& it,
             std::vector<problem>& found) {
  for (const auto& x : all) {
    if (x.section == "bus")
      collect(schema::bus_section(), x, elsewhere, it.buses, found);
    else if (x.section == "channel")
      collect(schema::channel_section(), x, elsewhere, it.channels, found);
    else if (x.section == "counter")
      collect(schema::counter_section(), x, elsewhere, it.counters, found);
    else if (x.section == "rule")
      collect(schema::rule_section(), x, elsewhere, it.rules, found);
    else if (x.section == "drill")
      collect(schema::drill_section(), x, elsewhere, it.drills, found);
    else
      found.push_back({x.at, path_of(x.section, x.name, ""),
                       subject_of(x) + "a house has no such section.",
                       "The sections are bus, channel, counter, rule and drill.", true,
                       errc::invalid_argument});
  }
}

// What is elsewhere comes first: where two want the same, the later is told.
items collect(const std::vector<document>& all, const std::vector<document>& elsewhere,
              const viewpoint& from, std::vector<problem>& found) {
  items it;
  it.from = from;
  std::vector<problem> not_ours;
  collect(elsewhere, true, it, not_ours);
  collect(all, false, it, found);
  for (const auto& x : it.buses)
    it.bus_of.emplace(x.is.name, &x);
  for (const auto& x : it.channels)
    it.channel_of.emplace(x.is.name, &x);
  for (const auto& x : it.counters)
    it.counter_of.emplace(x.is.name, &x);
  return it;
}

// Channels and counters share one space of names: rules read both by name.
void check_twice(const std::vector<document>& all, const std::vector<document>& elsewhere,
                 std::vector<problem>& found) {
  std::map<std::pair<std::string_view, std::string_view>, const document*> first;
  const auto take = [&](const document& x) {
    const auto space = x.section == "counter" ? std::string_view{"channel"} : x.section;
    return first.emplace(std::pair{space, std::string_view{x.name}}, &x);
  };
  for (const auto& x : elsewhere)
    take(x);
  for (const auto& x : all) {
    const auto [at, fresh] = take(x);
    if (fresh)
      continue;
    const auto where = to_string(at->second->at);
    found.push_back({x.at, path_of(x.section, x.name, ""),
                     fmt::format("{}the name is used twice; {}{} has it already.", subject_of(x),
                                 at->second->section == x.section
                                   ? "another " + x.section
                                   : "a " + at->second->section,
                                 where.empty() ? "" : " (" + where + ")"),
                     "Choose another name, or remove one of them.", true, errc::conflict});
  }
}

void check_scripts(const items& all, const lua_check& lua, std::vector<problem>& found) {
  for (const auto& x : all.rules)
    if (!x.elsewhere && x.wrote("lua") && x.fine("lua"))
      if (const auto complaint = lua(x.is.lua))
        found.push_back(load::at_key(*x.doc, "lua",
                                     fmt::format("the script does not compile: {}", *complaint), ""));
}

} // namespace

std::vector<problem> check(const std::vector<document>& all, const lua_check& lua,
                           const std::vector<document>& elsewhere, const viewpoint& from) {
  std::vector<problem> found;
  const auto house = collect(all, elsewhere, from, found);
  check_twice(all, elsewhere, found);
  load::check_nodes(house, found);
  load::check_references(house, found);
  load::check_times(house, found);
  load::check_values(house, found);
  load::check_drills(house, found);
  if (lua)
    check_scripts(house, lua, found);
  sort(found);
  bound(found);
  return found;
}

parsed_house read_house(const std::vector<text_file>& files, const lua_check& lua,
                        const viewpoint& from) {
  parsed_house it;
  for (const auto& x : files) {
    auto one = parse_house(x.text, x.name);
    std::move(one.documents.begin(), one.documents.end(), std::back_inserter(it.documents));
    std::move(one.problems.begin(), one.problems.end(), std::back_inserter(it.problems));
    it.torn = it.torn || one.torn;
  }
  for (auto& x : check(it.documents, lua, {}, from))
    // What seems missing may stand where the text could not be read.
    if (!(it.torn && x.code == errc::not_found))
      it.problems.push_back(std::move(x));
  sort(it.problems);
  bound(it.problems);
  return it;
}

} // namespace troupe
