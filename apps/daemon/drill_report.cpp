#include "apps/daemon/drill_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace troupe::daemon {

namespace {

using json = nlohmann::json;

constexpr std::string_view answers_again = "answers again"; ///< what supervision says of an actor that hung

/// What an output is whose node has ended.
const char* dark_word(const drill_plan& plan) { return plan.kind == drill_kind::power_cycle ? "without power" : "without its node"; }

double since(const drill_seen& seen, mono_ns at) { return std::max(0.0, std::round(static_cast<double>(at - seen.fault_at) / 1e5) / 10); }

/// "rule/x: node b acts (round 7): ..." -> "b"
std::string node_after(const std::string& text, const std::string& start) {
  if (!text.starts_with(start))
    return {};
  return text.substr(start.size(), text.find(' ', start.size()) - start.size());
}

template <class Fits>
const drill_fact* first(const std::vector<drill_fact>& all, Fits fits) {
  const auto found = std::find_if(all.begin(), all.end(), fits);
  return found == all.end() ? nullptr : &*found;
}

/// @returns nothing if control stayed where it was, and this drill does not take it away
std::optional<drill_takeover> takeover_of(const drill_plan& plan, const drill_seen& seen, const drill_picture::rule& rule, const std::string& output) {
  drill_takeover x;
  x.rule = rule.name;
  x.output = output;
  x.from = rule.acts;
  x.limit = drill_limit(plan, rule.pace);
  const auto source = "rule/" + rule.name + ": ";
  const auto* owner = first(seen.facts, [&](const auto& f) { return f.kind == "owner" && f.subject == output && f.text.starts_with(source + "node "); });
  const auto* vacant = first(seen.facts, [&](const auto& f) {
    return f.kind == "vacant" && f.subject == output && f.text.starts_with(source) && (owner == nullptr || f.at <= owner->at);
  });
  if (owner == nullptr && vacant == nullptr && !plan.takes_control())
    return {};
  if (owner != nullptr) {
    x.decided_ms = since(seen, owner->at);
    x.to = node_after(owner->text, source + "node ");
    x.detected_ms = vacant != nullptr ? since(seen, vacant->at) : *x.decided_ms; // a later start of the same actor
    const auto* effect = first(seen.facts, [&](const auto& f) {
      return f.kind == "effect" && f.subject == output && f.at >= owner->at && f.text.starts_with(source + "node ");
    });
    if (effect != nullptr)
      x.effective_ms = since(seen, effect->at);
  } else if (vacant != nullptr) {
    x.detected_ms = since(seen, vacant->at);
  }
  // Where nothing has to be taken over, nobody knows when it should have been noticed.
  const auto from = plan.takes_control() ? 0 : x.detected_ms.value_or(0);
  const auto allowed = x.limit;
  x.limit += milliseconds{static_cast<std::int64_t>(from)};
  if (!x.decided_ms)
    x.trouble = x.detected_ms ? "nobody took over" : "its output noticed nothing";
  else if (!x.effective_ms)
    x.trouble = "the successor never commanded it";
  else if (*x.effective_ms > static_cast<double>(x.limit.count() + seen.uncertainty.count()))
    x.trouble = fmt::format("took {:.0f} ms, at most {} ms were allowed", *x.effective_ms - from, allowed.count());
  return x;
}

void slowest(std::optional<double>& all, const std::optional<double>& one) {
  if (one)
    all = std::max(all.value_or(0), *one);
}

[[nodiscard]] bool is_wired(const drill_seen& seen, const std::string& output) {
  return std::find(seen.wired.begin(), seen.wired.end(), output) != seen.wired.end();
}

/// Driven again: a roaming rule's first command was obeyed, or it shows something
/// that is not what it begins with. Else all that is known is that its node is back.
void read_dark(const drill_seen& seen, drill_result& out) {
  for (const auto& output : seen.wired) {
    const auto* driven = first(seen.facts, [&](const auto& f) {
      return f.subject == output && f.at > seen.fault_at
             && (f.kind == "effect" || (f.kind == "output" && f.text.find(" -> ") != f.text.npos && f.text.find(" by the safe state") == f.text.npos));
    });
    out.dark.push_back({output, driven != nullptr ? std::optional{since(seen, driven->at)} : out.back_ms});
  }
  for (const auto& x : out.dark)
    if (x.for_ms)
      slowest(out.dark_ms, x.for_ms);
  if (std::any_of(out.dark.begin(), out.dark.end(), [](const auto& x) { return !x.for_ms; }))
    out.dark_ms.reset();
}

/// Their safe state is what they begin with when their power is back.
[[nodiscard]] bool is_dark(const drill_seen& seen, const drill_result& out, const drill_fact& f) {
  const auto at = since(seen, f.at);
  return std::any_of(out.dark.begin(), out.dark.end(), [&](const auto& x) { return x.output == f.subject && (!x.for_ms || at <= *x.for_ms); });
}

/// "off -> on by rule/x", "on -> off by the safe state", "45 -> 0 (ramp of 900 ms, 50 % a second) by the safe state"
void read_safe(const drill_seen& seen, drill_result& out) {
  for (const auto& f : seen.facts) {
    const auto arrow = f.text.find(" -> ");
    if (f.kind != "output" || f.at < seen.fault_at || arrow == f.text.npos)
      continue; // the end of a ramp, or what held it back: it shows what it showed
    for (auto& x : out.safe)
      if (x.output == f.subject && !x.for_ms)
        x.for_ms = since(seen, f.at) - x.from_ms;
    if (const auto by = f.text.rfind(" by the safe state"); by != f.text.npos && !is_dark(seen, out, f))
      out.safe.push_back({f.subject, f.text.substr(arrow + 4, std::min(by, f.text.find(" (", arrow)) - arrow - 4), since(seen, f.at), {}});
  }
}

/// "does not act on 3 edges of hall/button: ..."
std::uint64_t edges_lost_in(const drill_fact& f) {
  constexpr std::string_view start = "does not act on ";
  std::uint64_t n = 0;
  if (f.kind == "rule" && f.text.starts_with(start) && f.text.find(" edges of ") != f.text.npos)
    std::from_chars(f.text.data() + start.size(), f.text.data() + f.text.size(), n);
  return n;
}

bool is_drawn(const drill_plan& plan, const drill_fact& f) {
  for (const auto* kind : {"owner", "vacant", "effect", "node", "rule", "crash", "restart", "hung", "quarantine", "alarm", "start", "drill", "output", "replica", "restore", "clock"})
    if (f.kind == kind)
      return f.kind != "restart" || !plan.of_actor() || f.subject == plan.target;
  return false;
}

/// A new incarnation runs; or, where a thread cannot be taken away, the old one "answers again".
void read_actor(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  const auto of_it = [&](const drill_fact& f, const char* kind) { return f.subject == plan.target && f.kind == kind; };
  if (const auto* x = first(seen.facts, [&](const auto& f) { return of_it(f, "hung") && f.text != answers_again; }))
    out.hung_ms = since(seen, x->at);
  if (const auto* x = first(seen.facts, [&](const auto& f) { return of_it(f, "restart") || (of_it(f, "hung") && f.text == answers_again); }))
    out.restarted_ms = since(seen, x->at);
}

/// "The store at ... takes no configuration now", "store at ... writes again"
void read_store(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  const auto* full = first(seen.facts, [&](const auto& f) {
    return f.node == plan.target && f.kind == "alarm" && f.text.starts_with("The store at ") && f.text.find(" takes no configuration ") != f.text.npos;
  });
  if (full == nullptr)
    return;
  out.degraded_ms = since(seen, full->at);
  if (const auto* x = first(seen.facts, [&](const auto& f) { return f.node == plan.target && f.kind == "restore" && f.at >= full->at; }))
    out.restored_ms = since(seen, x->at);
}

/// A fault that met nothing has shown nothing.
void judge_disk(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  if (plan.kind == drill_kind::slow_disk && !seen.writes_slowed)
    out.why.push_back(fmt::format("{} did not say at the end what its disk met", plan.target));
  else if (plan.kind == drill_kind::slow_disk && *seen.writes_slowed == 0)
    out.why.push_back(fmt::format("nothing was written on {} meanwhile: this has shown nothing", plan.target));
  if (plan.kind != drill_kind::fill_disk)
    return;
  if (!out.degraded_ms)
    out.why.push_back(fmt::format("the store of {} did not say that it is degraded", plan.target));
  else if (!out.restored_ms)
    out.why.push_back(fmt::format("the store of {} did not say that it writes again", plan.target));
}

void judge_clock(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  constexpr milliseconds as_before{1000};
  if (!plan.trait().shifts)
    return;
  if (!seen.clock_off || !seen.clock_off_after)
    out.why.push_back(fmt::format("the clock of {} could not be read", plan.target));
  else if (std::chrono::abs(*seen.clock_off_after) > as_before + seen.uncertainty)
    out.why.push_back(fmt::format("the clock of {} is still {} ms off", plan.target, seen.clock_off_after->count()));
}

/// How long a board may be without power nobody but its owner knows.
void judge_dark(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  if (plan.limit.count() == 0)
    return;
  for (const auto& x : out.dark)
    if (!x.for_ms || *x.for_ms > static_cast<double>(plan.limit.count() + seen.uncertainty.count()))
      out.why.push_back(fmt::format("{} was {} {}, at most {} ms were allowed", x.output, dark_word(plan),
                                    x.for_ms ? fmt::format("for {:.0f} ms", *x.for_ms) : "to the end", plan.limit.count()));
}

void judge_drill(const drill_plan& plan, const drill_seen& seen, drill_result& out) {
  for (const auto& x : out.takeovers)
    if (!x.trouble.empty()) {
      ++out.late;
      out.why.push_back(fmt::format("{} for {}: {}", x.rule, x.output, x.trouble));
    }
  if (plan.of_actor() && out.takeovers.empty()) {
    const auto limit = drill_limit(plan, "");
    if (!out.restarted_ms)
      out.why.push_back(fmt::format("{} {}", plan.target, plan.kind == drill_kind::hang_actor ? "does not answer" : "was not started again"));
    else if (*out.restarted_ms > static_cast<double>(limit.count() + seen.uncertainty.count()))
      out.why.push_back(fmt::format("{} ran again after {:.0f} ms, at most {} ms were allowed", plan.target, *out.restarted_ms, limit.count()));
    if (plan.kind == drill_kind::hang_actor && !out.hung_ms)
      out.why.push_back(fmt::format("nobody noticed that {} hung", plan.target));
  }
  judge_dark(plan, seen, out);
  judge_disk(plan, seen, out);
  judge_clock(plan, seen, out);
  for (const auto& x : out.safe)
    if (!plan.even_so)
      out.why.push_back(fmt::format("{} went to its safe state{}", x.output, x.for_ms ? fmt::format(" for {:.0f} ms", *x.for_ms) : ""));
  if (out.edges_lost > 0)
    out.why.push_back(fmt::format("rules did not act on {} edges of their inputs; `troupe log --kind rule` says which", out.edges_lost));
  for (const auto& x : out.lost_counts)
    out.why.push_back(x + " shows less than before");
  for (const auto& x : seen.still_ill)
    out.why.push_back("not whole again: " + x);
  if (!seen.broken_off.empty())
    out.why.push_back("broken off: " + seen.broken_off);
  out.passed = out.why.empty();
  if (out.passed && !out.dark.empty())
    out.why.push_back(fmt::format("{} output{} of {} {} {}, {}{}", out.dark.size(), out.dark.size() == 1 ? "" : "s", plan.target,
                                  out.dark.size() == 1 ? "was" : "were", dark_word(plan),
                                  out.dark_ms ? fmt::format("for {:.0f} ms at the longest", *out.dark_ms) : "to the end",
                                  plan.limit.count() > 0 ? "" : "; --limit judges that"));
  if (out.passed && out.takeovers.empty() && !plan.of_actor())
    out.why.push_back(plan.takes_control() ? "no rule that may run elsewhere acted there: there was nothing to take over"
                                           : "every rule went on where it was");
}

template <class T>
json or_null(const std::optional<T>& x) {
  return x ? json(*x) : json();
}

} // namespace

drill_result evaluate(const drill_plan& plan, drill_seen seen) {
  drill_result out;
  std::stable_sort(seen.facts.begin(), seen.facts.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  const auto earliest = seen.fault_at - to_ns(seen.uncertainty);
  std::erase_if(seen.facts, [&](const auto& f) { return f.at < earliest; });
  for (const auto& rule : seen.concerned)
    for (const auto& output : rule.outputs)
      if (is_wired(seen, output))
        continue; // nobody could have taken it over
      else if (auto x = takeover_of(plan, seen, rule, output))
        out.takeovers.push_back(std::move(*x));
  for (const auto& x : out.takeovers) {
    slowest(out.detected_ms, x.detected_ms);
    slowest(out.decided_ms, x.decided_ms);
    slowest(out.effective_ms, x.effective_ms);
  }
  const auto of_target = [&](const drill_fact& f) { return f.kind == "node" && (f.subject == plan.target || f.subject == plan.peer); };
  const auto* down = first(seen.facts, [&](const auto& f) { return of_target(f) && f.text.find("-> down") != f.text.npos; });
  if (down != nullptr) {
    out.down_ms = since(seen, down->at);
    if (const auto* x = first(seen.facts, [&](const auto& f) { return of_target(f) && f.at >= down->at && f.text.find("-> alive") != f.text.npos; }))
      out.back_ms = since(seen, x->at);
  }
  if (plan.of_actor())
    read_actor(plan, seen, out);
  read_dark(seen, out);
  read_safe(seen, out);
  read_store(plan, seen, out);
  for (const auto& f : seen.facts)
    out.edges_lost += edges_lost_in(f);
  for (const auto& [name, total] : seen.counters)
    if (total.second < total.first)
      out.lost_counts.push_back(name);
  for (const auto& f : seen.facts)
    if (is_drawn(plan, f) && out.timeline.size() < most_drill_facts)
      out.timeline.push_back(f);
  judge_drill(plan, seen, out);
  return out;
}

json to_json(const drill_plan& plan, const drill_seen& seen, const drill_result& x) {
  json out{{"passed", x.passed}, {"why", x.why}, {"uncertainty_ms", seen.uncertainty.count()}, {"late", x.late}, {"edges_lost", x.edges_lost},
           {"length_ms", since(seen, seen.ended_at)}, {"detected_ms", or_null(x.detected_ms)}, {"decided_ms", or_null(x.decided_ms)},
           {"effective_ms", or_null(x.effective_ms)}, {"down_ms", or_null(x.down_ms)}, {"back_ms", or_null(x.back_ms)},
           {"restarted_ms", or_null(x.restarted_ms)}, {"hung_ms", or_null(x.hung_ms)}, {"degraded_ms", or_null(x.degraded_ms)}, {"restored_ms", or_null(x.restored_ms)},
           {"broken_off", seen.broken_off}};
  if (seen.writes_slowed || seen.writes_refused)
    out["disk"] = {{"slowed", seen.writes_slowed.value_or(0)}, {"refused", seen.writes_refused.value_or(0)}};
  if (seen.clock_off && seen.clock_off_after)
    out["clock"] = {{"off_ms", seen.clock_off->count()}, {"after_ms", seen.clock_off_after->count()}};
  auto& takeovers = out["takeovers"] = json::array();
  milliseconds limit{0};
  for (const auto& t : x.takeovers) {
    limit = std::max(limit, t.limit);
    takeovers.push_back({{"rule", t.rule}, {"output", t.output}, {"from", t.from}, {"to", t.to}, {"limit_ms", t.limit.count()},
                         {"detected_ms", or_null(t.detected_ms)}, {"decided_ms", or_null(t.decided_ms)}, {"effective_ms", or_null(t.effective_ms)},
                         {"trouble", t.trouble}});
  }
  if (takeovers.empty() && plan.of_actor())
    limit = drill_limit(plan, "");
  out["limit_ms"] = limit.count() > 0 ? json(limit.count()) : json();
  out["limit_by"] = plan.limit.count() > 0 ? "given" : "class";
  auto& safe = out["safe"] = json::array();
  for (const auto& s : x.safe)
    safe.push_back({{"output", s.output}, {"value", s.value}, {"from_ms", s.from_ms}, {"for_ms", or_null(s.for_ms)}});
  auto& dark = out["dark"] = json::array();
  for (const auto& d : x.dark)
    dark.push_back({{"output", d.output}, {"for_ms", or_null(d.for_ms)}});
  out["dark_ms"] = or_null(x.dark_ms);
  auto& counters = out["counters"] = json::array();
  for (const auto& [name, total] : seen.counters)
    if (counters.size() < 100)
      counters.push_back({{"name", name}, {"before", total.first}, {"after", total.second}});
  auto& timeline = out["timeline"] = json::array();
  for (const auto& f : x.timeline)
    timeline.push_back({{"ms", since(seen, f.at)}, {"node", f.node}, {"kind", f.kind}, {"subject", f.subject}, {"text", f.text.substr(0, 300)}});
  return out;
}

} // namespace troupe::daemon
