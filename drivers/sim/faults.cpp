#include "drivers/sim/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <thread>

namespace troupe::drivers::sim {

namespace {

using std::chrono::seconds;

constexpr seconds longest_hang{60};
constexpr std::size_t max_states = 1024; // faults that are on at once
constexpr std::size_t max_deeds = 64;    // deeds that wait for the model thread

enum class aim : std::uint8_t { bus, sensors, readable, contact, pulse };

struct kind {
  mischief what;
  const char* name;
  aim at;
  const char* usual_line; // if none is named
  bool once;
  double amount;          // if none is named
  double most;            // 0: the fault has no amount
  const char* help;
};

constexpr std::array<kind, 14> kinds{{
  {mischief::bus_hang, "bus-hang", aim::bus, "", false, 0, 0,
   "driver calls block until this is cleared, 60 s at most"},
  {mischief::bus_lost, "bus-lost", aim::bus, "", false, 0, 0,
   "the bus is gone; it can be reopened when this is cleared"},
  {mischief::bus_slow, "bus-slow", aim::bus, "", false, 300, 10'000,
   "each driver call takes so many ms"},
  {mischief::button, "button", aim::contact, "hall.button", true, 0, 0,
   "presses a contact for 200 ms, now"},
  {mischief::edge_loss, "edge-loss", aim::contact, "meter.power", true, 10, 1e6,
   "the next so many edges of a line are dropped and told as a gap"},
  {mischief::edge_storm, "edge-storm", aim::contact, "hall.button", false, 1000, 1e6,
   "a contact flickers, so many edges a second"},
  {mischief::leak, "leak", aim::bus, "", false, 0, 0,
   "half a litre a minute in the kitchen while water.valve is open"},
  {mischief::load, "load", aim::bus, "", false, 3000, 100'000,
   "something draws so many W more"},
  {mischief::pulse_burst, "pulse-burst", aim::contact, "meter.power", true, 2000, 1e6,
   "so many pulses as fast as possible, now"},
  {mischief::pulse_rate, "pulse-rate", aim::pulse, "pulse.0", false, 10, max_rate_hz,
   "pulse.N gives so many pulses a second"},
  {mischief::sensor_dead, "sensor-dead", aim::readable, "", false, 0, 0,
   "reads fail with bus_timeout; no line: all sensors"},
  {mischief::sensor_drift, "sensor-drift", aim::sensors, "", false, 0, 0,
   "shows 3 units more each hour; no line: all sensors"},
  {mischief::sensor_noise, "sensor-noise", aim::sensors, "", false, 0, 0,
   "ten times the noise; no line: all sensors"},
  {mischief::sensor_stuck, "sensor-stuck", aim::sensors, "", false, 0, 0,
   "shows the last value for ever; no line: all sensors"},
}};

const kind& kind_of(mischief what) { return kinds[static_cast<std::size_t>(what)]; }

bool fits(aim at, line_id line) {
  const auto k = sim::kind_of(line);
  switch (at) {
  case aim::bus: return false;
  case aim::sensors: return k == line_kind::analog_input;
  case aim::readable:
    return k == line_kind::analog_input || k == line_kind::digital_input;
  case aim::contact: return k == line_kind::digital_input;
  case aim::pulse: return line >= first_pulse;
  }
  return false;
}

const char* wanted(aim at) {
  switch (at) {
  case aim::bus: return "the whole bus only; leave the line out";
  case aim::sensors: return "an analog input, such as living.temp";
  case aim::readable: return "an input, such as living.temp or hall.button";
  case aim::contact: return "a digital input, such as hall.button, in.7 or pulse.7";
  case aim::pulse: return "one of pulse.0 to pulse.9999";
  }
  return "";
}

result<const kind*> find_kind(const std::string& name) {
  std::string all;
  for (const auto& k : kinds) {
    if (name == k.name)
      return &k;
    all += (all.empty() ? "" : ", ") + std::string{k.name};
  }
  return error{errc::not_found,
               fmt::format("the simulated house has no fault '{}'; it has {}", name, all)};
}

result<double> amount_of(const kind& k, std::string_view text) {
  double amount = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (bad == std::errc{} && end == text.data() + text.size() && amount > 0
      && amount <= k.most)
    return amount;
  return error{errc::invalid_argument,
               k.most > 0 ? fmt::format("fault '{}': the amount is '{}'; use a number above 0, "
                                        "at most {:.0f}",
                                        k.name, text, k.most)
                          : fmt::format("fault '{}' takes no amount; leave '={}' out", k.name,
                                        text)};
}

result<active_fault> read_fault(const std::string& text, const std::string& line) {
  const auto equals = text.find('=');
  const auto found = find_kind(text.substr(0, equals));
  if (!found)
    return found.why();
  const auto& k = **found;
  active_fault f{k.what, std::nullopt, k.amount};
  if (equals != text.npos) {
    const auto amount = amount_of(k, std::string_view{text}.substr(equals + 1));
    if (!amount)
      return amount.why();
    f.amount = *amount;
  }
  const std::string& name = line.empty() ? k.usual_line : line;
  if (name.empty())
    return f;
  const auto address = find_line(name);
  if (!address)
    return error{errc::not_found, fmt::format("the simulated house has no line '{}'; it has {}",
                                              name, known_lines())};
  if (!fits(k.at, address->id))
    return error{errc::invalid_argument, fmt::format("fault '{}' cannot befall '{}': it wants {}",
                                                     k.name, name, wanted(k.at))};
  f.line = address->id;
  return f;
}

bool obstructs(mischief what) {
  return what == mischief::bus_hang || what == mischief::bus_lost
         || what == mischief::bus_slow || what == mischief::sensor_dead;
}

} // namespace

status fault_board::set(const std::string& name, const std::string& line, bool active) {
  const auto wish = read_fault(name, line);
  if (!wish)
    return wish.why();
  const bool once = kind_of(wish->what).once;
  std::vector<std::shared_ptr<waker>> sleepers;
  {
    std::lock_guard guard{mutex_};
    if (once) {
      if (!active)
        return {}; // A deed is over as soon as it is done.
      if (deeds_.size() >= max_deeds)
        return error{errc::over_limit,
                     fmt::format("bus '{}': {} deeds wait to be done, no more are taken; is the "
                                 "bus open?",
                                 bus_name_, max_deeds)};
      deeds_.push_back(*wish);
    } else {
      const bool was_lost = on(mischief::bus_lost);
      if (active && states_.size() >= max_states)
        return error{errc::over_limit, fmt::format("bus '{}': {} faults are on, no more are "
                                                   "taken; clear some",
                                                   bus_name_, max_states)};
      // Clearing without a line clears it everywhere.
      std::erase_if(states_, [&](const active_fault& f) {
        return f.what == wish->what && (f.line == wish->line || (!active && line.empty()));
      });
      if (active)
        states_.push_back(*wish);
      if (!was_lost && on(mischief::bus_lost))
        losses_.fetch_add(1, std::memory_order_release);
      changes_.fetch_add(1, std::memory_order_release);
      obstructed_ = std::any_of(states_.begin(), states_.end(),
                                [](const active_fault& f) { return obstructs(f.what); });
    }
    for (const auto& l : listeners_) {
      if (auto who = l.who.lock())
        sleepers.push_back(std::move(who));
    }
  }
  changed_.notify_all();
  for (const auto& who : sleepers)
    who->wake();
  return {};
}

std::vector<fault> fault_board::list() const {
  std::vector<fault> all;
  std::lock_guard guard{mutex_};
  for (const auto& k : kinds) {
    bool any = false;
    for (const auto& f : states_) {
      if (f.what != k.what)
        continue;
      any = true;
      all.push_back({k.name, f.line ? name_of(*f.line) : "", true, k.help});
    }
    if (!any)
      all.push_back({k.name, k.usual_line, false, k.help});
  }
  return all;
}

bool fault_board::on(mischief what) const {
  return std::any_of(states_.begin(), states_.end(),
                     [&](const active_fault& f) { return f.what == what; });
}

bool fault_board::lost_now() const {
  std::lock_guard guard{mutex_};
  return on(mischief::bus_lost);
}

status fault_board::pass(std::optional<line_id> line) const {
  if (!obstructed_.load(std::memory_order_acquire))
    return {};
  if (auto hung = hang(); !hung)
    return hung;
  milliseconds slowness{0};
  {
    std::lock_guard guard{mutex_};
    for (const auto& f : states_) {
      if (f.what == mischief::bus_lost)
        return error{errc::device_lost, fmt::format("bus '{}' is lost (fault 'bus-lost')",
                                                    bus_name_)};
      if (f.what == mischief::bus_slow)
        slowness = milliseconds{static_cast<long>(f.amount)};
      if (f.what == mischief::sensor_dead && line && (!f.line || f.line == line)
          && (f.line || fits(aim::sensors, *line)))
        return error{errc::bus_timeout, fmt::format("bus '{}': '{}' does not answer (fault "
                                                    "'sensor-dead')",
                                                    bus_name_, name_of(*line))};
    }
  }
  std::this_thread::sleep_for(slowness);
  return {};
}

status fault_board::hang() const {
  std::unique_lock lock{mutex_};
  if (changed_.wait_for(lock, longest_hang, [this] { return !on(mischief::bus_hang); }))
    return {};
  return error{errc::bus_timeout, fmt::format("bus '{}' hung for {} s (fault 'bus-hang')",
                                              bus_name_, longest_hang.count())};
}

std::uint64_t fault_board::attach(std::weak_ptr<waker> who) {
  std::lock_guard guard{mutex_};
  listeners_.push_back({next_id_, std::move(who)});
  return next_id_++;
}

void fault_board::detach(std::uint64_t id) {
  std::lock_guard guard{mutex_};
  std::erase_if(listeners_, [&](const listener& l) { return l.id == id; });
}

std::vector<active_fault> fault_board::states() const {
  std::lock_guard guard{mutex_};
  return states_;
}

std::vector<active_fault> fault_board::take_deeds(std::uint64_t id) {
  std::lock_guard guard{mutex_};
  if (listeners_.empty() || listeners_.back().id != id)
    return {};
  std::vector<active_fault> taken{deeds_.begin(), deeds_.end()};
  deeds_.clear();
  return taken;
}

std::shared_ptr<fault_board> board_of(const std::string& bus_name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<fault_board>> boards;
  std::lock_guard guard{mutex};
  auto& board = boards[bus_name];
  if (!board)
    board = std::make_shared<fault_board>(bus_name);
  return board;
}

} // namespace troupe::drivers::sim
