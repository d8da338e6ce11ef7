#pragma once

#include "actors/channel/priority_array.hpp"
#include "actors/protocol/command.hpp"
#include "config/model/house.hpp"

#include <deque>
#include <functional>
#include <optional>

namespace troupe {

/// Decides what an output shows: priority array, leases, force, interlock,
/// minimum times, slope and safe state. docs/outputs.md tells the rules.
///
/// Feed it what happened, then call `decide`. Pure: no clock, no actor.
class output_core {
public:
  /// Priorities up to this one do not wait for minimum on and off times
  /// (BACnet: minimum on/off is priority 6).
  static constexpr int before_minimum_times = 5;
  static constexpr std::size_t remembered_ids = 64; ///< of commands; of pulses as many
  /// How late the unit may be at a change that only it can make.
  static constexpr mono_ns grace = 250'000'000;
  static constexpr mono_ns ramp_step = 100'000'000;
  /// Source of the wish that stands in for those that fell silent (`on-silence`).
  static constexpr const char* held = "held";

  /// A value on its way, because `max-slope` does not let it be there at once.
  struct ramp_run {
    value from, to;
    mono_ns began_at = 0;
    mono_ns stepped_at = 0;
  };

  /// What survives the unit, beside the cell. A copy is cheap: stories are shared.
  struct memory {
    priority_array array;
    std::optional<value> forced;
    std::string forced_by;
    std::deque<std::pair<std::string, command_answer>> ids;
    /// Of pulses that were done. Apart: what is said often must not push them out.
    std::deque<std::pair<std::string, command_answer>> pulses;
    mono_ns began_at = 0;        ///< this life of the output; a pulse that was decided before it may have been done
    value effective;             ///< none: not decided yet (hold)
    mono_ns changed_at = 0;      ///< of `effective`
    std::optional<ramp_run> ramp;
    std::uint64_t changes = 0;
    wall_ms changed_wall = 0;
  };

  output_core(channel_config config, memory m);

  [[nodiscard]] const memory& remember() const noexcept { return m_; }

  /// First start in this process. `shows` is what a start-up policy found:
  /// the last value, or what the pin shows; none: the safe state.
  void begin(const std::optional<value>& shows, mono_ns now);

  /// Refuses what is wrong in itself; what is only not possible now is kept
  /// and tried again. The answer lacks what `decide` finds out.
  [[nodiscard]] command_answer apply(const command& x, mono_ns now);
  /// The pulse of a command is done now, at once and whole, or refused and never
  /// done: late is wrong. After success `decide` shows it. `interlock` as there.
  /// @pre `decide` was called at `now`
  [[nodiscard]] command_answer pulse(const command& x, mono_ns now, const std::function<std::string(const value&)>& interlock);
  void remember_answer(const std::string& id, const command_answer& answer);
  void remember_pulse(const std::string& id, const command_answer& answer);
  /// What was answered to this id; null: it is not remembered, or empty.
  [[nodiscard]] const command_answer* answered(const std::string& id) const;
  bool renew(const renewal& x, mono_ns now) { return m_.array.renew(x.source, now); }
  [[nodiscard]] command_answer force(const std::optional<value>& x, const std::string& who);
  /// The dead-man drove the line to the safe state.
  void on_guarded(mono_ns now);

  /// Why this value must not be shown now (interlock); empty: it may be.
  using forbids = std::function<std::string(const value&)>;

  struct pulse_end {
    std::string source;
    storage::story story;
    milliseconds length{0};
    milliseconds ran{0};
    bool whole = true;         ///< false: something else had to be shown
  };

  struct decision {
    value effective;
    bool changed = false;
    std::string winner;          ///< source, "forced"; empty: the safe state
    storage::story story;        ///< of the winner
    std::string held_back;       ///< what holds the winner's wish back, in words
    bool interlocked = false;
    std::vector<std::string> ended; ///< sources whose lease is over
    milliseconds pulse{0};       ///< length of the pulse that wins; 0: none does
    std::optional<pulse_end> pulse_over;
    std::optional<ramp_run> ramp_begins;
    std::optional<ramp_run> ramp_over; ///< it is where it wanted to be, or something else is wanted now
    bool begins_to_hold = false; ///< they were the last ones, and it shows on what it showed
    mono_ns guard = no_deadline; ///< until when the line may show this
    mono_ns ends = no_deadline;  ///< when it goes to its safe state by itself, with nobody late: whoever writes it then
    mono_ns next = no_deadline;  ///< when to decide again at the latest
  };
  [[nodiscard]] decision decide(mono_ns now, const forbids& interlock);

  /// What the answer to a command of `source` says after a decision.
  [[nodiscard]] command_answer answer_for(const std::string& source, const decision& d) const;

  [[nodiscard]] const channel_config& config() const noexcept { return config_; }

private:
  [[nodiscard]] status check(const value& x) const;
  [[nodiscard]] status fits_pulse(const command& x) const;
  void end_pulse(decision& d, const priority_array::slot& was, mono_ns now, bool whole);
  [[nodiscard]] mono_ns hold_until(bool on) const;
  [[nodiscard]] mono_ns heartbeat() const;
  void hold_last(decision& d, mono_ns now);
  [[nodiscard]] value on_the_way(decision& d, const value& wish, mono_ns now);
  void guard(decision& d, mono_ns now, mono_ns held_until) const;

  channel_config config_;
  memory m_;
};

/// Whether a value counts as "on" for interlocks and minimum times.
[[nodiscard]] inline bool counts_as_on(const value& x) { return x.number() != 0; }

} // namespace troupe
