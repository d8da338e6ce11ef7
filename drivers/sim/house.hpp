#pragma once

#include "drivers/sim/lines.hpp"
#include "drivers/sim/meter.hpp"
#include "drivers/sim/residents.hpp"
#include "drivers/sim/sensor.hpp"
#include "drivers/sim/thermal.hpp"

#include <array>
#include <map>
#include <unordered_map>
#include <vector>

namespace troupe::drivers::sim {

/// A digital input of the house changed.
struct contact_edge {
  line_id line = 0;
  bool level = false;
  model_ns at = 0;

  friend bool operator==(const contact_edge&, const contact_edge&) = default;
};

/// The simulated house: rooms, weather, meters, pipes, people and contacts.
///
/// Pure: no thread, clock or disk. It begins at seven in the morning. The same
/// seed and the same orders at the same model times give the same house,
/// however the time between is cut into calls of `advance`. A value: a copy is
/// a second house that goes on from here.
class house {
public:
  explicit house(std::uint64_t seed);

  /// Moves on and appends the edges of that time, oldest first. Physics step
  /// each model second; edges have their own times.
  void advance(model_ns time, std::vector<contact_edge>& edges);

  model_ns now() const noexcept { return now_; }
  double second_of_day() const noexcept;

  /// When something is due next, an edge or a person; physics do not count.
  model_ns next_due() const noexcept;

  // Orders: they act from `now()` on. Edges that they cause at once are
  // appended by the next `advance`.

  /// Makes the pauses between people so many times longer. A house that runs
  /// sixty times faster would otherwise flicker; so who watches sees something
  /// each minute of their own time, at any speed.
  void calm(double factor) noexcept { calm_ = factor; }

  /// Drives a digital output; `out.N` moves `in.N`.
  void drive(line_id output, bool level);
  bool driven(line_id output) const;
  void dim(double percent) noexcept { dimmer_ = percent; }
  double dimmed() const noexcept { return dimmer_; }

  /// What a contact shows, and what a sensor shows since its last step.
  bool contact(line_id input) const;
  double measured(line_id sensor_line) const;

  /// `pulse.N`: pulses at `hz`, 30 ms long or half a period; 0 stops it.
  void set_pulse_rate(line_id pulse, double hz);

  // Mischief.

  /// Presses a contact now, as a finger would: 200 ms.
  void press(line_id input);
  /// The contact flickers at `hz` edges a second until told 0.
  void storm(line_id input, double hz);
  void set_leak(bool active) noexcept { leak_ = active; }
  /// Something else draws power, in W.
  void set_extra_load(double watt) noexcept;
  void set_sensor_fault(line_id sensor_line, sensor_fault f, bool active);

  // The truth, for tests and for people.

  std::int64_t power_mw() const noexcept;
  std::int64_t flow_ul_s() const noexcept;
  const thermal_model& rooms() const noexcept { return thermal_; }
  double outdoor() const noexcept;
  double humidity() const noexcept { return humidity_; }
  double puddle_ml() const noexcept { return puddle_ml_; }
  std::uint64_t pulses(line_id meter) const noexcept;

private:
  struct lever {       // what a contact shows, and why
    bool base = false;
    bool phase = false; // flipped by a storm
    bool shown = false;
  };

  enum class deed : std::uint8_t { level, visit, living_press, draw, draw_ends, pulse, storm };

  struct due {
    deed what = deed::level;
    line_id line = 0;
    bool level = false;
  };

  using trains = std::unordered_map<line_id, model_ns>; // and their periods
  using agenda = std::multimap<model_ns, due>; // equal times in order of planning

  void plan(model_ns after, due what) { agenda_.emplace(now_ + after, what); }
  void perform(const due& what);
  void show(line_id line);
  void set_base(line_id line, bool level);
  model_ns pause(model_ns between_people) const noexcept;
  void pulse(line_id line, model_ns interval);
  void step();
  void step_leak();
  void measure_all(double seconds);
  void start_train(trains& all, line_id line, double hz, deed what);

  model_ns now_ = 0;
  model_ns next_step_ = second;
  agenda agenda_;
  std::unordered_map<line_id, lever> contacts_;
  std::array<bool, house_lines> outputs_{};
  std::unordered_map<line_id, bool> generic_outputs_;
  trains pulses_;
  trains storms_;
  std::vector<contact_edge> made_;

  residents people_;
  draw open_tap_;
  thermal_model thermal_;
  chance clouds_;
  double weather_ = 0; // K above the ordinary day
  double humidity_ = 48;
  double dimmer_ = 0;
  double calm_ = 1;
  double extra_watt_ = 0;
  bool leak_ = false;
  double puddle_ml_ = 0;
  pulse_meter power_;
  pulse_meter water_;
  std::vector<sensor> sensors_;
};

} // namespace troupe::drivers::sim
