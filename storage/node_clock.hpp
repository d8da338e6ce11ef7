#pragma once

#include "storage/clock_quality.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::storage {

/// What time this node takes it to be. The machine's clock is never set: this is
/// for the stamps of the store and the times of the journal only.
///
/// - A machine whose clock the network keeps right is believed (`ntp`).
/// - Any other one takes the median of its linked peers, of those that are `ntp`,
///   or where there is none, of those that are `peer`; and is `peer` from then on.
/// - What was known once goes on by the monotonic clock when all links are gone or
///   the machine has lost its source: steps of the machine's own clock mean nothing
///   then. Only where nothing was ever known (`none`) the machine's clock is shown.
///
/// Nodes at second hand (`peer`) are followed only to begin with, and when they are
/// more than `step_ms` away: two that followed each other all the time would fall
/// behind together, by the way of a message with every message.
///
/// Pure. Threads: one at a time.
class node_clock {
public:
  /// A change larger than that is a step.
  static constexpr wall_ms step_ms = 1000;
  /// A message that comes late makes its sender's clock look behind, never ahead:
  /// of so many words of a peer the latest time counts.
  static constexpr std::size_t words_kept = 8;
  /// Steps are told once in so long; what comes between is told as one.
  static constexpr mono_ns told_every = 60'000'000'000;

  /// The notion became good, or was set by more than `step_ms`.
  struct change {
    mono_ns mono = 0;
    wall_ms before = 0; ///< what it would say at `mono` without
    wall_ms now = 0;
    clock_quality quality = clock_quality::none;

    friend bool operator==(const change&, const change&) = default;
  };

  node_clock() = default;
  /// @param machine how good the machine's clock is
  node_clock(clock_quality machine, wall_ms wall, mono_ns mono);

  /// Looks at the machine's clock: every few seconds, and before the journal is
  /// written. @returns what should be told
  std::optional<change> look(clock_quality machine, wall_ms wall, mono_ns mono);

  /// What a linked peer says of the time, about once a second; counts with the next `look`.
  void heard(const std::string& peer, const clock_word& said, mono_ns mono);
  /// Its link ended.
  void lost(const std::string& peer) { peers_.erase(peer); }

  /// @param machine the machine's clock at `mono`
  [[nodiscard]] wall_ms wall(wall_ms machine, mono_ns mono) const;
  [[nodiscard]] clock_quality quality() const noexcept { return quality_; }
  /// So many peers say something that is believed.
  [[nodiscard]] std::size_t sources() const noexcept { return peers_.size(); }

private:
  struct source {
    clock_quality quality = clock_quality::none;
    std::array<wall_ms, words_kept> ahead{}; ///< of the monotonic clock
    std::size_t words = 0;
  };

  /// What the sources of that quality say, ahead of the monotonic clock.
  [[nodiscard]] std::optional<wall_ms> median_of(clock_quality which) const;
  void follow(wall_ms machine_ahead);

  clock_quality quality_ = clock_quality::none;
  bool by_machine_ = true;  ///< the notion is the machine's clock, else `ahead_`
  wall_ms ahead_ = 0;       ///< of the notion before the monotonic clock, at the last look
  clock_quality told_ = clock_quality::none;
  wall_ms told_ahead_ = 0;
  std::optional<mono_ns> told_at_;
  std::map<std::string, source> peers_;
};

/// Of an even count the earlier one in the middle: between two clocks nobody knows
/// which is wrong, and one that is behind only loses ties, while one that is ahead
/// wins them. @pre not empty
[[nodiscard]] wall_ms median(std::vector<wall_ms> all);

} // namespace troupe::storage
