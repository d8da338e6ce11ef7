#include "apps/daemon/drill_desk.hpp"
#include "apps/daemon/json.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

// How a drill goes: it breaks, it watches, it waits until all is well, it reads the journals.

namespace troupe::daemon {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds recovery_look{250}; ///< while the house recovers
constexpr std::size_t most_lines = 3000;

std::vector<std::string> ends_of(const drill_plan& plan) {
  return plan.of_link() ? std::vector{plan.target, plan.peer} : std::vector{plan.target};
}

milliseconds half_of(mono_ns round_trip) { return milliseconds{1} + std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{round_trip / 2}); }

milliseconds until(mono_ns at, mono_ns now) { return std::chrono::ceil<milliseconds>(std::chrono::nanoseconds{std::max<mono_ns>(at - now, 0)}); }

} // namespace

result<json> drill_desk::at_node(const std::string& node, const control::caller& who, const json& body) {
  if (node == self_)
    return parts_.here->drill_fault(who, body);
  if (!parts_.ask)
    return error{errc::unsupported, "this node is alone"};
  return parts_.ask(node, who, "POST", "/v1/drill-faults", body);
}

json drill_desk::heal(const drill_plan& plan, const control::caller& who) {
  json met = json::object();
  if (plan.of_actor())
    return met;
  for (const auto& node : ends_of(plan)) // who cannot be asked heals by itself
    if (auto done = at_node(node, who, {{"drill", plan.id}, {"what", "heal"}}); done && done->is_object())
      met.update(*done);
    else if (!done)
      spdlog::info("drill {}: {} heals by itself: {}", plan.id, node, done.why().context);
  return met;
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

void drill_desk::drive(const drill_plan& plan, const control::caller& who, drill_seen seen) {
  const auto at = all_.clocks.wall();
  try { // answers of other nodes are their words
    drive_through(plan, who, seen);
  } catch (const std::exception& why) {
    seen.broken_off = fmt::format("the node that drove it failed: {}", why.what());
    (void)heal(plan, who);
  }
  seen.ended_at = all_.clocks.mono();
  if (seen.fault_at == 0)
    seen.fault_at = seen.ended_at;
  const auto result = evaluate(plan, seen);
  auto report = to_json(plan, seen, result);
  report.update(head_of(plan, at));
  report["state"] = result.passed ? "passed" : "failed";
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
    seen.uncertainty = std::max(seen.uncertainty, half_of(x.round_trip));
  const auto before = totals();
  progress("fault", plan.title());
  if (auto broken = break_it(plan, who, seen); !broken) {
    seen.broken_off = broken.why().context;
    (void)heal(plan, who);
    return;
  }
  const bool goes_on = watch(plan, by, seen);
  // What the disk met is asked also when all is over.
  if (const auto met = !goes_on || plan.trait().of == drill_target::node ? heal(plan, who) : json::object(); met.contains("disk") && met["disk"].is_object()) {
    seen.writes_slowed = met["disk"].value("slowed", std::uint64_t{0});
    seen.writes_refused = met["disk"].value("refused", std::uint64_t{0});
  }
  // Broken off or not: the report says whether the house is whole.
  settle(plan, goes_on, seen);
  progress("report", "reads the journals");
  {
    std::unique_lock lock{mutex_};
    seen.broken_off = broken_off_by_.empty() ? "" : "by " + broken_off_by_;
    changed_.wait_for(lock, journals_after, [&] { return !open_; });
  }
  if (plan.trait().shifts)
    seen.clock_off_after = clock_off(plan, by);
  const auto after = totals();
  for (const auto& [name, total] : before)
    if (const auto now = after.find(name); now != after.end())
      seen.counters[name] = {total, now->second};
  seen.facts = journals(plan, seen, by);
}

status drill_desk::break_it(const drill_plan& plan, const control::caller& who, drill_seen& seen) {
  if (plan.of_actor()) {
    seen.fault_at = all_.clocks.mono();
    const auto done = parts_.house->act(who, plan.target, plan.kind == drill_kind::kill_actor ? "kill" : "hang");
    return done ? status{} : done.why();
  }
  const auto ends = ends_of(plan);
  const auto due = all_.clocks.mono() + to_ns(ahead);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto asked = all_.clocks.mono();
    const auto in = std::max<mono_ns>((due - asked) / 1'000'000, 0);
    const auto done = at_node(ends[i], who, {{"drill", plan.id}, {"what", to_string(plan.kind)}, {"for_ms", plan.length.count()}, {"in_ms", in},
                                             {"peer", ends.size() < 2 ? "" : ends[1 - i]}, {"delay_ms", plan.delay.count()},
                                             {"loss", plan.loss}, {"by_ms", plan.by.count()}});
    if (!done)
      return error{done.why().code, fmt::format("{} does not do it: {}", ends[i], done.why().context)};
    const auto told = all_.clocks.mono();
    // Counted from when it heard of it, which was between.
    const auto acts = asked + (told - asked) / 2 + in * 1'000'000;
    seen.fault_at = seen.fault_at == 0 ? acts : std::min(seen.fault_at, acts);
    seen.uncertainty = std::max(seen.uncertainty, half_of(told - asked));
  }
  (void)wait(until(seen.fault_at, all_.clocks.mono()));
  return {};
}

/// @returns false if it was broken off
bool drill_desk::watch(const drill_plan& plan, const std::map<std::string, clock_map>& by, drill_seen& seen) {
  progress("watch", plan.trait().lasts ? "the fault lasts " + to_text(plan.length) : "how the house takes it");
  const auto ends = seen.fault_at + to_ns(plan.length);
  bool goes_on = true;
  if (plan.trait().shifts) {
    goes_on = wait(until(seen.fault_at + to_ns(plan.length) / 2, all_.clocks.mono()));
    seen.clock_off = clock_off(plan, by);
  }
  goes_on = goes_on && wait(until(ends, all_.clocks.mono()));
  return goes_on && wait(watch_of(plan));
}

void drill_desk::settle(const drill_plan& plan, bool goes_on, drill_seen& seen) {
  progress("settle", "until the house is whole again");
  const auto last = all_.clocks.mono() + to_ns(plan.settle);
  for (bool first = true;; first = false) {
    auto house = look();
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
    else if (!goes_on && plan.ends_node())
      break; // it may never come back
    else
      changed_.wait_for(lock, recovery_look, [&] { return !open_; });
    if (goes_on && !broken_off_by_.empty())
      goes_on = false;
  }
}

/// By how much more than before the fault.
std::optional<milliseconds> drill_desk::clock_off(const drill_plan& plan, const std::map<std::string, clock_map>& by) const {
  const auto before = by.find(plan.target);
  const auto now = clock_of(plan.target);
  if (before == by.end() || now.mono == 0)
    return {};
  return milliseconds{now.wall - before->second.wall - (now.mono - before->second.mono) / 1'000'000};
}

std::vector<drill_fact> drill_desk::journals(const drill_plan& plan, const drill_seen& seen, const std::map<std::string, clock_map>& by) const {
  std::vector<drill_fact> out;
  const auto log = parts_.house->log({{"newest", most_lines}, {"subject", ""}, {"kind", ""}, {"level", "debug"}});
  if (!log || !log->is_array())
    return out;
  const auto now = all_.clocks.mono();
  const auto is_of_it = [&](mono_ns x) { return x > seen.fault_at - one_second && x <= now + one_second; };
  for (const auto& x : *log) {
    const auto at = x.is_object() ? x.value("at", json()) : json();
    const auto node = text_in(x, "node").empty() ? self_ : text_in(x, "node");
    const auto known = by.find(node);
    if (!at.is_number() || known == by.end())
      continue;
    auto mono = known->second.mono + (at.get<wall_ms>() - known->second.wall) * 1'000'000;
    // Written while its clock was wrong.
    if (plan.trait().shifts && node == plan.target && !is_of_it(mono))
      mono -= to_ns(plan.by);
    if (is_of_it(mono))
      out.push_back({mono, node, text_in(x, "kind"), text_in(x, "subject"), text_in(x, "text")});
  }
  return out;
}

} // namespace troupe::daemon
