#include "actors/supervision/core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::supervision {

const char* to_string(action::kind x) noexcept {
  switch (x) {
    case action::kind::start: return "start";
    case action::kind::stop: return "stop";
    case action::kind::kill: return "kill";
    case action::kind::abandon: return "abandon";
    case action::kind::quarantine: return "quarantine";
    case action::kind::rest: return "rest";
    case action::kind::forget: return "forget";
    case action::kind::grant: return "grant";
    case action::kind::finished: return "finished";
    case action::kind::failed: return "failed";
  }
  return "?";
}

core::core(rules r) : rules_(r), chance_(r.seed) {}

// --- what happened -----------------------------------------------------------

child_key core::add(child_rules x, mono_ns now) {
  auto k = next_++;
  auto& c = children_[k];
  c.of = std::move(x);
  ++untried_;
  settle(k, now);
  return k;
}

void core::started(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c || c->now_is != phase::starting)
    return; // overtaken by a stop
  c->now_is = phase::up;
  c->passes_at = now + to_ns(rules_.backoff.forgiven_after);
  tried(*c);
  settle(k, now);
}

void core::ended(child_key k, end how, const std::string& why, mono_ns now, bool back_up) {
  auto c = find(k);
  if (!c)
    return;
  tried(*c);
  c->hung = c->killing = false;
  if (c->now_is == phase::stopping)
    return stopped(k, now); // it was on its way out anyhow
  if (c->now_is == phase::quarantined)
    return; // down it was and down it stays
  c->now_is = back_up ? phase::up : phase::down;
  c->granted -= back_up && c->granted > 0 ? 1 : 0;
  c->deadline = never;
  if (ending_ || c->wanted != goal::up)
    return settle(k, now);
  switch (decide_fate(c->of.when, how)) {
    case fate::forget: c->wanted = goal::gone; break;
    case fate::rest: c->wanted = goal::rest; break;
    case fate::again: failed(k, *c, how, why, now, back_up); break;
  }
  settle(k, now);
}

void core::stopped(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c || c->now_is != phase::stopping)
    return;
  c->now_is = phase::down;
  c->bounce = c->killing = false;
  c->deadline = never;
  settle(k, now);
}

void core::hung(child_key k, const std::string& why, mono_ns now) {
  auto c = find(k);
  if (!c || c->hung || (c->now_is != phase::up && c->now_is != phase::starting))
    return;
  if (c->of.pre_emptible) {
    emit(action::kind::abandon, k, why);
    return ended(k, end::hung, why, now);
  }
  c->hung = true;
  if (rules_.intensity.escalate)
    escalate(fmt::format("'{}' is hung and has no thread of its own: {}", c->of.id, why),
             now);
}

void core::answered(child_key k) {
  if (auto c = find(k))
    c->hung = false;
}

void core::tick(mono_ns now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    auto k = agenda_.begin()->second;
    auto& c = children_.at(k);
    agenda_.erase(agenda_.begin());
    c.due = never;
    if (c.deadline <= now && !c.killing) {
      c.killing = true;
      // A handler that is running cannot be ended; it gets as long again.
      c.deadline = now + to_ns(c.of.stop_within);
      emit(action::kind::kill, k, fmt::format("did not stop within {} ms",
                                              c.of.stop_within.count()));
    } else if (c.deadline <= now) {
      emit(action::kind::abandon, k, "could not be ended");
      ended(k, end::killed, "could not be ended", now);
      continue; // the child may be gone
    } else if (c.retry_at <= now) {
      let_go(k, c, false, now);
    } else {
      if (auto at = c.pace.forgiven_at(rules_.backoff); at && *at <= now)
        c.pace.forgive();
      if (c.probation && c.passes_at <= now) {
        c.probation = false;
        c.failures.forget();
      }
    }
    settle(k, now);
  }
}

void core::failed(child_key k, child& c, end how, const std::string& why, mono_ns now,
                  bool back_up) {
  auto& window = rules_.intensity.escalate ? failures_ : c.failures;
  window.note(now, rules_.intensity);
  c.flaps.note(now);
  auto pause = c.pace.failed(now, rules_.backoff, chance_);
  if (c.probation || window.too_often(now, rules_.intensity)) {
    auto reason
      = c.probation
          ? fmt::format("'{}' failed again after quarantine ({}: {})", c.of.id,
                        to_string(how), why)
          : fmt::format("'{}' {}: {} (limit: {} in {} s)", c.of.id,
                        to_string(how), why, rules_.intensity.restarts,
                        std::chrono::duration<double>{rules_.intensity.period}.count());
    if (rules_.intensity.escalate)
      return escalate(reason, now);
    auto slow = rules_.intensity.retry_quarantined;
    return hold(k, c, reason, slow.count() > 0 ? now + to_ns(slow) : never);
  }
  c.not_before = back_up ? now : now + to_ns(pause);
  bounce_others(k, c.not_before);
}

void core::bounce_others(child_key k, mono_ns not_before) {
  if (rules_.how == strategy::one_for_one)
    return;
  for (auto& [other, c] : children_) {
    if (other == k || !concerned(k, other) || c.now_is == phase::quarantined
        || c.wanted == goal::gone)
      continue;
    if (c.of.when == restart::temporary) {
      c.wanted = goal::gone;
      continue;
    }
    c.wanted = goal::up;
    c.bounce = c.now_is == phase::up || c.now_is == phase::starting;
    c.not_before = std::max(c.not_before, not_before);
  }
}

void core::hold(child_key k, child& c, const std::string& why, mono_ns retry_at) {
  c.wanted = goal::held;
  c.why = why;
  c.retry_at = retry_at;
  c.held_by = k;
  if (rules_.how == strategy::one_for_one)
    return;
  for (auto& [other, x] : children_) {
    if (other == k || !concerned(k, other) || x.now_is == phase::quarantined
        || x.wanted == goal::gone)
      continue;
    x.wanted = x.of.when == restart::temporary ? goal::gone : goal::held;
    x.held_by = k;
    x.why = fmt::format("waits for '{}', which is quarantined", c.of.id);
  }
}

void core::escalate(const std::string& why, mono_ns now) {
  if (ending_)
    return;
  failure_ = why;
  stop_all(now);
}

// --- by hand -----------------------------------------------------------------

void core::restart_child(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c || ending_ || c->wanted == goal::gone)
    return;
  if (c->now_is == phase::quarantined)
    return release_child(k, now);
  c->wanted = goal::up;
  c->not_before = now; // a hand on the button ends the pause
  c->bounce = c->now_is == phase::up || c->now_is == phase::starting;
  bounce_others(k, now);
  settle(k, now);
}

void core::kill_child(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c || c->killing || (c->now_is != phase::up && c->now_is != phase::starting))
    return;
  c->killing = true;
  c->deadline = now + to_ns(c->of.stop_within);
  emit(action::kind::kill, k, "by hand");
  note_due(k, *c);
}

void core::quarantine_child(child_key k, const std::string& why, mono_ns now) {
  auto c = find(k);
  if (!c || ending_ || c->wanted == goal::gone)
    return;
  // Who put it there by hand takes it out by hand.
  hold(k, *c, why, never);
  settle(k, now);
}

void core::release_child(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c || ending_ || c->wanted != goal::held)
    return;
  // Who is held for the sake of another is released with it.
  auto culprit = c->held_by;
  if (auto other = find(culprit); other && other->wanted == goal::held)
    let_go(culprit, *other, true, now);
  settle(k, now);
}

void core::let_go(child_key k, child& c, bool forgive, mono_ns now) {
  c.probation = !forgive;
  if (forgive) {
    c.pace.forgive();
    c.failures.forget();
  }
  c.retry_at = never;
  auto free = [&](child& x) {
    x.wanted = goal::up;
    x.not_before = now;
    x.held_by = 0;
    if (x.now_is == phase::quarantined)
      x.now_is = phase::down;
  };
  free(c);
  if (rules_.how != strategy::one_for_one)
    for (auto& [other, x] : children_)
      if (x.wanted == goal::held && x.held_by == k)
        free(x);
}

void core::remove_child(child_key k, mono_ns now) {
  auto c = find(k);
  if (!c)
    return;
  // Those that are held for its sake would wait for ever.
  if (c->wanted == goal::held && c->held_by == k)
    let_go(k, *c, true, now);
  if (c->now_is == phase::quarantined)
    c->now_is = phase::down;
  c->wanted = goal::gone;
  settle(k, now);
}

void core::stop_all(mono_ns now) {
  ending_ = true;
  for (auto& [k, c] : children_) {
    c.wanted = goal::gone;
    c.retry_at = never;
    if (c.now_is == phase::quarantined)
      c.now_is = phase::down;
  }
  settle_all(now);
}

// --- from wishes to actions --------------------------------------------------

void core::settle(child_key k, mono_ns now) {
  if (ordered())
    return settle_all(now);
  auto c = find(k);
  if (!c)
    return;
  if (settle_stop(k, *c, now) || settle_down(k, *c))
    return;
  if (c->now_is == phase::down && c->wanted == goal::up && c->not_before <= now)
    start(k, *c);
  grant(k, *c, now);
  note_due(k, *c);
}

void core::settle_all(mono_ns now) {
  while (ending_ && !children_.empty()) {
    auto& [k, c] = *std::prev(children_.end());
    if (settle_stop(k, c, now))
      return;
    settle_down(k, c); // erases it
  }
  if (ending_)
    return finish();
  // Stops first, one at a time, last to first.
  for (auto i = children_.rbegin(); i != children_.rend(); ++i)
    if (settle_stop(i->first, i->second, now))
      return;
  for (auto i = children_.begin(); i != children_.end();) {
    auto k = i->first;
    auto& c = i->second;
    ++i; // settle_down may erase
    settle_down(k, c);
  }
  // Then starts, one at a time, first to last.
  for (auto& [k, c] : children_) {
    const bool waits = c.wanted == goal::up && c.now_is != phase::up;
    if (waits && c.now_is == phase::down && c.not_before <= now)
      start(k, c);
    note_due(k, c);
    if (waits)
      return;
  }
}

void core::start(child_key k, child& c) {
  c.now_is = phase::starting;
  c.rested = false;
  emit(action::kind::start, k);
}

/// Asks a child to stop if it has to. @returns true while it has not stopped.
bool core::settle_stop(child_key k, child& c, mono_ns now) {
  if (c.now_is == phase::stopping) {
    note_due(k, c);
    return true;
  }
  if (c.now_is != phase::up && c.now_is != phase::starting)
    return false;
  if (c.wanted == goal::up && !c.bounce)
    return false;
  tried(c);
  c.now_is = phase::stopping;
  c.killing = c.hung = false;
  c.granted = 0;
  c.deadline = now + to_ns(c.of.stop_within);
  emit(action::kind::stop, k);
  note_due(k, c);
  return true;
}

/// Gives a child that is down the end it shall have. @returns true if it has one.
bool core::settle_down(child_key k, child& c) {
  if (c.now_is != phase::down || c.wanted == goal::up)
    return false;
  switch (c.wanted) {
    case goal::gone:
      emit(action::kind::forget, k);
      erase(k);
      return true;
    case goal::held:
      c.now_is = phase::quarantined;
      c.probation = false;
      c.granted = 0;
      tried(c);
      emit(action::kind::quarantine, k, c.why);
      break;
    case goal::rest:
      c.granted = 0;
      if (!std::exchange(c.rested, true))
        emit(action::kind::rest, k);
      break;
    case goal::up: break;
  }
  note_due(k, c);
  return true;
}

void core::finish() {
  if (std::exchange(over_, true))
    return;
  emit(failure_.empty() ? action::kind::finished : action::kind::failed, 0, failure_);
}

void core::grant(child_key k, child& c, mono_ns now) {
  if (ordered() || c.now_is != phase::up || c.wanted != goal::up || c.probation
      || decide_fate(c.of.when, end::crashed) != fate::again)
    return;
  auto& window = rules_.intensity.escalate ? failures_ : c.failures;
  auto count = std::min(c.pace.at_once(now, rules_.backoff),
                        window.left(now, rules_.intensity));
  if (count == c.granted)
    return;
  c.granted = count;
  actions_.push_back({action::kind::grant, k, count, {}});
}

void core::note_due(child_key k, child& c) {
  auto at = std::min(c.deadline, c.retry_at);
  if (c.now_is == phase::down && c.wanted == goal::up)
    at = std::min(at, c.not_before);
  if (c.now_is == phase::up)
    if (auto forgiven = c.pace.forgiven_at(rules_.backoff))
      at = std::min(at, *forgiven);
  if (c.now_is == phase::up && c.probation)
    at = std::min(at, c.passes_at);
  if (at == c.due)
    return;
  if (c.due != never)
    agenda_.erase({c.due, k});
  c.due = at;
  if (at != never)
    agenda_.emplace(at, k);
}

void core::erase(child_key k) {
  auto i = children_.find(k);
  tried(i->second);
  if (i->second.due != never)
    agenda_.erase({i->second.due, k});
  children_.erase(i);
}

void core::tried(child& c) {
  untried_ -= std::exchange(c.untried, false) ? 1 : 0;
}

void core::emit(action::kind what, child_key k, std::string why) {
  actions_.push_back({what, k, 0, std::move(why)});
}

bool core::ordered() const {
  return ending_ || rules_.how != strategy::one_for_one;
}

bool core::concerned(child_key by, child_key k) const {
  switch (rules_.how) {
    case strategy::one_for_one: return false;
    case strategy::one_for_all: return true;
    case strategy::rest_for_one: return k > by;
  }
  return false;
}

core::child* core::find(child_key k) {
  auto i = children_.find(k);
  return i != children_.end() ? &i->second : nullptr;
}

const core::child* core::find(child_key k) const {
  auto i = children_.find(k);
  return i != children_.end() ? &i->second : nullptr;
}

std::vector<action> core::take() {
  return std::exchange(actions_, {});
}

std::optional<mono_ns> core::due() const {
  if (agenda_.empty())
    return std::nullopt;
  return agenda_.begin()->first;
}

std::optional<core::phase> core::state_of(child_key k) const {
  auto c = find(k);
  return c ? std::optional{c->now_is} : std::nullopt;
}

bool core::marked_hung(child_key k) const {
  auto c = find(k);
  return c && c->hung;
}

double core::flap(child_key k, mono_ns now) const {
  auto c = find(k);
  return c ? c->flaps.value(now) : 0;
}

} // namespace troupe::supervision
