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
  static constexpr std::size_t remembered_ids = 64;
  /// How late the unit may be at a change that only it can make.
  static constexpr mono_ns grace = 250'000'000;
  static constexpr mono_ns ramp_step = 100'000'000;

  /// What survives the unit, beside the cell. A copy is cheap: stories are shared.
  struct memory {
    priority_array array;
    std::optional<value> forced;
    std::string forced_by;
    std::deque<std::pair<std::string, command_answer>> ids;
    value effective;             ///< none: not decided yet (hold)
    mono_ns changed_at = 0;      ///< of `effective`
    mono_ns stepped_at = 0;      ///< of a ramp; 0: none runs
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
  void remember_answer(const std::string& id, const command_answer& answer);
  bool renew(const renewal& x, mono_ns now) { return m_.array.renew(x.source, now); }
  [[nodiscard]] command_answer force(const std::optional<value>& x, const std::string& who);
  /// The dead-man drove the line to the safe state.
  void on_guarded(mono_ns now);

  /// Why this value must not be shown now (interlock); empty: it may be.
  using forbids = std::function<std::string(const value&)>;

  struct decision {
    value effective;
    bool changed = false;
    std::string winner;          ///< source, "forced"; empty: the safe state
    storage::story story;        ///< of the winner
    std::string held_back;       ///< what holds the winner's wish back, in words
    bool interlocked = false;
    std::vector<std::string> ended; ///< sources whose lease is over
    mono_ns guard = no_deadline; ///< until when the line may show this
    mono_ns next = no_deadline;  ///< when to decide again at the latest
  };
  [[nodiscard]] decision decide(mono_ns now, const forbids& interlock);

  /// What the answer to a command of `source` says after a decision.
  [[nodiscard]] command_answer answer_for(const std::string& source, const decision& d) const;

  [[nodiscard]] const channel_config& config() const noexcept { return config_; }

private:
  [[nodiscard]] status check(const value& x) const;
  [[nodiscard]] mono_ns hold_until(bool on) const;
  [[nodiscard]] mono_ns heartbeat() const;
  void guard(decision& d, mono_ns now, mono_ns held_until) const;

  channel_config config_;
  memory m_;
};

/// Whether a value counts as "on" for interlocks and minimum times.
[[nodiscard]] inline bool counts_as_on(const value& x) { return x.number() != 0; }

} // namespace troupe
