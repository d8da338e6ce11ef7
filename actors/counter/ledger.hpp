#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// The books between a port and the store: which pulse was told, and what may
/// be missing. Kept beside the port, so that a crash of the counter tells no
/// pulse twice and forgets none. Pure.
class pulse_ledger {
public:
  /// What a counter leaves in the store for its next life (OWN
  /// `counter/<name>`).
  struct stamp {
    std::uint64_t raw = 0;    ///< pulses known then
    wall_ms at = 0;
    std::uint64_t missed = 0; ///< bound and gaps of all lives until then
    std::uint32_t gaps = 0;
    std::string boot;         ///< of the machine; empty: unknown
    mono_ns mono = 0;         ///< of that boot

    friend bool operator==(const stamp&, const stamp&) = default;
  };

  /// When a process begins: the wall clock, and the monotonic one of a boot.
  struct moment {
    wall_ms wall = 0;
    std::string boot = {};
    mono_ns mono = 0;
  };

  [[nodiscard]] bool open() const noexcept { return offset_.has_value(); }

  /// Begins the books of this process.
  ///
  /// Between the stamp and now at most `max_rate_hz` * time + 1 pulses
  /// happened; those of them that the store knows were not lost. The rest may
  /// have been, and that is the bound: it covers what a crash took from RAM as
  /// well as the time when nobody listened.
  ///
  /// Time is what the wall clock says, or the monotonic one if that says more
  /// and the machine was not booted since: a wall clock that was set back
  /// makes no bound too small. One that was set forward makes it too wide.
  ///
  /// @param in_stream what the store has counted of this counter since it was
  ///        opened: not 0 when the counter was removed and added again.
  /// @returns false if the clock stands before the stamp and another boot made
  ///          it, so that no bound is known.
  bool begin(const std::optional<stamp>& last, std::uint64_t raw_now,
             std::uint64_t in_stream, double max_rate_hz, const moment& now);

  /// What to tell the store when the port has seen so many pulses.
  [[nodiscard]] std::uint64_t in_stream(std::uint64_t seen) const {
    return offset_.value_or(0) + seen;
  }

  /// The bound, with what the port has missed in this process.
  [[nodiscard]] std::uint64_t missed(std::uint64_t of_port) const {
    return missed_ + of_port - forgiven_missed_;
  }
  [[nodiscard]] std::uint32_t gaps(std::uint32_t of_port) const {
    return gaps_ + of_port - forgiven_gaps_;
  }

  /// The total was set by hand from a real meter: nothing is missing in it.
  void forgive(std::uint64_t of_port, std::uint32_t gaps_of_port);

private:
  std::optional<std::uint64_t> offset_;
  std::uint64_t missed_ = 0; ///< of earlier lives
  std::uint32_t gaps_ = 0;
  std::uint64_t forgiven_missed_ = 0;
  std::uint32_t forgiven_gaps_ = 0;
};

[[nodiscard]] std::string encode(const pulse_ledger::stamp& x);
[[nodiscard]] std::optional<pulse_ledger::stamp> decode_stamp(const std::string& payload);

} // namespace troupe
