#include "apps/daemon/drill_desk.hpp"

#include "apps/control/access.hpp"
#include "apps/daemon/desired.hpp"
#include "apps/daemon/json.hpp"
#include "config/load/split.hpp"
#include "config/load/typed.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds ahead{250};       ///< a fault is ordered, so that the answer comes before it
constexpr milliseconds recovery_look{250};  ///< while the house recovers
constexpr milliseconds least_watch{3000}; ///< a takeover of a slow rule, and what it writes
constexpr milliseconds journals_after{1200}; ///< lines come to the journal within this
constexpr std::size_t most_lines = 3000;
constexpr milliseconds margin{15'000};   ///< a driver that has not reported by then is gone

json doubt_json(const std::vector<drill_doubt>& all) {
  auto out = json::array();
  for (const auto& x : all)
    out.push_back({{"why", x.why}, {"way_out", x.way_out}, {"forgivable", x.forgivable}});
  return out;
}

std::string in_words(const std::vector<drill_doubt>& all) {
  std::string out = "no drill now:";
  for (const auto& x : all)
    out += fmt::format("\n  - {}. {}", x.why, x.way_out);
  return out;
}

std::vector<std::string> ends_of(const drill_plan& plan) {
  return plan.kind == drill_kind::cut_link ? std::vector{plan.target, plan.peer} : std::vector{plan.target};
}

const json& rows(const json& x, const char* key) {
  static const json none = json::array();
  const auto found = x.is_object() ? x.find(key) : x.end();
  return x.is_object() && found != x.end() && found->is_array() ? *found : none;
}

bool truth(const json& x, const char* key, bool otherwise) {
  const auto found = x.find(key);
  return found != x.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

} // namespace

void drill_desk::open(parts with) {
  std::lock_guard lock{mutex_};
  parts_ = std::move(with);
  open_ = true;
}

void drill_desk::close() {
  {
    std::lock_guard lock{mutex_};
    open_ = false;
    if (!running_.empty() && broken_off_by_.empty())
      broken_off_by_ = "this node stops";
  }
  changed_.notify_all();
  std::lock_guard one_at_a_time{starting_};
  if (thread_.joinable())
    thread_.join();
}

drill_picture drill_desk::look() const {
  drill_picture out;
  out.self = self_;
  out.running = running_title();
  const auto members = parts_.house->members();
  for (const auto& x : rows(members, "members"))
    out.members.push_back({text_in(x, "name"), text_in(x, "standing"), truth(x, "draining", false),
                           truth(x, "self", false) || text_in(x, "standing") != "alive" || truth(x, "direct", true)});
  const auto replicas = parts_.house->replicas();
  out.replicas.push_back({self_, true, all_.store.stats().degraded ? all_.store.stats().degraded_why : ""});
  for (const auto& x : rows(replicas, "members")) {
    const auto found = std::find_if(out.members.begin(), out.members.end(), [&](const auto& m) { return m.name == text_in(x, "name"); });
    if (found == out.members.end() || found->standing != "alive")
      continue; // said of it already
    out.replicas.push_back({text_in(x, "name"), truth(x, "equal", false), truth(x, "degraded", false) ? "its disk takes no writes" : ""});
  }
  for (const auto& row : all_.live.list())
    if (row.now.why == reason::forced)
      out.forced.push_back(row.name);
  const auto placement = parts_.house->placement({});
  for (const auto& x : rows(placement, "rules")) {
    drill_picture::rule rule{text_in(x, "rule"), text_in(x, "acts"), text_in(x, "class"), {}, {}};
    for (const auto& node : rows(x, "order"))
      if (truth(node, "alive", false))
        rule.candidates.push_back(text_in(node, "node"));
    for (const auto& output : rows(x, "outputs"))
      if (output.is_string())
        rule.outputs.push_back(output.get<std::string>());
    out.rules.push_back(std::move(rule));
  }
  for (const auto& [node, documents] : desired::of_all(all_.store))
    for (const auto& x : troupe::at_node(documents, node))
      if (x.section == "rule")
        if (const auto config = to_rule(x); config && config->standby == redundancy::none)
          out.fixed.emplace_back(x.name, node);
  for (const auto& x : rows(placement, "outputs"))
    out.outputs.emplace_back(text_in(x, "output"), text_in(x, "node"));
  return out;
}

std::string drill_desk::running_title() const {
  const auto all = book_.all();
  for (auto x = all.rbegin(); x != all.rend(); ++x)
    if (text_in(shown(*x), "state") == "running")
      return fmt::format("{} ({})", text_in(*x, "title"), text_in(*x, "id"));
  return {};
}

/// What nobody drives any more is not running.
json drill_desk::shown(json report) const {
  if (text_in(report, "state") != "running")
    return report;
  const auto driver = text_in(report, "driver");
  const auto until = report.value("until", json());
  bool abandoned = !until.is_number() || all_.clocks.wall() > until.get<wall_ms>();
  std::lock_guard lock{mutex_};
  if (driver == self_)
    abandoned |= running_ != text_in(report, "id");
  if (abandoned) {
    report["state"] = "abandoned";
    report["why"] = {fmt::format("node {} drove it, and ended meanwhile: there is no verdict. What it broke has healed by itself", driver)};
  } else if (driver == self_) {
    report["phase"] = phase_;
    report["phase_text"] = phase_text_;
  }
  return report;
}

json drill_desk::list() const {
  auto all = json::array();
  for (auto& x : book_.all()) {
    auto y = shown(std::move(x));
    for (const auto* big : {"timeline", "counters"})
      y.erase(big);
    all.push_back(std::move(y));
  }
  return {{"node", self_}, {"now", all_.clocks.wall()}, {"drills", std::move(all)}};
}

result<json> drill_desk::find(const std::string& id) const {
  auto x = book_.find(id);
  if (!x)
    return error{errc::not_found, fmt::format("there is no drill '{}'; `troupe drill list` shows the newest {}", id.substr(0, 100), drill_book::most)};
  auto out = shown(std::move(*x));
  out["now"] = all_.clocks.wall();
  return out;
}

result<json> drill_desk::start(const control::caller& who, const json& body) {
  auto plan = read_drill(body);
  if (!plan)
    return plan.why();
  std::lock_guard one_at_a_time{starting_};
  {
    std::lock_guard lock{mutex_};
    if (!open_)
      return error{errc::unsupported, "this node starts or stops; ask again when it is ready"};
  }
  plan->who = control::told(who);
  plan->id = drill_book::name_for(all_.clocks.wall(), self_);
  auto house = look();
  if (plan->of_actor()) {
    const auto known = parts_.house->actor(plan->target);
    if (known || known.why().code != errc::not_found)
      house.actors.push_back(plan->target);
  }
  const auto doubts = doubts_of(*plan, house);
  const auto concerned = concerned_by(*plan, house);
  milliseconds limit{0};
  json rules = json::array();
  for (const auto& x : concerned) {
    limit = std::max(limit, drill_limit(*plan, x.pace));
    rules.push_back(x.name);
  }
  json out{{"title", plan->title()}, {"kind", to_string(plan->kind)}, {"driver", self_}, {"doubts", doubt_json(doubts)}, {"concerned", rules},
           {"limit_ms", limit.count()}, {"for_ms", plan->length.count()}};
  if (body.value("check", false))
    return out;
  if (!doubts.empty())
    return error{errc::conflict, in_words(doubts)};
  if (thread_.joinable())
    thread_.join();
  const auto until = all_.clocks.wall() + (ahead + plan->length + least_watch + plan->settle + journals_after + margin).count();
  json record{{"id", plan->id}, {"title", plan->title()}, {"kind", to_string(plan->kind)}, {"target", plan->target}, {"peer", plan->peer},
              {"at", all_.clocks.wall()}, {"driver", self_}, {"who", plan->who}, {"state", "running"}, {"until", until},
              {"for_ms", plan->length.count()}, {"even_so", plan->even_so}, {"concerned", rules}};
  {
    std::lock_guard lock{mutex_};
    running_ = plan->id;
    broken_off_by_.clear();
    phase_ = "prepare";
    phase_text_ = "sets its watch";
  }
  if (auto kept = book_.keep(plan->id, record); !kept) {
    std::lock_guard lock{mutex_};
    running_.clear();
    return kept.why();
  }
  journal(storage::severity::notice, plan->target, fmt::format("drill {} begins: {}", plan->id, plan->title()), plan->who);
  thread_ = std::thread{[this, plan = *plan, who, concerned] { drive(plan, who, concerned); }};
  out["id"] = plan->id;
  return out;
}

result<json> drill_desk::abort(const control::caller& who, const std::string& id) {
  const auto found = book_.find(id);
  if (!found)
    return find(id).why();
  const auto now = shown(*found);
  if (text_in(now, "state") == "running" && text_in(now, "driver") == self_) {
    std::lock_guard lock{mutex_};
    broken_off_by_ = control::told(who);
    changed_.notify_all();
    return json{{"id", id}, {"text", "is broken off; `troupe drill show` tells when all is healed"}};
  }
  if (text_in(now, "state") == "running" && parts_.ask) {
    auto said = parts_.ask(text_in(now, "driver"), who, "POST", "/v1/drills/" + id + "/abort", json::object());
    if (said)
      return said;
  }
  if (text_in(now, "state") != "running" && text_in(now, "state") != "abandoned")
    return error{errc::conflict, fmt::format("drill {} is over", id)};
  // Whoever drove it is not there: the faults are ended where they are.
  drill_plan plan;
  plan.id = id;
  plan.target = text_in(now, "target");
  plan.peer = text_in(now, "peer");
  plan.kind = plan.peer.empty() ? drill_kind::stop_node : drill_kind::cut_link;
  heal(plan, who);
  return json{{"id", id}, {"text", fmt::format("node {} drove it and is not there; what lasted is ended", text_in(now, "driver"))}};
}

result<json> drill_desk::at_node(const std::string& node, const control::caller& who, const json& body) {
  if (node == self_)
    return parts_.here->drill_fault(who, body);
  if (!parts_.ask)
    return error{errc::unsupported, "this node is alone"};
  return parts_.ask(node, who, "POST", "/v1/drill-faults", body);
}

void drill_desk::heal(const drill_plan& plan, const control::caller& who) {
  if (plan.of_actor())
    return;
  for (const auto& node : ends_of(plan)) // who cannot be asked heals by itself
    if (auto done = at_node(node, who, {{"drill", plan.id}, {"what", "heal"}}); !done)
      spdlog::info("drill {}: {} heals by itself: {}", plan.id, node, done.why().context);
}

bool drill_desk::wait(milliseconds length) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_for(lock, length, [&] { return !broken_off_by_.empty(); });
}

void drill_desk::progress(const char* phase, const std::string& text) {
  std::lock_guard lock{mutex_};
  phase_ = phase;
  phase_text_ = text;
}

void drill_desk::journal(storage::severity level, const std::string& subject, const std::string& text, const std::string& who) {
  storage::journal_event x;
  x.level = level;
  x.kind = "drill";
  x.subject = subject;
  x.text = text;
  x.who = who;
  spdlog::info("{}: {}", subject, text);
  all_.store.append(std::move(x));
}

void drill_desk::drive(const drill_plan& plan, const control::caller& who, std::vector<drill_picture::rule> concerned) {
  drill_seen seen;
  seen.concerned = std::move(concerned);
  const auto at = all_.clocks.wall();
  try { // answers of other nodes are their words
    drive_through(plan, who, seen);
  } catch (const std::exception& why) {
    seen.broken_off = fmt::format("the node that drove it failed: {}", why.what());
    heal(plan, who);
  }
  seen.ended_at = all_.clocks.mono();
  if (seen.fault_at == 0)
    seen.fault_at = seen.ended_at;
  const auto result = evaluate(plan, seen);
  auto report = to_json(plan, seen, result);
  report.update(json{{"id", plan.id}, {"title", plan.title()}, {"kind", to_string(plan.kind)}, {"target", plan.target}, {"peer", plan.peer},
                     {"at", at}, {"driver", self_}, {"who", plan.who}, {"state", result.passed ? "passed" : "failed"},
                     {"for_ms", plan.length.count()}, {"even_so", plan.even_so}});
  if (auto kept = book_.keep(plan.id, report); !kept)
    spdlog::warn("drill {}: its report cannot be kept: {}", plan.id, kept.why().context);
  journal(result.passed ? storage::severity::notice : storage::severity::warning, plan.target,
          fmt::format("drill {} {}{}", plan.id, result.passed ? "passed" : "failed", result.passed || result.why.empty() ? "" : ": " + result.why.front()),
          plan.who);
  std::lock_guard lock{mutex_};
  running_.clear();
}

void drill_desk::drive_through(const drill_plan& plan, const control::caller& who, drill_seen& seen) {
  const auto by = clocks();
  for (const auto& [node, x] : by)
    seen.uncertainty = std::max(seen.uncertainty, milliseconds{1} + std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{x.round_trip / 2}));
  const auto before = totals();
  progress("fault", plan.title());
  if (auto broken = break_it(plan, who, seen); !broken) {
    seen.broken_off = broken.why().context;
    heal(plan, who);
    return;
  }
  progress("watch", plan.lasts() ? fmt::format("the fault lasts {} ms", plan.length.count()) : "how the house takes it");
  const auto ends = seen.fault_at + to_ns(plan.length);
  bool goes_on = wait(std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{std::max<mono_ns>(ends - all_.clocks.mono(), 0)}));
  goes_on = goes_on && wait(least_watch);
  if (!goes_on)
    heal(plan, who);
  // Broken off or not: the report says whether the house is whole.
  progress("settle", "until the house is whole again");
  const auto last = all_.clocks.mono() + to_ns(plan.settle);
  for (bool first = true;; first = false) {
    auto house = look();
    house.running.clear();
    seen.still_ill.clear();
    for (const auto& x : illness_of(house))
      seen.still_ill.push_back(x.why);
    if (seen.still_ill.empty() || all_.clocks.mono() > last)
      break;
    std::unique_lock lock{mutex_};
    if (!goes_on && !open_)
      break; // this node stops
    if (!goes_on && first)
      changed_.wait_for(lock, 2s, [&] { return !open_; });
    else if (!goes_on && plan.kind == drill_kind::kill_node)
      break; // it may never come back
    else
      changed_.wait_for(lock, recovery_look, [&] { return !open_; });
    if (goes_on && !broken_off_by_.empty())
      goes_on = false;
  }
  progress("report", "reads the journals");
  {
    std::unique_lock lock{mutex_};
    seen.broken_off = broken_off_by_.empty() ? "" : "by " + broken_off_by_;
    changed_.wait_for(lock, journals_after, [&] { return !open_; });
  }
  const auto after = totals();
  for (const auto& [name, total] : before)
    if (const auto now = after.find(name); now != after.end())
      seen.counters[name] = {total, now->second};
  seen.facts = journals(seen, by);
}

std::map<std::string, drill_desk::clock_map> drill_desk::clocks() const {
  std::map<std::string, clock_map> out;
  const auto members = parts_.house->members();
  control::caller looker;
  looker.allowed = cluster::role::viewer;
  for (const auto& m : rows(members, "members")) {
    const auto name = text_in(m, "name");
    if (text_in(m, "standing") != "alive" || (name != self_ && !parts_.ask))
      continue;
    const auto asked = all_.clocks.mono();
    const auto said = name == self_ ? result<json>{parts_.here->status()} : parts_.ask(name, looker, "GET", "/v1/status", {});
    const auto told = all_.clocks.mono();
    if (!said || !said->is_object() || !said->contains("clock") || !(*said)["clock"].contains("wall") || !(*said)["clock"]["wall"].is_number())
      continue;
    out[name] = {asked + (told - asked) / 2, (*said)["clock"]["wall"].get<wall_ms>(), told - asked};
  }
  return out;
}

std::map<std::string, double> drill_desk::totals() const {
  std::map<std::string, double> out;
  const auto all = parts_.house->list("");
  for (const auto& x : all.is_array() ? all : json::array())
    if (text_in(x, "kind") == "counter" && x.contains("value") && x["value"].is_number())
      out[text_in(x, "name")] = x["value"].get<double>();
  return out;
}

status drill_desk::break_it(const drill_plan& plan, const control::caller& who, drill_seen& seen) {
  if (plan.of_actor()) {
    seen.fault_at = all_.clocks.mono();
    const auto done = parts_.house->act(who, plan.target, plan.kind == drill_kind::kill_actor ? "kill" : "hang");
    return done ? status{} : done.why();
  }
  const auto* what = plan.kind == drill_kind::kill_node ? "kill" : plan.kind == drill_kind::stop_node ? "stop" : "cut";
  const auto ends = ends_of(plan);
  const auto due = all_.clocks.mono() + to_ns(ahead);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto asked = all_.clocks.mono();
    const auto in = std::max<mono_ns>((due - asked) / 1'000'000, 0);
    const auto done = at_node(ends[i], who, {{"drill", plan.id}, {"what", what}, {"for_ms", plan.length.count()}, {"in_ms", in},
                                             {"peer", ends.size() < 2 ? "" : ends[1 - i]}});
    if (!done)
      return error{done.why().code, fmt::format("{} does not do it: {}", ends[i], done.why().context)};
    const auto told = all_.clocks.mono();
    // Counted from when it heard of it, which was between.
    const auto acts = asked + (told - asked) / 2 + in * 1'000'000;
    seen.fault_at = seen.fault_at == 0 ? acts : std::min(seen.fault_at, acts);
    seen.uncertainty = std::max(seen.uncertainty, milliseconds{1} + std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{(told - asked) / 2}));
  }
  const auto left = seen.fault_at - all_.clocks.mono();
  (void)wait(std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{std::max<mono_ns>(left, 0)}));
  return {};
}

std::vector<drill_fact> drill_desk::journals(const drill_seen& seen, const std::map<std::string, clock_map>& by) const {
  std::vector<drill_fact> out;
  const auto log = parts_.house->log({{"newest", most_lines}, {"subject", ""}, {"kind", ""}, {"level", "debug"}});
  if (!log || !log->is_array())
    return out;
  for (const auto& x : *log) {
    const auto at = x.is_object() ? x.value("at", json()) : json();
    const auto node = text_in(x, "node").empty() ? self_ : text_in(x, "node");
    const auto known = by.find(node);
    if (!at.is_number() || known == by.end())
      continue;
    const auto mono = known->second.mono + (at.get<wall_ms>() - known->second.wall) * 1'000'000;
    if (mono > seen.fault_at - one_second)
      out.push_back({mono, node, text_in(x, "kind"), text_in(x, "subject"), text_in(x, "text")});
  }
  return out;
}

} // namespace troupe::daemon
