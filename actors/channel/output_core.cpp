#include "actors/channel/output_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {

output_core::output_core(channel_config config, memory m)
  : config_(std::move(config)), m_(std::move(m)) {}

void output_core::begin(const std::optional<value>& shows, mono_ns now) {
  m_.effective = shows.value_or(config_.safe);
  // How long it has shown that is unknown: assume that it changed just now.
  m_.changed_at = now;
  if (!shows || *shows == config_.safe)
    return;
  priority_array::slot x;
  x.source = "startup";
  x.val = *shows;
  x.lease = heartbeat();
  x.story = std::make_shared<const std::vector<storage::step>>(
    1, storage::step{"start", config_.name, "shows " + to_string(*shows) + " from before", 0});
  (void)m_.array.put(std::move(x), now); // the first of 32
}

status output_core::check(const value& x) const {
  if (x.kind != config_.kind)
    return error{errc::invalid_argument,
                 fmt::format("'{}' is {}, not {}", config_.name, to_string(config_.kind),
                             to_string(x.kind))};
  if (x.kind != value_kind::analog)
    return {};
  if (!std::isfinite(x.real) || (config_.minimum && x.real < *config_.minimum)
      || (config_.maximum && x.real > *config_.maximum))
    return error{errc::invalid_argument,
                 fmt::format("'{}': {} is outside {} to {}", config_.name, x.real,
                             config_.minimum ? fmt::format("{}", *config_.minimum) : "-",
                             config_.maximum ? fmt::format("{}", *config_.maximum) : "-")};
  return {};
}

command_answer output_core::apply(const command& x, mono_ns now) {
  const auto refuse = [&](errc code, std::string why) {
    return command_answer{code, std::move(why), m_.effective};
  };
  if (x.source.empty())
    return refuse(errc::invalid_argument, "the command does not say who sends it");
  if (x.val.empty()) {
    m_.array.relinquish(x.source);
    return refuse(errc::none, "");
  }
  if (x.priority < priority_array::highest || x.priority > priority_array::lowest)
    return refuse(errc::invalid_argument,
                  fmt::format("priority {} is outside 1 to 16", x.priority));
  if (const auto fits = check(x.val); !fits)
    return refuse(fits.why().code, fits.why().context);
  if (x.lease.count() < 0 || x.lease > std::chrono::hours{24 * 366})
    return refuse(errc::invalid_argument,
                  fmt::format("a lease of {} ms is outside 0 to one year", x.lease.count()));
  priority_array::slot s;
  s.source = x.source;
  s.priority = x.priority;
  s.val = x.val;
  s.lease = to_ns(x.lease);
  s.story = std::make_shared<const std::vector<storage::step>>(x.story);
  if (const auto kept = m_.array.put(std::move(s), now); !kept)
    return refuse(kept.why().code, kept.why().context);
  return refuse(errc::none, "");
}

void output_core::remember_answer(const std::string& id, const command_answer& answer) {
  if (id.empty())
    return;
  m_.ids.emplace_back(id, answer);
  if (m_.ids.size() > remembered_ids)
    m_.ids.pop_front();
}

command_answer output_core::force(const std::optional<value>& x, const std::string& who) {
  if (x)
    if (const auto fits = check(*x); !fits)
      return {fits.why().code, fits.why().context, m_.effective};
  m_.forced = x;
  m_.forced_by = who;
  return {errc::none, "", m_.effective};
}

void output_core::on_guarded(mono_ns now) {
  if (m_.effective == config_.safe)
    return;
  m_.effective = config_.safe;
  m_.changed_at = now;
  m_.stepped_at = 0;
}

mono_ns output_core::heartbeat() const {
  return config_.lease.count() > 0 ? to_ns(config_.lease) : to_ns(milliseconds{5000});
}

mono_ns output_core::hold_until(bool on) const {
  const auto least = on ? config_.min_on : config_.min_off;
  return least.count() > 0 ? m_.changed_at + to_ns(least) : 0;
}

output_core::decision output_core::decide(mono_ns now, const forbids& interlock) {
  decision d;
  d.ended = m_.array.expire(now);
  const auto* top = m_.array.winner();
  value wish = config_.safe;
  if (m_.forced) {
    wish = *m_.forced;
    d.winner = "forced";
  } else if (top) {
    wish = top->val;
    d.winner = top->source;
    d.story = top->story;
  }
  if (counts_as_on(wish) && wish != config_.safe) {
    d.held_back = interlock(wish);
    d.interlocked = !d.held_back.empty();
    if (d.interlocked)
      wish = config_.safe;
  }
  mono_ns held_until = 0;
  if (config_.kind == value_kind::digital && wish != m_.effective && !d.interlocked
      && !m_.forced && !(top && top->priority <= before_minimum_times)) {
    const bool on = counts_as_on(m_.effective);
    held_until = hold_until(on);
    // No minimum time keeps on what an interlock forbids.
    if (on && now < held_until && m_.effective != config_.safe) {
      d.held_back = interlock(m_.effective);
      d.interlocked = !d.held_back.empty();
    }
    if (now < held_until && !d.interlocked) {
      d.held_back = fmt::format("stays {} for another {} ms (min-{})", on ? "on" : "off",
                                (held_until - now + 999'999) / 1'000'000, on ? "on" : "off");
      wish = m_.effective;
      d.next = held_until;
    }
  }
  if (config_.kind == value_kind::analog && config_.max_slope > 0 && wish != m_.effective
      && !m_.effective.empty()) {
    if (m_.stepped_at == 0)
      m_.stepped_at = now;
    const double step = config_.max_slope * static_cast<double>(now - m_.stepped_at) / 1e9;
    const double way = wish.real - m_.effective.real;
    m_.stepped_at = now;
    if (std::abs(way) > step) {
      wish = value::analog(m_.effective.real + std::copysign(step, way));
      d.next = now + ramp_step;
    } else
      m_.stepped_at = 0;
  } else
    m_.stepped_at = 0;
  if (wish != m_.effective) {
    m_.effective = wish;
    m_.changed_at = now;
    ++m_.changes;
    d.changed = true;
  }
  d.effective = m_.effective;
  d.next = std::min(d.next, m_.array.next_expiry());
  guard(d, now, held_until);
  return d;
}

void output_core::guard(decision& d, mono_ns now, mono_ns held_until) const {
  if (d.effective == config_.safe)
    return;
  if (m_.stepped_at != 0) {
    // A ramp lives from step to step; the unit that steps it must be alive.
    d.guard = now + ramp_step + grace;
    return;
  }
  const auto* top = m_.array.winner();
  const auto ahead = m_.array.ahead();
  if (now < held_until) {
    // Not what the winner wants, only what must not end yet.
    d.guard = top && top->val != config_.safe ? held_until + grace : held_until;
    return;
  }
  if (m_.forced || ahead.until == no_deadline) {
    // Nobody renews this wish, so the unit itself does, as long as it lives.
    d.guard = now + heartbeat();
    d.next = std::min(d.next, now + heartbeat() / 3);
  } else {
    // Where only the safe state follows, the bus alone is exact; another wish
    // or a ramp needs the unit, which may be a little late.
    const bool needs_unit = ahead.another_follows || config_.max_slope > 0;
    d.guard = needs_unit ? ahead.until + grace : ahead.until;
  }
  if (config_.kind == value_kind::digital)
    d.guard = std::max(d.guard, hold_until(counts_as_on(d.effective)));
}

command_answer output_core::answer_for(const std::string& source, const decision& d) const {
  command_answer a{errc::none, d.held_back, d.effective};
  if (d.interlocked)
    a.code = errc::interlocked;
  if (d.winner == source || d.winner.empty())
    return a;
  const auto* top = m_.array.winner();
  a.code = errc::none;
  a.text = d.winner == "forced"
             ? "forced by " + m_.forced_by
             : fmt::format("{} at priority {} stands in front", d.winner, top->priority);
  return a;
}

} // namespace troupe
