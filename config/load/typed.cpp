#include "config/load/typed.hpp"

#include "config/load/item.hpp"
#include "config/load/names.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

template <class T>
result<T> read(const schema::section& known, const document& x) {
  if (x.section != known.name)
    return error{errc::invalid_argument,
                 fmt::format("'{}' is a {}, where a {} is wanted", x.name, x.section, known.name)};
  std::vector<problem> found;
  load::check_name(x, found);
  load::check_item(known, x, load::strictness::stored, found);
  if (!found.empty())
    return error{found.front().code, found.front().to_string(0)};
  T it;
  load::fill(known, x, &it);
  it.name = x.name;
  return it;
}

template <class T>
document written(const schema::section& known, const T& x) {
  return {known.name, x.name, load::body_of(known, &x), {}, {}, false};
}

} // namespace

result<bus_config> to_bus(const document& x) {
  return read<bus_config>(schema::bus_section(), x);
}

result<channel_config> to_channel(const document& x) {
  auto it = read<channel_config>(schema::channel_section(), x);
  if (!it)
    return it;
  it->line.consumer = it->name;
  // The schema's default is written for digital outputs; of an analog one it is 0.
  const bool output = it->dir == direction::output;
  if (output && it->kind == value_kind::analog && !x.body.contains("safe"))
    it->safe = value::analog(0);
  if ((output && it->safe.kind != it->kind)
      || (it->substitute && it->substitute->kind != it->kind))
    return error{errc::invalid_argument,
                 fmt::format("{}{} must be {}", subject_of(x), output ? "safe" : "substitute",
                             it->kind == value_kind::analog ? "a number" : "on or off")};
  return it;
}

result<counter_config> to_counter(const document& x) {
  auto it = read<counter_config>(schema::counter_section(), x);
  if (it)
    it->line.consumer = it->name;
  return it;
}

result<rule_config> to_rule(const document& x) {
  return read<rule_config>(schema::rule_section(), x);
}

result<drill_config> to_drill(const document& x) {
  return read<drill_config>(schema::drill_section(), x);
}

result<house_config> to_house(const std::vector<document>& all) {
  house_config house;
  for (const auto& x : all) {
    const auto add = [](auto& list, auto it) -> status {
      if (!it)
        return it.why();
      list.push_back(std::move(*it));
      return {};
    };
    status done;
    if (x.section == "bus")
      done = add(house.buses, to_bus(x));
    else if (x.section == "channel")
      done = add(house.channels, to_channel(x));
    else if (x.section == "counter")
      done = add(house.counters, to_counter(x));
    else if (x.section == "rule")
      done = add(house.rules, to_rule(x));
    else if (x.section == "drill")
      done = add(house.drills, to_drill(x));
    else
      done = error{errc::invalid_argument,
                   fmt::format("'{}' is of section '{}', which a house does not have", x.name,
                               x.section)};
    if (!done)
      return done.why();
  }
  return house;
}

document to_document(const bus_config& x) { return written(schema::bus_section(), x); }

document to_document(const channel_config& x) {
  auto it = written(schema::channel_section(), x);
  if (x.safe == value::analog(0))
    it.body.erase("safe");
  return it;
}

document to_document(const counter_config& x) { return written(schema::counter_section(), x); }
document to_document(const rule_config& x) { return written(schema::rule_section(), x); }
document to_document(const drill_config& x) { return written(schema::drill_section(), x); }

std::vector<document> to_documents(const house_config& x) {
  std::vector<document> all;
  for (const auto& y : x.buses)
    all.push_back(to_document(y));
  for (const auto& y : x.channels)
    all.push_back(to_document(y));
  for (const auto& y : x.counters)
    all.push_back(to_document(y));
  for (const auto& y : x.rules)
    all.push_back(to_document(y));
  for (const auto& y : x.drills)
    all.push_back(to_document(y));
  return all;
}

} // namespace troupe
