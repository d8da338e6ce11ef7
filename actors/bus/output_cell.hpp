#pragma once

#include "actors/bus/port.hpp"
#include "config/model/value.hpp"

#include <limits>

namespace troupe {

/// No guard: the value may stand for ever.
inline constexpr mono_ns no_deadline = std::numeric_limits<mono_ns>::max();

/// Where an output channel lays down what its line shall show, and the bus
/// picks it up: the latest wish only, so a fast controller cannot fill a queue
/// (I11). It outlives crashes of both.
///
/// The cell is also the dead-man (I5): each wish carries the moment until
/// which it may stand without being renewed. Past it, `target` is the safe
/// value, whoever asks, and the bus needs nobody's leave to write it.
///
/// Threads: any; one short lock.
class output_cell {
public:
  struct look {
    std::optional<value> wanted;
    mono_ns guard = no_deadline;
    std::optional<value> written; ///< what the line was last told, if it is held
    std::uint64_t writes = 0;
    std::uint64_t guarded = 0;    ///< how often the dead-man had to act
    std::optional<value> level;   ///< read back from the pin
    bool open = false;
    error trouble;                ///< code none: the newest write succeeded
  };

  /// @param initial what the line shall show when it is opened before the
  ///        first wish; none: what it shows already (start-up policy hold).
  output_cell(value safe, std::optional<value> initial, bool keep_at_stop);

  void set_waker(waker who);
  /// What a changed configuration may change without opening the line anew.
  void configure(value safe, std::optional<value> initial, bool keep_at_stop);

  // --- the channel's side ---
  /// @returns whether the bus has work: false for a mere renewal.
  bool want(value wish, mono_ns guard);
  [[nodiscard]] look now() const;

  // --- the bus's side ---
  /// What the line shall show at `now`; none: leave it as it is.
  [[nodiscard]] std::optional<value> target(mono_ns now) const;
  /// When `target` will change by itself; `no_deadline` if never.
  [[nodiscard]] mono_ns guard_at(mono_ns now) const;
  void opened(std::optional<value> shows);
  void closed(const error& why);
  /// Somebody fenced may have written after us: forgets what the line was told.
  void disturbed();
  /// @param guarded the dead-man's write, not the channel's wish.
  void wrote(const value& told, const status& how, bool guarded);
  void read_back(const value& level);

  /// An orderly stop leaves the pin as it is instead of driving it to safe.
  [[nodiscard]] bool keep_at_stop() const;
  [[nodiscard]] value safe() const;

private:
  mutable std::mutex mutex_;
  look now_;
  value safe_;
  std::optional<value> initial_;
  bool keep_at_stop_;
  waker waker_;
};

} // namespace troupe
