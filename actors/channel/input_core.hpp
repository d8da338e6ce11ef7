#pragma once

#include "actors/channel/filter.hpp"
#include "config/model/house.hpp"
#include "config/model/reading.hpp"
#include "drivers/digital.hpp"

#include <memory>
#include <optional>

namespace troupe {

/// Decides what an input channel says: scaling, filter, limits, dead band,
/// staleness, substitute and force, with quality and reason on every reading.
///
/// Feed it what happened, then call `tell`: it answers with the reading to
/// publish, or nothing when there is no news. Pure: no clock, no actor.
class input_core {
public:
  /// An unchanged value is told again this often, so that its age is seen.
  static constexpr mono_ns refresh_every = 10'000'000'000;
  /// One late transfer is no reason for alarm; so many in a row are.
  static constexpr int strikes = 3;

  explicit input_core(channel_config config);
  /// Shares it with whoever has it: a node may have a hundred thousand.
  explicit input_core(std::shared_ptr<const channel_config> config);

  /// What the store kept of the last run: told as uncertain, never as a change.
  void restore(const reading& saved);
  /// What this process told before the unit crashed: goes on from there.
  void resume(const reading& told);

  void on_edge(const drivers::edge& x, mono_ns now, wall_ms wall);
  /// The level was read, not announced by an edge.
  void on_level(bool level, mono_ns now, wall_ms wall);
  /// Edges happened that nobody can tell one by one any more.
  void on_dropped(std::uint64_t edges) { changes_ += edges; }
  void on_sample(double raw, mono_ns now, wall_ms wall);
  void on_sample_trouble(const error& why);
  void on_open(bool simulated) {
    simulated_ = simulated;
    line_ok_ = true;
  }
  void on_lost();
  void force(std::optional<value> x) { forced_ = std::move(x); }

  [[nodiscard]] std::optional<reading> tell(mono_ns now, wall_ms wall);
  /// When `tell` will have news by itself; max() if never.
  [[nodiscard]] mono_ns next_deadline() const;

  [[nodiscard]] const reading& told() const noexcept { return told_; }
  [[nodiscard]] const value& measured() const noexcept { return measured_; }
  /// Whether `measured` was measured since this process started.
  [[nodiscard]] bool measured_here() const noexcept { return measured_here_; }
  [[nodiscard]] bool forced() const noexcept { return forced_.has_value(); }

private:
  struct shown {
    value val;
    quality grade;
    reason why;
  };

  void measure(value x, mono_ns at, wall_ms wall);
  [[nodiscard]] shown compose(mono_ns now) const;
  [[nodiscard]] bool differs(const shown& x) const;

  std::shared_ptr<const channel_config> config_;
  bool simulated_ = false;
  sample_filter filter_;
  value measured_;
  mono_ns measured_at_ = 0;
  wall_ms measured_wall_ = 0;
  bool measured_here_ = false; ///< since this process started
  bool out_of_range_ = false;
  bool line_ok_ = false;
  bool line_seen_ = false;     ///< the bus has said something about the line
  int strikes_ = 0;
  std::optional<value> forced_;
  std::uint64_t changes_ = 0;
  wall_ms changed_wall_ = 0;
  bool told_any_ = false;
  mono_ns told_at_ = 0;
  reading told_;
};

} // namespace troupe
