#undef CAF_SUITE
#define CAF_SUITE output_properties

#include "actors/channel/output_core.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>
#include <rapidcheck.h>

#include <cmath>

using namespace troupe;
using namespace troupe::test;

namespace {

/// One thing that may happen to an output, drawn by chance.
struct act {
  int what;     ///< see `play`
  int source;
  int priority;
  bool on;
  int lease_ms;
  int pass_ms;
};

rc::Gen<act> any_act() {
  return rc::gen::build<act>(
    rc::gen::set(&act::what, rc::gen::inRange(0, 8)),
    rc::gen::set(&act::source, rc::gen::inRange(0, 4)),
    rc::gen::set(&act::priority, rc::gen::inRange(4, 12)),
    rc::gen::set(&act::on, rc::gen::arbitrary<bool>()),
    rc::gen::set(&act::lease_ms, rc::gen::inRange(0, 3000)),
    rc::gen::set(&act::pass_ms, rc::gen::inRange(0, 1500)));
}

std::ostream& operator<<(std::ostream& out, const act& x) {
  return out << x.what << " source " << x.source << " priority " << x.priority << " on " << x.on
             << " lease " << x.lease_ms << " pass " << x.pass_ms;
}

struct player {
  explicit player(channel_config c) : core{c, {}}, config{c} { core.begin({}, now); }

  void play(const act& x) {
    pass(x.pass_ms * ms);
    const auto source = "rule/" + std::to_string(x.source);
    command c;
    c.source = source;
    c.priority = x.priority;
    c.lease = milliseconds{x.lease_ms};
    switch (x.what) {
    case 0:
    case 1:
    case 2:
      c.val = value::digital(x.on);
      (void)core.apply(c, now);
      break;
    case 3: (void)core.apply(c, now); break; // relinquish
    case 4: core.renew({"pump", source}, now); break;
    case 5:
      (void)core.force(x.on ? std::optional{value::digital(x.priority > 7)} : std::nullopt, "anna");
      break;
    case 6: blocked = x.on; break;
    default: pulse(c, x); break;
    }
    decide();
  }

  /// Decides at every deadline on the way, as the unit does.
  void pass(mono_ns length) {
    const auto end = now + length;
    while (last.next < end) {
      now = std::max(now, last.next);
      decide();
    }
    now = end;
  }

  void pulse(command c, const act& x) {
    decide();
    c.val = value::digital(x.on);
    c.pulse = milliseconds{20 + x.lease_ms};
    if (core.pulse(c, now, [&](const value&) { return blocked ? "blocked" : ""; }).code != errc::none)
      return;
    RC_ASSERT(core.remember().effective != c.val); // it is seen, at once
    pulse_until = now + (20 + x.lease_ms) * ms;
    decide();
    RC_ASSERT(core.remember().effective == c.val);
  }

  void decide() {
    const auto before = core.remember().effective;
    last = core.decide(now, [&](const value&) { return blocked ? "blocked" : ""; });
    if (last.changed)
      on_change(before);
    check();
  }

  void check() {
    const auto& m = core.remember();
    // Somebody alive justifies what is shown: force, a live slot, the safe
    // state, or a minimum time that has not passed.
    const auto& shown = m.effective;
    bool justified = shown == config.safe || (m.forced && *m.forced == shown);
    for (const auto& s : m.array.slots())
      justified = justified || (s.val == shown && s.until > now);
    // A pulse is shown as long as it runs, and runs for its length or is cut for good.
    const auto* runs = m.array.pulse();
    const bool runs_well = !runs || (shown == runs->val && runs->until == pulse_until && now < pulse_until);
    RC_ASSERT(runs_well);
    const bool ended_well = !last.pulse_over || !last.pulse_over->whole || now == pulse_until;
    RC_ASSERT(ended_well);
    const auto least = shown.is_on() ? config.min_on : config.min_off;
    justified = justified || now < m.changed_at + least.count() * ms;
    RC_ASSERT(justified);
    RC_ASSERT(!(blocked && shown.is_on()));
    // The dead-man is armed whenever the output is not safe, and never late
    // by more than the grace.
    if (shown != config.safe) {
      RC_ASSERT(last.guard != no_deadline);
      RC_ASSERT(last.guard > now);
      RC_ASSERT(last.next <= last.guard);
    }
  }

  void on_change(const value& before) {
    const auto& m = core.remember();
    const auto* top = m.array.winner();
    const bool may_hurry = m.forced || last.interlocked
                           || (top && top->priority <= output_core::before_minimum_times);
    const auto least = before.is_on() ? config.min_on : config.min_off;
    RC_ASSERT(may_hurry || now >= changed_at + least.count() * ms);
    changed_at = now;
  }

  output_core core;
  channel_config config;
  mono_ns now = 1'000'000 * ms;
  mono_ns changed_at = now;
  mono_ns pulse_until = 0;
  bool blocked = false;
  output_core::decision last;
};

channel_config relay(int min_on_ms, int min_off_ms) {
  channel_config c;
  c.name = "pump";
  c.dir = direction::output;
  c.min_on = milliseconds{min_on_ms};
  c.min_off = milliseconds{min_off_ms};
  return c;
}

} // namespace

namespace rc {

template <>
struct Arbitrary<act> {
  static Gen<act> arbitrary() { return any_act(); }
};

} // namespace rc

CAF_TEST(an output never shows what no live slot and no force and no safe state justifies I4 I5) {
  CAF_CHECK(rc::check([](const std::vector<act>& acts) {
    player p{relay(0, 0)};
    for (const auto& x : acts)
      p.play(x);
  }));
}

CAF_TEST(minimum times are never violated) {
  CAF_CHECK(rc::check([](const std::vector<act>& acts) {
    player p{relay(700, 1100)};
    for (const auto& x : acts)
      p.play(x);
  }));
}

CAF_TEST(silence ends in the safe state whatever was said before I5) {
  CAF_CHECK(rc::check([](const std::vector<act>& acts) {
    player p{relay(700, 0)};
    for (auto x : acts) {
      x.lease_ms += 1; // everybody has a lease
      if (x.what != 5)
        p.play(x);
    }
    p.pass(3022 * ms); // longer than any lease, and than any pulse
    p.decide();
    RC_ASSERT(p.core.remember().effective == value::digital(false));
  }));
}
