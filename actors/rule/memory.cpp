#include "actors/rule/memory.hpp"

#include "actors/rule/duration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::rule {

using nlohmann::json;

namespace {

constexpr int format_version = 1;

/// 2024-01-01. A clock that shows less was never set: boards boot in 1970.
constexpr wall_ms plausible_from = 1'704'067'200'000;

json value_to_json(const value& x) {
  switch (x.kind) {
  case value_kind::none: return nullptr;
  case value_kind::digital: return x.whole != 0;
  case value_kind::integer: return x.whole;
  case value_kind::analog: return x.real;
  case value_kind::text: return x.words;
  }
  return nullptr;
}

value value_from_json(const json& x) {
  if (x.is_boolean())
    return value::digital(x.get<bool>());
  if (x.is_number_integer())
    return value::integer(x.get<std::int64_t>());
  if (x.is_number_float())
    return value::analog(x.get<double>());
  if (x.is_string())
    return value::text(x.get<std::string>());
  return {};
}

json watches_to_json(const std::map<std::string, stopwatch>& all, const moment& now) {
  auto out = json::object();
  for (const auto& [name, x] : all) {
    const auto elapsed = (now.mono - x.started) / 1'000'000;
    auto& row = out[name];
    row = {{"length", x.length.count()},
           {"elapsed", elapsed},
           {"until", now.wall + x.length.count() - elapsed}};
    if (x.missed != missed_policy{})
      row["missed"] = to_text(x.missed);
    if (x.mark != 0)
      row["mark"] = x.mark;
  }
  return out;
}

/// How long the memory lay in the store; none: nobody knows.
std::optional<milliseconds> time_away(const json& x, const moment& now, const memory_origin& origin) {
  const auto mono = x.at("mono").get<mono_ns>();
  const auto wall = x.at("wall").get<wall_ms>();
  if (!origin.boot.empty() && x.at("boot").get<std::string>() == origin.boot
      && now.mono >= mono)
    return milliseconds{(now.mono - mono) / 1'000'000};
  if (wall < plausible_from || now.wall < wall)
    return {};
  return milliseconds{now.wall - wall};
}

void pulses_from_json(const json& x, const std::optional<milliseconds>& away, const moment& now, rule_memory& out) {
  out.pulse_series = x.at("series").get<std::uint64_t>();
  out.pulses_counted = x.at("counted").get<std::uint64_t>();
  for (const auto& row : x.at("young")) {
    // Of an age that nobody knows: it might be late, and late is wrong.
    if (!away || out.pulses.size() >= max_young_pulses)
      break;
    const auto elapsed = milliseconds{row.at("elapsed").get<std::int64_t>()} + *away;
    out.pulses.push_back({row.at("id").get<std::string>(), row.at("output").get<std::string>(), value_from_json(row.at("value")),
                          milliseconds{row.at("length").get<std::int64_t>()}, row.at("priority").get<int>(),
                          row.at("line").get<int>(), now.mono - to_ns(elapsed), row.at("since").get<wall_ms>()});
  }
}

/// Whether a deadline that passed while away still counts.
bool still_counts(const missed_policy& policy, milliseconds late) {
  switch (policy.what) {
  case missed_policy::kind::run: return true;
  case missed_policy::kind::skip: return false;
  case missed_policy::kind::younger: return late < policy.limit;
  }
  return true;
}

/// @param restarts what a window does that was not allowed to end while away:
///                 it starts over; a timer ends untold.
void watches_from_json(const json& x, milliseconds away, const moment& now, bool restarts,
                       std::map<std::string, stopwatch>& out) {
  for (const auto& [name, row] : x.items()) {
    if (out.size() >= max_timers || name.size() > max_key_bytes)
      continue;
    stopwatch made;
    made.length = milliseconds{row.at("length").get<std::int64_t>()};
    const milliseconds before{row.at("elapsed").get<std::int64_t>()};
    made.missed = parse_missed(row.value("missed", "run")).value_or(missed_policy{});
    made.mark = row.value("mark", std::uint64_t{0});
    auto elapsed = before + away;
    const bool ended_away = before < made.length && elapsed >= made.length;
    if (ended_away && !still_counts(made.missed, elapsed - made.length)) {
      if (!restarts)
        continue;
      elapsed = milliseconds{0};
    }
    made.started = now.mono - elapsed.count() * 1'000'000;
    out.emplace(name, made);
  }
}

} // namespace

std::optional<missed_policy> parse_missed(const std::string& text) {
  if (text == "run")
    return missed_policy{missed_policy::kind::run, milliseconds{0}};
  if (text == "skip")
    return missed_policy{missed_policy::kind::skip, milliseconds{0}};
  if (const auto limit = parse_duration(text))
    return missed_policy{missed_policy::kind::younger, *limit};
  return {};
}

std::string to_text(const missed_policy& x) {
  switch (x.what) {
  case missed_policy::kind::run: return "run";
  case missed_policy::kind::skip: return "skip";
  case missed_policy::kind::younger: return fmt::format("{}ms", x.limit.count());
  }
  return "run";
}

std::optional<mono_ns> rule_memory::next_deadline(mono_ns now) const {
  std::optional<mono_ns> next;
  for (const auto* all : {&timers, &windows})
    for (const auto& [name, x] : *all)
      if (!x.over(now) && (!next || x.deadline() < *next))
        next = x.deadline();
  return next;
}

json to_json(const rule_memory& x, const moment& now, const memory_origin& origin) {
  json out = {{"version", format_version}, {"boot", origin.boot}, {"text", origin.text},
              {"mono", now.mono},          {"wall", now.wall}};
  auto& state = out["state"] = json::object();
  for (const auto& [name, val] : x.variables)
    state[name] = value_to_json(val);
  out["timers"] = watches_to_json(x.timers, now);
  out["windows"] = watches_to_json(x.windows, now);
  auto& wishes = out["wishes"] = json::object();
  for (const auto& [output, w] : x.wishes)
    wishes[output] = {{"value", value_to_json(w.val)}, {"priority", w.priority},
                      {"lease", w.lease.count()},      {"line", w.line},
                      {"since", w.since}};
  auto& positions = out["positions"] = json::object();
  for (const auto& [input, upto] : x.positions)
    positions[input] = {{"run", upto.run}, {"changes", upto.changes}};
  if (x.pulse_series == 0 && x.pulses.empty())
    return out;
  auto& pulses = out["pulses"] = {{"series", x.pulse_series}, {"counted", x.pulses_counted}};
  auto& young = pulses["young"] = json::array();
  for (const auto& p : x.pulses)
    young.push_back({{"id", p.id}, {"output", p.output}, {"value", value_to_json(p.val)}, {"length", p.length.count()},
                     {"priority", p.priority}, {"line", p.line}, {"elapsed", (now.mono - p.at) / 1'000'000}, {"since", p.since}});
  return out;
}

result<rule_memory> memory_from_json(const json& x, const moment& now,
                                     const memory_origin& origin,
                                     std::optional<milliseconds> known_away) {
  try {
    if (x.at("version").get<int>() != format_version)
      return error{errc::corrupt, fmt::format("rule memory of version {}, this program knows {}",
                                              x.at("version").dump(), format_version)};
    rule_memory made;
    const auto lay = known_away ? known_away : time_away(x, now, origin);
    const auto away = lay.value_or(milliseconds{0});
    for (const auto& [name, val] : x.at("state").items())
      if (made.variables.size() < max_variables)
        made.variables[name] = value_from_json(val);
    watches_from_json(x.at("timers"), away, now, false, made.timers);
    watches_from_json(x.at("windows"), away, now, true, made.windows);
    // Earlier builds stored none: then no edge of before this start is seen.
    const auto positions = x.find("positions");
    if (positions != x.end())
      for (const auto& [input, row] : positions->items())
        if (made.positions.size() < max_inputs)
          made.positions[input] = {row.at("run").get<std::uint64_t>(), row.at("changes").get<std::uint64_t>()};
    // Earlier builds stored none. A changed text does not say again what the one before said.
    if (const auto pulses = x.find("pulses"); pulses != x.end())
      pulses_from_json(*pulses, lay, now, made);
    if (x.at("text").get<std::string>() != origin.text) {
      made.pulses.clear();
      return made;
    }
    for (const auto& [output, row] : x.at("wishes").items()) {
      if (made.wishes.size() >= max_wishes)
        break;
      made.wishes[output] = {value_from_json(row.at("value")), row.at("priority").get<int>(),
                             milliseconds{row.at("lease").get<std::int64_t>()},
                             row.at("line").get<int>(), row.at("since").get<wall_ms>()};
    }
    return made;
  } catch (const json::exception& e) {
    return error{errc::corrupt, std::string("rule memory: ") + e.what()};
  }
}

std::string digest(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) {
    hash ^= c;
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

} // namespace troupe::rule
