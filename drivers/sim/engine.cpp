#include "drivers/sim/engine.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <pthread.h>

namespace troupe::drivers::sim {

namespace {

/// Sets that wait for the model thread, which runs at once; reached only when
/// the machine gives it no time.
constexpr std::size_t max_orders = 65'536;

/// Edges are handed over at least this often, so that a catch-up needs no
/// more memory than this much of the model makes.
constexpr model_ns chunk = second / 10;

/// A fast house need not step its physics more often than people look.
constexpr mono_ns shortest_physics_pause = 250'000'000;

/// Later than this, and the house loses the time instead of living it fast.
constexpr mono_ns most_lateness = 10'000'000'000;

mono_ns now_mono() { return system_clocks().mono(); }

bool wants(edge_kind kinds, bool rising) {
  return kinds == edge_kind::both || kinds == (rising ? edge_kind::rising : edge_kind::falling);
}

void show_output(wire& on, line_id line, double amount) {
  if (kind_of(line) == line_kind::analog_output)
    on.amount = amount;
  else
    on.level = amount != 0;
}

void follow(house& h, line_id output, double amount) {
  if (kind_of(output) == line_kind::analog_output)
    h.dim(amount);
  else
    h.drive(output, amount != 0);
}

} // namespace

engine::engine(const bus_config& config, std::shared_ptr<fault_board> board)
  : name_(config.name), speed_(config.speed), board_(std::move(board)),
    losses_at_open_(board_->losses()), attached_(board_->attach(waker_)),
    world_(world_of(config.name, config.seed)), real_base_(now_mono()),
    model_base_(world_.house.now()) {
  world_.house.calm(std::max(1.0, speed_));
  publish();
  thread_ = std::thread{[this] { run(); }};
}

engine::~engine() {
  stop_ = true;
  waker_->wake();
  thread_.join();
  board_->detach(attached_);
  park(name_, this, copy());
}

world engine::copy() const {
  std::lock_guard guard{model_};
  auto now = world_;
  for (const auto& o : orders_)
    follow(now.house, o.output, o.amount);
  return now;
}

result<std::shared_ptr<wire>> engine::hold(line_id line, const std::string& consumer) {
  std::scoped_lock guard{model_, ears_};
  if (const auto held = holders_.find(line); held != holders_.end())
    return error{errc::busy, fmt::format("bus '{}': line '{}' is held by '{}'", name_,
                                         name_of(line), held->second)};
  holders_[line] = consumer.empty() ? "troupe" : consumer;
  auto& found = wires_[line];
  found = std::make_shared<wire>();
  switch (kind_of(line)) {
  case line_kind::digital_input: found->level = world_.house.contact(line); break;
  case line_kind::digital_output: found->level = world_.house.driven(line); break;
  case line_kind::analog_input: found->amount = world_.house.measured(line); break;
  case line_kind::analog_output: found->amount = world_.house.dimmed(); break;
  }
  for (const auto& o : orders_) {
    if (o.output == line)
      show_output(*found, line, o.amount);
    else if (o.output >= first_out && o.output - first_out + first_in == line)
      found->level = o.amount != 0;
  }
  return found;
}

void engine::release(line_id line) {
  std::scoped_lock guard{model_, ears_};
  holders_.erase(line);
  wires_.erase(line);
}

std::map<line_id, std::string> engine::holders() const {
  std::lock_guard guard{ears_};
  return holders_;
}

void engine::listen(const line_address& line, const line_config& config, edge_sink& sink) {
  {
    std::scoped_lock guard{model_, ears_};
    if (config.edges != edge_kind::none)
      listeners_[line.id] = {&sink, config.edges, config.active_low, now_mono(), 0, 0, 0, {}};
    moving_.erase(line.id);
    if (config.edges != edge_kind::none && config.debounce.count() > 0)
      listeners_[line.id].still.emplace(config.debounce,
                                        world_.house.contact(line.id) != config.active_low);
    if (line.rate_hz > 0 && !world_.rates.contains(line.id)) {
      // The house may be up to a step behind; the pulses begin now.
      world_.house.set_pulse_rate(line.id, line.rate_hz);
    }
  }
  waker_->wake();
}

void engine::forget(line_id line) {
  std::scoped_lock guard{model_, ears_};
  listeners_.erase(line);
  moving_.erase(line);
  if (line >= first_pulse && !world_.rates.contains(line))
    world_.house.set_pulse_rate(line, 0);
}

status engine::drive(line_id output, double amount) {
  {
    std::lock_guard guard{model_};
    if (orders_.size() >= max_orders)
      return error{errc::over_limit,
                   fmt::format("bus '{}': {} sets wait for the model thread; the machine gives "
                               "it no time",
                               name_, max_orders)};
    orders_.push_back({output, amount, now_mono()});
    std::lock_guard ears{ears_};
    if (const auto found = wires_.find(output); found != wires_.end())
      show_output(*found->second, output, amount);
  }
  waker_->wake();
  return {};
}

status engine::pass(std::optional<line_id> line) const {
  auto allowed = board_->pass(line);
  if (!allowed)
    return allowed;
  if (board_->losses() != losses_at_open_)
    return error{errc::device_lost,
                 fmt::format("bus '{}' was lost since it was opened; open it again", name_)};
  return {};
}

void engine::run() {
  pthread_setname_np(pthread_self(), "sim"); // for top -H
  while (!stop_) {
    mono_ns wake = 0;
    {
      std::unique_lock lock{model_};
      live_until(now_mono());
      follow_faults();
      do_deeds();
      advance_to(world_.house.now()); // hands over what the deeds did at once
      publish();
      wake = next_wake(now_mono());
    }
    if (board_->losses() != losses_at_open_)
      lose();
    waker_->sleep_until(wake);
  }
}

void engine::live_until(mono_ns now) {
  const mono_ns late = now - real_at(world_.house.now());
  if (late > most_lateness) {
    real_base_ = now;
    model_base_ = world_.house.now();
  }
  for (const auto& o : orders_) {
    advance_to(model_at(o.at));
    follow(world_.house, o.output, o.amount);
  }
  orders_.clear();
  advance_to(std::min(model_at(now), world_.house.now() + stride()));
}

model_ns engine::stride() const {
  // Whoever calls the driver waits for the model no longer than this takes to
  // compute. More than the longest sleep, or each sleep would end in a loop.
  return std::max(2 * second, static_cast<model_ns>(speed_ * 0.5e9));
}

void engine::advance_to(model_ns target) {
  auto& h = world_.house;
  do {
    edges_.clear();
    h.advance(std::clamp<model_ns>(target - h.now(), 0, chunk), edges_);
    std::lock_guard guard{ears_};
    for (const auto& e : edges_)
      deliver(e.line, e.level, real_at(e.at));
    settle();
  } while (h.now() < target);
}

void engine::follow_faults() {
  const auto change = board_->changes();
  if (change == std::exchange(followed_, change))
    return;
  std::map<line_id, double> storms;
  std::map<line_id, double> rates;
  std::array<std::array<bool, 3>, sensor_count> sick{};
  bool leak = false;
  double load = 0;
  const auto befall = [&](const active_fault& f, std::size_t illness) {
    for (std::size_t i = 0; i < sensor_count; ++i)
      sick[i][illness] |= !f.line || *f.line == first_sensor + i;
  };
  for (const auto& f : board_->states()) {
    switch (f.what) {
    case mischief::leak: leak = true; break;
    case mischief::load: load = f.amount; break;
    case mischief::sensor_stuck: befall(f, 0); break;
    case mischief::sensor_noise: befall(f, 1); break;
    case mischief::sensor_drift: befall(f, 2); break;
    case mischief::edge_storm: storms[f.line.value()] = f.amount; break;
    case mischief::pulse_rate: rates[f.line.value()] = f.amount; break;
    default: break; // met by the driver calls, or deeds
    }
  }
  auto& h = world_.house;
  h.set_leak(leak);
  h.set_extra_load(load);
  for (line_id i = 0; i < sensor_count; ++i) {
    h.set_sensor_fault(first_sensor + i, sensor_fault::stuck, sick[i][0]);
    h.set_sensor_fault(first_sensor + i, sensor_fault::noisy, sick[i][1]);
    h.set_sensor_fault(first_sensor + i, sensor_fault::drifting, sick[i][2]);
  }
  const auto switch_all = [](auto& played, const auto& wanted, auto play) {
    for (const auto& [line, hz] : played) {
      if (!wanted.contains(line))
        play(line, 0);
    }
    for (const auto& [line, hz] : wanted) {
      if (const auto found = played.find(line); found == played.end() || found->second != hz)
        play(line, hz);
    }
    played = wanted;
  };
  switch_all(world_.storms, storms, [&](line_id line, double hz) { h.storm(line, hz); });
  switch_all(world_.rates, rates, [&](line_id line, double hz) { h.set_pulse_rate(line, hz); });
}

void engine::do_deeds() {
  for (const auto& d : board_->take_deeds(attached_)) {
    const line_id line = d.line.value();
    if (d.what == mischief::button) {
      world_.house.press(line);
    } else if (d.what == mischief::pulse_burst) {
      burst(line, d.amount);
    } else if (d.what == mischief::edge_loss) {
      std::lock_guard guard{ears_};
      if (const auto found = listeners_.find(line); found != listeners_.end())
        found->second.to_drop += static_cast<std::uint64_t>(d.amount);
    }
  }
}

void engine::burst(line_id line, double pulses) {
  const bool idle = world_.house.contact(line);
  std::lock_guard guard{ears_};
  for (double i = 0; i < pulses; ++i) {
    deliver(line, !idle, now_mono());
    deliver(line, idle, now_mono());
  }
}

void engine::deliver(line_id line, bool level, mono_ns at) {
  const auto found = listeners_.find(line);
  if (found == listeners_.end())
    return show(line, level);
  auto& to = found->second;
  const bool logical = level != to.active_low;
  if (!to.still) {
    show(line, level);
    return deliver(to, logical, at);
  }
  moving_.insert(line);
  if (const auto certain = to.still->on_edge(logical, model_at(at))) {
    show(line, certain->level != to.active_low);
    deliver(to, certain->level, real_at(certain->at));
  }
}

/// Who has stood still for long enough by the time of the house.
void engine::settle() {
  const auto now = world_.house.now();
  for (auto i = moving_.begin(); i != moving_.end();) {
    const auto line = *i;
    auto& to = listeners_.at(line);
    const bool level = world_.house.contact(line) != to.active_low;
    if (const auto certain = to.still->settle(now, level)) {
      show(line, certain->level != to.active_low);
      deliver(to, certain->level, real_at(certain->at));
    }
    i = to.still->deadline() ? std::next(i) : moving_.erase(i);
  }
}

void engine::show(line_id line, bool level) {
  if (const auto found = wires_.find(line); found != wires_.end())
    found->second->level.store(level, std::memory_order_release);
}

void engine::deliver(listener& to, bool logical, mono_ns at) {
  if (at < to.since || !wants(to.kinds, logical))
    return;
  ++to.sequence;
  if (to.to_drop > 0) {
    --to.to_drop;
    ++to.dropped;
    if (to.to_drop == 0) {
      to.sink->on_gap({to.dropped, logical, at});
      to.dropped = 0;
    }
    return;
  }
  to.sink->on_edge({logical, at, to.sequence});
}

void engine::publish() {
  std::lock_guard guard{ears_};
  for (line_id i = first_sensor; i < first_sensor + sensor_count; ++i) {
    if (const auto found = wires_.find(i); found != wires_.end())
      found->second->amount.store(world_.house.measured(i), std::memory_order_release);
  }
  model_time_.store(world_.house.now(), std::memory_order_relaxed);
}

void engine::lose() {
  std::lock_guard guard{ears_};
  if (std::exchange(told_lost_, true))
    return;
  const error why{errc::device_lost, fmt::format("bus '{}' was lost (fault 'bus-lost')", name_)};
  for (auto& [line, to] : listeners_)
    to.sink->on_lost(why);
  listeners_.clear();
  moving_.clear();
}

mono_ns engine::next_wake(mono_ns now) const {
  const auto& h = world_.house;
  if (model_at(now) - h.now() > stride())
    return now; // still behind
  const model_ns next_step = (h.now() / second + 1) * second;
  const mono_ns physics = std::max(real_at(next_step), now + shortest_physics_pause);
  model_ns due = h.next_due();
  {
    std::lock_guard guard{ears_};
    for (const auto line : moving_)
      due = std::min<model_ns>(due, listeners_.at(line).still->deadline().value_or(never));
  }
  return due == never ? physics : std::min(physics, real_at(due));
}

model_ns engine::model_at(mono_ns real) const {
  return model_base_ + static_cast<model_ns>(static_cast<long double>(real - real_base_) * speed_);
}

mono_ns engine::real_at(model_ns model) const {
  return real_base_
         + static_cast<mono_ns>(
           std::ceil(static_cast<long double>(model - model_base_) / speed_));
}

} // namespace troupe::drivers::sim
