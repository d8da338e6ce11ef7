#include "actors/counter/counter_core.hpp"

#include <limits>

namespace troupe {

namespace {

constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

} // namespace

counter_core::counter_core(counter_config config)
  : config_(std::move(config)), rate_(config_.rate_window) {}

void counter_core::resume(const reading& told) {
  told_ = told;
  told_any_ = true;
}

std::optional<reading> counter_core::tell(const facts& x, mono_ns now, wall_ms wall) {
  rate_.see(x.raw, x.last_pulse_at, now);
  if (x.last_pulse_at != 0)
    alive_at_ = x.last_pulse_at;
  else if (x.line_open && alive_at_ == 0)
    alive_at_ = now;
  reading r = told_;
  r.val = value::analog(units(x.total));
  r.missed_at_most = x.missed;
  r.gaps = x.gaps;
  r.grade = quality::good;
  // The bound of a gap stays in the reading; the total is as good as its bound.
  r.why = x.missed > 0 || x.gaps > 0 ? reason::gap
          : x.simulated              ? reason::simulated
                                    : reason::none;
  const auto stale = std::chrono::nanoseconds{config_.stale_after}.count();
  if (!x.settled)
    r.grade = quality::uncertain, r.why = reason::settling;
  else if (x.line_trouble)
    // What was counted stays right; it is only old.
    r.grade = quality::uncertain, r.why = reason::bus_lost;
  else if (!x.line_open)
    r.grade = quality::uncertain, r.why = reason::restored;
  else if (stale > 0 && now - alive_at_ >= stale)
    r.grade = quality::uncertain, r.why = reason::stale;
  const bool changed = told_any_ && r.val != told_.val;
  if (told_any_ && r == told_)
    return {};
  // What an earlier life counted is no change of today (I6).
  r.told_as = !told_any_ ? origin::restore : changed ? origin::change : origin::refresh;
  if (changed) {
    r.changes = x.raw;
    r.changed_wall = wall;
    r.measured_at = x.last_pulse_at;
  }
  r.measured_wall = wall;
  told_ = r;
  told_any_ = true;
  return r;
}

double counter_core::rate(mono_ns now) const {
  return rate_.per_second(now) / config_.pulses_per_unit * config_.rate_factor;
}

mono_ns counter_core::next(mono_ns now) const {
  auto at = never;
  if (rate_.per_second(now) > 0)
    at = now + rate_.step();
  const auto stale = std::chrono::nanoseconds{config_.stale_after}.count();
  if (stale > 0 && alive_at_ != 0 && told_.why != reason::stale)
    at = std::min(at, std::max(alive_at_ + stale, now));
  return at;
}

} // namespace troupe
