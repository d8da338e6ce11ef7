#include "actors/channel/output_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace troupe {

namespace {

priority_array::slot slot_of(const command& x, milliseconds lease) {
  priority_array::slot out;
  out.source = x.source;
  out.priority = x.priority;
  out.val = x.val;
  out.lease = to_ns(lease);
  out.story = std::make_shared<const std::vector<storage::step>>(x.story);
  return out;
}

} // namespace

output_core::output_core(channel_config config, memory m)
  : config_(std::move(config)), m_(std::move(m)) {}

void output_core::begin(const std::optional<value>& shows, mono_ns now) {
  m_.effective = shows.value_or(config_.safe);
  m_.began_at = now;
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
    // A person who takes back a wish means the pulse too; a rule that lets go of
    // what it holds, because it is stopped, does not.
    if (const auto* runs = m_.array.pulse(); runs && runs->source == x.source && x.source.starts_with("operator/"))
      m_.array.end_pulse();
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
  if (const auto kept = m_.array.put(slot_of(x, x.lease), now); !kept)
    return refuse(kept.why().code, kept.why().context);
  if (x.source != held)
    m_.array.relinquish(held); // somebody commands it again
  return refuse(errc::none, "");
}

/// What is wrong with it at any time.
status output_core::fits_pulse(const command& x) const {
  if (config_.kind != value_kind::digital)
    return error{errc::unsupported, fmt::format("'{}' is {}; only digital outputs are pulsed", config_.name, to_string(config_.kind))};
  if (config_.startup == startup_policy::hold)
    return error{errc::unsupported, fmt::format("'{}' has startup = \"hold\": nobody would end its pulse when the process ends; use safe or last", config_.name)};
  if (const auto fits = check(x.val); !fits)
    return fits.why();
  if (x.priority < priority_array::highest || x.priority > priority_array::lowest)
    return error{errc::invalid_argument, fmt::format("priority {} is outside 1 to 16", x.priority)};
  const bool on = counts_as_on(x.val);
  const auto least = std::max(shortest_pulse, on ? config_.min_on : config_.min_off);
  if (x.pulse < least || x.pulse > longest_pulse)
    return error{errc::invalid_argument,
                 fmt::format("a pulse of {} ms is outside {} ms ({}) to one hour", x.pulse.count(), least.count(),
                             least == shortest_pulse ? "the shortest" : on ? "min-on" : "min-off")};
  if (x.age < milliseconds{0} || x.age > oldest_pulse)
    return error{errc::invalid_argument, fmt::format("a pulse that was decided {} ms ago; at most {} are believed", x.age.count(), oldest_pulse.count())};
  return {};
}

command_answer output_core::pulse(const command& x, mono_ns now, const forbids& interlock) {
  const auto refuse = [&](errc code, std::string why) { return command_answer{code, std::move(why), m_.effective}; };
  if (x.source.empty())
    return refuse(errc::invalid_argument, "the pulse does not say who sends it");
  if (const auto fits = fits_pulse(x); !fits)
    return refuse(fits.why().code, fits.why().context);
  // By this clock alone: the newest tick that its controller had heard when it sent.
  const auto sent = x.pass.echo > 0 ? std::min(now, x.pass.echo) : now;
  if (config_.pulses == pulse_policy::at_most_once && sent - to_ns(x.age) < m_.began_at)
    return refuse(errc::fenced, fmt::format("it was decided before '{}' started {} ms ago, and nobody can tell whether it was done (pulses = \"at-most-once\")",
                                                   config_.name, (now - m_.began_at) / 1'000'000));
  if (const auto* runs = m_.array.pulse())
    return refuse(errc::busy, fmt::format("a pulse of {} runs for another {} ms; it is not begun anew", runs->source, (runs->until - now + 999'999) / 1'000'000));
  if (m_.forced)
    return refuse(errc::busy, "forced by " + m_.forced_by);
  if (const auto* top = m_.array.winner(); top && top->priority < x.priority)
    return refuse(errc::busy, fmt::format("{} at priority {} stands in front", top->source, top->priority));
  if (m_.effective == x.val)
    return refuse(errc::busy, fmt::format("it is {} already: nothing would be seen of the pulse", to_string(x.val)));
  if (counts_as_on(x.val) && x.val != config_.safe)
    if (const auto why = interlock(x.val); !why.empty())
      return refuse(errc::interlocked, why);
  const bool is_on = counts_as_on(m_.effective);
  if (const auto until = hold_until(is_on); x.priority > before_minimum_times && now < until)
    return refuse(errc::busy, fmt::format("stays {} for another {} ms (min-{})", is_on ? "on" : "off", (until - now + 999'999) / 1'000'000, is_on ? "on" : "off"));
  auto s = slot_of(x, x.pulse);
  s.pulse = true;
  if (const auto kept = m_.array.put(std::move(s), now); !kept)
    return refuse(kept.why().code, kept.why().context);
  return {errc::none, fmt::format("a pulse of {} ms", x.pulse.count()), x.val};
}

namespace {

void add_bounded(std::deque<std::pair<std::string, command_answer>>& all, const std::string& id, const command_answer& answer) {
  if (id.empty())
    return;
  all.emplace_back(id, answer);
  if (all.size() > output_core::remembered_ids)
    all.pop_front();
}

} // namespace

void output_core::remember_answer(const std::string& id, const command_answer& answer) { add_bounded(m_.ids, id, answer); }

void output_core::remember_pulse(const std::string& id, const command_answer& answer) { add_bounded(m_.pulses, id, answer); }

const command_answer* output_core::answered(const std::string& id) const {
  if (!id.empty())
    for (const auto* all : {&m_.pulses, &m_.ids})
      for (const auto& [known, answer] : *all)
        if (known == id)
          return &answer;
  return nullptr;
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
  m_.ramp.reset();
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
  const auto* runs = m_.array.pulse();
  const auto pulse = runs ? std::optional{*runs} : std::nullopt;
  d.ended = m_.array.expire(now);
  if (pulse && !m_.array.pulse())
    end_pulse(d, *pulse, now, true);
  hold_last(d, now);
  const auto* top = m_.array.winner();
  value wish = config_.safe;
  if (m_.forced) {
    wish = *m_.forced;
    d.winner = "forced";
  } else if (top) {
    wish = top->val;
    d.winner = top->source;
    d.story = top->story;
    d.pulse = milliseconds{top->pulse ? top->lease / 1'000'000 : 0};
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
  if (config_.kind == value_kind::analog)
    wish = on_the_way(d, wish, now);
  if (wish != m_.effective) {
    m_.effective = wish;
    m_.changed_at = now;
    ++m_.changes;
    d.changed = true;
  }
  d.effective = m_.effective;
  if (pulse && !d.pulse_over && m_.effective != pulse->val) {
    // What does not show it now must not show the rest of it later.
    m_.array.end_pulse();
    end_pulse(d, *pulse, now, false);
    d.next = now; // its slot is gone
  }
  d.next = std::min(d.next, m_.array.next_expiry());
  guard(d, now, held_until);
  return d;
}

void output_core::end_pulse(decision& d, const priority_array::slot& was, mono_ns now, bool whole) {
  const auto ran = now - (was.until - was.lease);
  d.pulse_over = pulse_end{was.source, was.story, milliseconds{was.lease / 1'000'000}, milliseconds{ran / 1'000'000}, whole};
}

/// A wish of its own, on the lowest level, for what it showed when the last of
/// the others fell silent. Who lets go of it in order wants that it ends.
void output_core::hold_last(decision& d, mono_ns now) {
  const bool pulsed = m_.array.pulse() || d.pulse_over;
  if (config_.on_silence != silence_policy::hold || d.ended.empty() || m_.forced || m_.effective.empty()
      || m_.array.slots().size() > (m_.array.pulse() ? 1u : 0u))
    return;
  // A pulse hides what it showed, and is never held.
  const auto shown = pulsed ? value::digital(!m_.effective.is_on()) : m_.effective;
  if (shown == config_.safe)
    return;
  priority_array::slot x;
  x.source = held;
  x.val = shown;
  x.story = std::make_shared<const std::vector<storage::step>>(
    1, storage::step{"timer", d.ended.back(), "its lease ended, and nobody else commands", 0});
  (void)m_.array.put(std::move(x), now); // the only one
  d.begins_to_hold = true;
}

/// How far towards its wish an analog output may be by now.
value output_core::on_the_way(decision& d, const value& wish, mono_ns now) {
  if (m_.ramp && m_.ramp->to != wish)
    d.ramp_over = std::exchange(m_.ramp, std::nullopt);
  if (config_.max_slope <= 0 || wish == m_.effective || m_.effective.empty()) {
    m_.ramp.reset();
    return wish;
  }
  if (!m_.ramp) {
    // What turns is not allowed a step at once that it has just had.
    m_.ramp = ramp_run{m_.effective, wish, now, d.ramp_over ? d.ramp_over->stepped_at : now};
    d.ramp_begins = m_.ramp;
  }
  const auto waited = now - m_.ramp->stepped_at;
  const double step = config_.max_slope * static_cast<double>(waited) / 1e9;
  const double way = wish.real - m_.effective.real;
  if (std::abs(way) <= step) {
    d.ramp_over = std::exchange(m_.ramp, std::nullopt);
    return wish;
  }
  // Renewals and what is read back ask in between, too; a step for each would
  // write the line, and wake this again, as often as the bus can.
  if (waited < ramp_step) {
    d.next = m_.ramp->stepped_at + ramp_step;
    return m_.effective;
  }
  m_.ramp->stepped_at = now;
  d.next = now + ramp_step;
  return value::analog(m_.effective.real + std::copysign(step, way));
}

void output_core::guard(decision& d, mono_ns now, mono_ns held_until) const {
  if (d.effective == config_.safe)
    return;
  if (m_.ramp) {
    // A ramp lives from step to step; the unit that steps it must be alive.
    d.guard = now + ramp_step + grace;
    return;
  }
  const auto* top = m_.array.winner();
  const auto ahead = m_.array.ahead();
  if (now < held_until) {
    // Not what the winner wants, only what must not end yet.
    if (top && top->val != config_.safe)
      d.guard = held_until + grace;
    else
      d.guard = d.ends = held_until;
    return;
  }
  if (m_.forced || ahead.until == no_deadline) {
    // Nobody renews this wish, so the unit itself does, as long as it lives.
    d.guard = now + heartbeat();
    d.next = std::min(d.next, now + heartbeat() / 3);
  } else {
    // Where only the safe state follows, the bus alone is exact; another wish
    // or a ramp needs the unit, which may be a little late.
    const bool needs_unit = ahead.another_follows || config_.max_slope > 0
                            || config_.on_silence == silence_policy::hold;
    d.guard = needs_unit ? ahead.until + grace : ahead.until;
    if (top && top->source.starts_with("operator/") && m_.array.slots().size() == 1 && !needs_unit)
      d.ends = d.guard; // people say for how long, and renew nothing
  }
  if (config_.kind == value_kind::digital) {
    d.guard = std::max(d.guard, hold_until(counts_as_on(d.effective)));
    if (d.ends != no_deadline)
      d.ends = d.guard;
  }
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
