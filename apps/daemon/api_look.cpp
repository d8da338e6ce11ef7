#include "actors/protocol/channel.hpp"
#include "apps/daemon/api.hpp"
#include "apps/daemon/ask.hpp"
#include "apps/daemon/json.hpp"
#include "config/load/typed.hpp"
#include "config/schema/did_you_mean.hpp"
#include "drivers/registry.hpp"

#include <fmt/format.h>

#include <fstream>
#include <unistd.h>

namespace troupe::daemon {

namespace {

double resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  double all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

json slots_json(const std::vector<output_slot>& slots) {
  auto out = json::array();
  for (const auto& s : slots) {
    json x{{"priority", s.priority}, {"source", s.source}, {"value", value_json(s.val)},
           {"text", to_string(s.val)}, {"story", story_json(s.story)}, {"lease_left_s", nullptr},
           {"pulse", s.pulse}};
    if (s.lease_left.count() > 0)
      x["lease_left_s"] = static_cast<double>(s.lease_left.count()) / 1e3;
    out.push_back(std::move(x));
  }
  return out;
}

/// Supervision's numbers in the units of the control interface.
json for_people(json x) {
  auto take = [&](const char* from, const char* to, double factor) {
    if (x.contains(from)) {
      x[to] = x[from].get<double>() * factor;
      x.erase(from);
    }
  };
  take("up_ms", "uptime_s", 1e-3);
  take("handling_ms", "handling_s", 1e-3);
  take("longest_handling_ms", "longest_us", 1e3);
  take("mailbox_age_ms", "mailbox_age_us", 1e3);
  if (x.contains("children"))
    for (auto& child : x["children"])
      child = for_people(child);
  return x;
}

result<storage::severity> severity_from(const std::string& word) {
  using storage::severity;
  for (auto x : {severity::debug, severity::info, severity::notice, severity::warning, severity::alarm})
    if (word == storage::to_string(x))
      return x;
  return error{errc::invalid_argument,
               "level is '" + word + "'; there are debug, info, notice, warning and alarm"};
}

result<storage::journal_query> query_from(const json& body) {
  storage::journal_query q;
  q.subject = body.value("subject", "");
  q.kind = body.value("kind", "");
  const auto level = severity_from(body.value("level", "debug"));
  if (!level)
    return level.why();
  q.at_least = *level;
  q.after_seq = body.value("after", std::uint64_t{0});
  q.newest = std::min<std::size_t>(body.value("newest", std::size_t{100}), 10000);
  return q;
}

} // namespace

node_control::node_control(api_parts parts) : parts_(std::move(parts)), backups_(parts_.all.clocks) {}

json node_control::status() {
  std::map<std::string, int> actors{{"running", 0}, {"waiting", 0}, {"quarantined", 0}, {"hung", 0}};
  for (const auto& row : parts_.all.names.list())
    if (row.life)
      ++actors[to_string(row.life->state.load())];
  std::map<std::string, int> channels{{"good", 0}, {"uncertain", 0}, {"bad", 0}};
  for (const auto& row : parts_.all.live.list())
    ++channels[to_string(row.now.grade)];
  const auto s = parts_.all.store.stats();
  auto alarms = json::array();
  for (const auto& x : parts_.report.alarms())
    alarms.push_back({{"at", x.at}, {"subject", x.subject}, {"text", x.text}});
  if (s.degraded)
    alarms.push_back({{"at", parts_.all.clocks.wall()}, {"subject", "store"}, {"text", s.degraded_why}});
  {
    std::lock_guard lock{parts_.running.mutex};
    for (const auto& [what, x] : parts_.running.refused)
      alarms.push_back({{"at", x.since}, {"subject", what}, {"text", "does not run: " + x.why}});
  }
  if (parts_.cluster != nullptr)
    for (auto& x : parts_.cluster->alarms())
      alarms.push_back(std::move(x));
  const auto uptime = parts_.all.clocks.mono() - parts_.started_at;
  json out{{"node", parts_.node.name},
          {"version", TROUPE_VERSION},
          {"pid", getpid()},
          {"uptime_s", static_cast<double>(uptime) / 1e9},
          {"now", parts_.all.clocks.wall()},
          {"started_wall", parts_.all.clocks.wall() - uptime / 1'000'000},
          {"actors", actors},
          {"channels", channels},
          {"memory_bytes", resident_bytes()},
          {"store",
           {{"entries", s.entries}, {"pending", s.pending_ops}, {"stream", s.stream},
            {"commits", s.commits}, {"bytes_written", s.bytes_written},
            {"bytes_per_day", s.bytes_per_day}, {"budget_per_day", parts_.node.flash_bytes_per_day},
            {"last_commit_us", s.last_commit_us}, {"max_commit_us", s.max_commit_us},
            {"reopens", s.reopens}, {"degraded", s.degraded}, {"degraded_why", s.degraded_why}}},
          {"clock",
           {{"quality", to_string(s.clock)}, {"wall", parts_.all.clocks.wall() + s.clock_ahead}, {"machine", parts_.all.clocks.wall()},
            {"ahead_ms", s.clock_ahead}, {"sources", s.clock_sources}}},
          {"alarms", alarms}};
  if (parts_.cluster != nullptr) {
    out["members"] = parts_.cluster->members()["members"];
    if (auto features = parts_.cluster->features(); !features.empty())
      out["features"] = std::move(features);
  }
  return out;
}

json node_control::tree() { return for_people(parts_.tree.tree()); }

json node_control::ps() {
  auto rows = parts_.tree.list();
  for (auto& x : rows)
    x = for_people(x);
  return rows;
}

result<json> node_control::post_mortems(const std::string& actor) {
  auto found = parts_.tree.post_mortems(actor);
  if (found.empty() && !parts_.all.names.find(actor))
    return unknown(actor);
  return found;
}

result<json> node_control::actor(const std::string& name) {
  const auto row = parts_.all.names.lookup(name);
  if (!row)
    return unknown(name);
  auto out = for_people(parts_.tree.one(name));
  auto state = ask<std::string>(parts_.system, row->handle, name, ask_limit, supervision::view_state{});
  if (state)
    out["inside"] = json::parse(*state, nullptr, false);
  else
    out["actor_trouble"] = state.why().context;
  out["post_mortems"] = parts_.tree.post_mortems(name);
  return out;
}

result<json> node_control::get(const std::string& name) {
  const auto row = parts_.all.live.find(name);
  if (!row)
    return unknown(name);
  const auto about = parts_.names.find(name);
  auto out = reading_json(*row, about ? &*about : nullptr, parts_.all.clocks);
  if (row->why)
    out["story"] = story_json(*row->why);
  if (!about)
    return out;
  // What only the actor knows is added if it answers; a hung or quarantined
  // one must not hide the reading.
  const auto whom = parts_.all.names.find(name);
  auto note = [&](const error& why) { out["actor_trouble"] = why.context; };
  if (about->kind == "output") {
    if (auto x = ask<output_view>(parts_.system, whom, name, ask_limit, view_output{})) {
      out["slots"] = slots_json(x->slots);
      out["winner"] = x->winner;
      out["blocked"] = x->blocked_by;
      out["forced"] = x->forced;
      out["safe"] = value_json(x->safe);
      out["line"] = x->line;
      auto& owners = out["owners"] = json::array();
      for (const auto& h : x->holders)
        owners.push_back({{"source", h.source}, {"node", h.node}, {"previous", h.previous}, {"why", h.why}, {"round", h.round},
                          {"lease_left_ms", h.lease_left.count()}, {"candidates", h.candidates}});
    } else {
      note(x.why());
    }
  } else if (about->kind == "input") {
    if (auto x = ask<input_view>(parts_.system, whom, name, ask_limit, view_input{})) {
      out["measured"] = value_json(x->measured);
      out["forced"] = x->forced;
      out["line"] = x->line;
      out["edges"] = x->edges;
    } else {
      note(x.why());
    }
  } else if (about->kind == "counter") {
    if (auto x = ask<count_view>(parts_.system, whom, name, ask_limit, view_counter{})) {
      out["pulses"] = x->total_pulses;
      out["raw_pulses"] = x->raw_pulses;
      out["rate"] = x->rate;
      out["rate_unit"] = x->rate_unit;
      out["line"] = x->line;
    } else {
      note(x.why());
    }
  }
  return out;
}

json node_control::list(const std::string& prefix) {
  auto out = json::array();
  for (const auto& row : parts_.all.live.list(prefix)) {
    const auto about = parts_.names.find(row.name);
    out.push_back(reading_json(row, about ? &*about : nullptr, parts_.all.clocks));
  }
  return out;
}

result<json> node_control::why(const std::string& name) {
  const auto row = parts_.all.live.find(name);
  if (!row)
    return unknown(name);
  storage::journal_query q;
  q.subject = name;
  q.kind = "output";
  q.newest = 6;
  const auto events = parts_.all.store.journal(q);
  json out{{"name", name}, {"text", to_string(row->now)}, {"at", row->now.changed_wall},
           {"story", json::array()}, {"who", ""}, {"earlier", json::array()}};
  if (row->why)
    out["story"] = story_json(*row->why);
  for (auto x = events.rbegin(); x != events.rend(); ++x) {
    if (x == events.rbegin()) {
      out["who"] = x->who;
      out["event"] = x->text;
      out["event_at"] = x->at;
      if (out["story"].empty())
        out["story"] = story_json(x->story);
      continue;
    }
    out["earlier"].push_back({{"at", x->at}, {"text", x->text}, {"who", x->who}, {"story", story_json(x->story)}});
  }
  return out;
}

result<json> node_control::log(const json& query) {
  const auto wanted = query_from(query);
  if (!wanted)
    return wanted.why();
  auto out = json::array();
  for (const auto& x : parts_.all.store.journal(*wanted)) {
    out.push_back(event_json(x));
    if (parts_.cluster != nullptr) // an archive has those of others, too
      out.back()["node"] = parts_.whose.of(x.node);
  }
  return out;
}

json node_control::buses() {
  auto out = json::array();
  for (const auto& wanted : parts_.wanted.documents()) {
    if (wanted.section != "bus")
      continue;
    const auto& name = wanted.name;
    json x{{"name", name}, {"driver", ""}, {"trouble", ""}, {"lines", json::array()}, {"faults", json::array()}};
    const auto actor = workshop::actor_of("bus", name);
    if (auto view = ask<bus_view>(parts_.system, parts_.all.names.find(actor), actor, ask_limit, view_bus{})) {
      x["driver"] = view->driver;
      x["trouble"] = view->trouble;
      for (const auto& line : view->lines)
        x["lines"].push_back({{"line", line.line}, {"used_by", line.used_by}, {"input", line.input},
                              {"analog", line.analog}});
    } else {
      x["trouble"] = view.why().context;
    }
    if (const auto config = to_bus(wanted))
      for (const auto& f : drivers::faults_of(*config))
        x["faults"].push_back({{"name", f.name}, {"line", f.line}, {"active", f.active}, {"help", f.help}});
    out.push_back(std::move(x));
  }
  return out;
}

error node_control::unknown(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& [x, about] : parts_.names.all())
    known.push_back(x);
  for (const auto& row : parts_.all.names.list())
    known.push_back(row.name);
  auto text = "nobody is called '" + name + "'";
  const auto meant = did_you_mean(name, known);
  text += meant ? "; did you mean '" + *meant + "'?" : "; `troupe list` and `troupe ps` show the names";
  return {errc::not_found, text};
}

result<std::shared_ptr<control::event_queue>>
node_control::open_stream(const control_caller&, const std::string& what, const json& body) {
  if (what == "watch")
    return parts_.events.watch(body.value("prefix", ""));
  if (what == "log") {
    const auto wanted = query_from(body);
    if (!wanted)
      return wanted.why();
    return parts_.events.log(*wanted);
  }
  if (what == "tap")
    return parts_.events.tap(body.value("actor", ""));
  return error{errc::not_found, "there is no stream '" + what + "'; there are watch, log and tap"};
}

} // namespace troupe::daemon
