#include "actors/channel/input_core.hpp"

#include <cmath>
#include <limits>

namespace troupe {

namespace {

constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

} // namespace

input_core::input_core(channel_config config)
  : input_core(std::make_shared<const channel_config>(std::move(config))) {}

input_core::input_core(std::shared_ptr<const channel_config> config)
  : config_(std::move(config)),
    filter_(config_->filter, config_->filter_window) {}

void input_core::restore(const reading& saved) {
  measured_ = saved.val;
  measured_wall_ = saved.measured_wall;
  changed_wall_ = saved.changed_wall;
  changes_ = saved.changes;
}

void input_core::resume(const reading& told) {
  measured_ = told.val;
  measured_at_ = told.measured_at;
  measured_wall_ = told.measured_wall;
  changed_wall_ = told.changed_wall;
  changes_ = told.changes;
  measured_here_ = told.measured_at != 0;
  told_ = told;
  told_any_ = true;
}

void input_core::measure(value x, mono_ns at, wall_ms wall) {
  measured_ = std::move(x);
  measured_at_ = at;
  measured_wall_ = wall;
  measured_here_ = true;
  strikes_ = 0;
  line_ok_ = true;
}

void input_core::on_edge(const drivers::edge& x, mono_ns now, wall_ms wall) {
  measure(value::digital(x.level), x.at, wall - (now - x.at) / 1'000'000);
}

void input_core::on_level(bool level, mono_ns now, wall_ms wall) {
  measure(value::digital(level), now, wall);
}

void input_core::on_sample(double raw, mono_ns now, wall_ms wall) {
  if (config_->kind == value_kind::digital)
    return measure(value::digital(raw != 0), now, wall);
  const double x = raw * config_->scale + config_->offset;
  if (!std::isfinite(x)) {
    // A number that equals nothing would be told as a change for ever.
    out_of_range_ = true;
    return;
  }
  const double smooth = filter_(x);
  out_of_range_ = (config_->minimum && smooth < *config_->minimum)
                  || (config_->maximum && smooth > *config_->maximum);
  measure(value::analog(smooth), now, wall);
}

void input_core::on_sample_trouble(const error& why) {
  if (why.code != errc::bus_timeout)
    strikes_ = strikes;
  else if (strikes_ < strikes)
    ++strikes_;
}

void input_core::on_lost() {
  line_ok_ = false;
  line_seen_ = true;
  filter_.clear();
}

input_core::shown input_core::compose(mono_ns now) const {
  if (forced_)
    return {*forced_, quality::uncertain, reason::forced};
  shown x{measured_, quality::good, simulated_ ? reason::simulated : reason::none};
  if ((line_seen_ && !line_ok_) || strikes_ >= strikes)
    x = {measured_, quality::bad, reason::bus_lost};
  else if (out_of_range_)
    x = {measured_, quality::bad, reason::out_of_range};
  else if (measured_.empty())
    x = {measured_, quality::bad, reason::no_value};
  else if (!measured_here_)
    x = {measured_, quality::uncertain, reason::restored};
  else if (config_->stale_after.count() > 0 && now - measured_at_ >= to_ns(config_->stale_after))
    x = {measured_, quality::bad, reason::stale};
  if (x.grade == quality::bad && config_->substitute)
    x = {*config_->substitute, quality::uncertain, reason::substituted};
  return x;
}

bool input_core::differs(const shown& x) const {
  const auto stands_in = [](reason why) {
    return why == reason::forced || why == reason::substituted;
  };
  if (x.val.kind != value_kind::analog || told_.val.kind != value_kind::analog
      || stands_in(x.why) || stands_in(told_.why))
    return x.val != told_.val;
  const double step = std::abs(x.val.real - told_.val.real);
  return step > 0 && step >= config_->dead_band;
}

std::optional<reading> input_core::tell(mono_ns now, wall_ms wall) {
  const auto x = compose(now);
  const bool changed = differs(x);
  const bool graded = x.grade != told_.grade || x.why != told_.why;
  const bool aged = measured_at_ != told_.measured_at && now - told_at_ >= refresh_every;
  if (told_any_ && !changed && !graded && !aged)
    return {};
  // A first value has nothing before it that it could have changed from, and
  // a restored one was told in an earlier life (I6).
  const bool known_before = told_any_ && !told_.val.empty();
  reading r = told_;
  if (changed || !told_any_)
    r.val = x.val;
  r.grade = x.grade;
  r.why = x.why;
  r.told_as = origin::refresh;
  if (x.why == reason::restored)
    r.told_as = origin::restore;
  else if (changed && known_before) {
    r.told_as = origin::change;
    ++changes_;
    changed_wall_ = measured_here_ && !forced_ ? measured_wall_ : wall;
  }
  if (changed_wall_ == 0 && !x.val.empty())
    changed_wall_ = wall;
  r.measured_at = measured_here_ ? measured_at_ : 0;
  r.measured_wall = measured_wall_;
  r.changed_wall = changed_wall_;
  r.changes = changes_;
  told_ = r;
  told_any_ = true;
  told_at_ = now;
  return r;
}

mono_ns input_core::next_deadline() const {
  if (config_->stale_after.count() == 0 || !measured_here_ || told_.why == reason::stale)
    return never;
  const auto at = measured_at_ + to_ns(config_->stale_after);
  // With a substitute in front the reason stays hidden; once is enough.
  return told_at_ >= at ? never : at;
}

} // namespace troupe
