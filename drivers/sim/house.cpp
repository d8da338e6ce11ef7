#include "drivers/sim/house.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace troupe::drivers::sim {

namespace {

constexpr double day_seconds = 86'400;
constexpr double starts_at = 7 * 3600;
constexpr model_ns pulse_width = 30'000'000;
constexpr model_ns press_width = 200'000'000;

constexpr std::int64_t joule_per_pulse = 3600;        // 1000 pulses a kWh
constexpr std::int64_t pj_per_mj = 1'000'000'000;     // mW times ns is pJ
constexpr std::int64_t ul_per_litre = 1'000'000;

constexpr std::array<double, room_count> heater_watt{2000, 1200, 1000, 1000};
constexpr std::array<line_id, room_count> heater_line{living_heater, kitchen_heater,
                                                      bedroom_heater, bath_heater};

constexpr std::int64_t leak_ul_s = 8'333; // half a litre a minute
constexpr double wet_from_ml = 50;        // six seconds after the pipe breaks
constexpr double dry_below_ml = 20;
constexpr double dries_ml_s = 0.5;
constexpr double puddle_limit_ml = 200;   // the rest finds the drain

model_ns period_of(double hz) {
  return std::max<model_ns>(2, static_cast<model_ns>(std::llround(1e9 / hz)));
}

} // namespace

house::house(std::uint64_t seed)
  : people_(seed), clouds_(seed, 4), power_(joule_per_pulse * 1000 * pj_per_mj),
    water_(ul_per_litre * 1'000'000'000) {
  for (line_id i = 0; i < sensor_count; ++i) {
    const bool humid = first_sensor + i == bath_humidity;
    // A DS18B20 shows steps of 1/16 K, a DHT22 of 0.1 %.
    sensors_.emplace_back(chance{seed, 100 + i}, humid ? 0.15 : 0.03, humid ? 0.1 : 0.0625);
  }
  outputs_[water_valve] = true;
  measure_all(0);
  plan(people_.until_visit(), {deed::visit, hall_motion});
  plan(people_.until_living_press(), {deed::living_press, living_button});
  plan(people_.until_draw(second_of_day()), {deed::draw});
}

double house::second_of_day() const noexcept {
  return std::fmod(starts_at + static_cast<double>(now_) * 1e-9, day_seconds);
}

void house::advance(model_ns time, std::vector<contact_edge>& edges) {
  const model_ns end = now_ + time;
  for (;;) {
    const auto power = power_mw();
    const auto flow = flow_ul_s();
    model_ns until = std::min(end, next_step_) - now_;
    if (!agenda_.empty())
      until = std::min(until, agenda_.begin()->first - now_);
    until = std::min({until, power_.until_pulse(power), water_.until_pulse(flow)});
    const bool power_pulse = power_.pass(power, until);
    const bool water_pulse = water_.pass(flow, until);
    now_ += until;
    if (power_pulse)
      pulse(meter_power, power_.until_pulse(power));
    if (water_pulse)
      pulse(meter_water, water_.until_pulse(flow));
    while (!agenda_.empty() && agenda_.begin()->first <= now_) {
      const auto what = agenda_.begin()->second;
      agenda_.erase(agenda_.begin());
      perform(what);
    }
    if (now_ == next_step_)
      step();
    if (now_ == end)
      break;
  }
  edges.insert(edges.end(), made_.begin(), made_.end());
  made_.clear();
}

model_ns house::next_due() const noexcept {
  const auto soonest = std::min(power_.until_pulse(power_mw()), water_.until_pulse(flow_ul_s()));
  const auto metered = soonest == never ? never : now_ + soonest;
  if (!made_.empty())
    return now_;
  return agenda_.empty() ? metered : std::min(metered, agenda_.begin()->first);
}

void house::perform(const due& what) {
  switch (what.what) {
  case deed::level:
    set_base(what.line, what.level);
    break;
  case deed::visit: {
    const auto v = people_.next_visit();
    set_base(hall_motion, true);
    plan(v.motion, {deed::level, hall_motion, false});
    if (v.press_after >= 0) {
      plan(v.press_after, {deed::level, hall_button, true});
      plan(v.press_after + v.press, {deed::level, hall_button, false});
    }
    plan(pause(people_.until_visit()) + v.motion, {deed::visit, hall_motion});
    break;
  }
  case deed::living_press:
    set_base(living_button, true);
    plan(people_.living_press(), {deed::level, living_button, false});
    plan(pause(people_.until_living_press()), {deed::living_press, living_button});
    break;
  case deed::draw:
    open_tap_ = people_.next_draw(second_of_day());
    plan(open_tap_.lasts, {deed::draw_ends});
    break;
  case deed::draw_ends:
    open_tap_ = {};
    plan(people_.until_draw(second_of_day()), {deed::draw});
    break;
  case deed::pulse:
    pulse(what.line, pulses_.at(what.line));
    plan(pulses_.at(what.line), what);
    break;
  case deed::storm: {
    auto& contact = contacts_[what.line];
    contact.phase = !contact.phase;
    show(what.line);
    plan(storms_.at(what.line), what);
    break;
  }
  }
}

model_ns house::pause(model_ns between_people) const noexcept {
  return static_cast<model_ns>(static_cast<double>(between_people) * calm_);
}

void house::pulse(line_id line, model_ns interval) {
  set_base(line, true);
  plan(std::min(pulse_width, std::max<model_ns>(1, interval / 2)), {deed::level, line, false});
}

void house::set_base(line_id line, bool level) {
  contacts_[line].base = level;
  show(line);
}

void house::show(line_id line) {
  auto& contact = contacts_[line];
  const bool level = contact.base != contact.phase;
  if (contact.shown == level)
    return;
  contact.shown = level;
  made_.push_back({line, level, now_});
}

void house::step() {
  next_step_ += second;
  // Weather wanders by a Kelvin or two over hours, and always comes back.
  weather_ += -weather_ / 14'400 + 0.015 * clouds_.normal();
  heat_inputs heat{};
  for (std::size_t i = 0; i < room_count; ++i)
    heat[i] = driven(heater_line[i]) ? heater_watt[i] : 0;
  thermal_.step(1, outdoor(), heat);
  // Towards the house's 45 %: two hours through the door, five minutes by fan.
  humidity_ += (45 - humidity_) / (driven(bath_fan) ? 300 : 7200);
  if (open_tap_.shower && driven(water_valve))
    humidity_ = std::min(100.0, humidity_ + 0.08);
  step_leak();
  measure_all(1);
}

void house::step_leak() {
  if (leak_ && driven(water_valve))
    puddle_ml_ = std::min(puddle_limit_ml, puddle_ml_ + static_cast<double>(leak_ul_s) * 1e-3);
  else
    puddle_ml_ = std::max(0.0, puddle_ml_ - dries_ml_s);
  // Two thresholds: a sensor at the edge of a puddle would chatter.
  if (puddle_ml_ >= wet_from_ml)
    set_base(kitchen_leak, true);
  else if (puddle_ml_ < dry_below_ml)
    set_base(kitchen_leak, false);
}

void house::measure_all(double seconds) {
  const std::array<double, sensor_count> truth{
    thermal_.air(living), thermal_.air(kitchen), thermal_.air(bedroom),
    thermal_.air(bath),   outdoor(),             humidity_,
  };
  for (std::size_t i = 0; i < sensor_count; ++i)
    sensors_[i].measure(truth[i], seconds);
}

double house::outdoor() const noexcept {
  // Coldest at five in the morning, warmest at five in the afternoon.
  const double turn = (second_of_day() / day_seconds - 5.0 / 24) * 2 * std::numbers::pi;
  return 4 - 5 * std::cos(turn) + weather_;
}

std::int64_t house::power_mw() const noexcept {
  double watt = 140 + extra_watt_; // standby, router, this very node
  // The fridge runs 15 of each 45 minutes; steps are at whole seconds.
  if (now_ / second % 2700 < 900)
    watt += 90;
  for (std::size_t i = 0; i < room_count; ++i)
    watt += driven(heater_line[i]) ? heater_watt[i] : 0;
  watt += driven(hall_lamp) ? 40 : 0;
  watt += driven(living_lamp) ? 60 : 0;
  watt += driven(bath_fan) ? 25 : 0;
  watt += dimmer_;
  return std::llround(watt * 1000);
}

std::int64_t house::flow_ul_s() const noexcept {
  if (!driven(water_valve))
    return 0;
  return open_tap_.flow + (leak_ ? leak_ul_s : 0);
}

std::uint64_t house::pulses(line_id meter) const noexcept {
  return meter == meter_power ? power_.pulses() : meter == meter_water ? water_.pulses() : 0;
}

void house::drive(line_id output, bool level) {
  if (output < house_lines) {
    outputs_[output] = level;
  } else {
    generic_outputs_[output] = level;
    set_base(output - first_out + first_in, level);
  }
}

bool house::driven(line_id output) const {
  if (output < house_lines)
    return outputs_[output];
  const auto found = generic_outputs_.find(output);
  return found != generic_outputs_.end() && found->second;
}

bool house::contact(line_id input) const {
  const auto found = contacts_.find(input);
  return found != contacts_.end() && found->second.shown;
}

double house::measured(line_id sensor_line) const {
  return sensors_[sensor_line - first_sensor].shown();
}

void house::start_train(trains& all, line_id line, double hz, deed what) {
  if (all.erase(line) > 0) {
    std::erase_if(agenda_, [&](const auto& planned) {
      return planned.second.what == what && planned.second.line == line;
    });
  }
  if (hz <= 0)
    return;
  all[line] = period_of(hz);
  plan(all[line], {what, line});
}

void house::set_pulse_rate(line_id line, double hz) {
  start_train(pulses_, line, hz, deed::pulse);
}

void house::storm(line_id input, double hz) {
  start_train(storms_, input, hz, deed::storm);
  if (hz <= 0) {
    contacts_[input].phase = false;
    show(input);
  }
}

void house::press(line_id input) {
  set_base(input, true);
  plan(press_width, {deed::level, input, false});
}

void house::set_extra_load(double watt) noexcept { extra_watt_ = watt; }

void house::set_sensor_fault(line_id sensor_line, sensor_fault f, bool active) {
  sensors_[sensor_line - first_sensor].set(f, active);
}

} // namespace troupe::drivers::sim
