#pragma once

#include "actors/bus/output_cell.hpp"
#include "config/model/result.hpp"
#include "storage/live_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace troupe {

/// Who wants what of one output: BACnet's priority array (clause 19.2), with
/// several sources on one level and a lease on each slot. One slot a source:
/// a new wish of the same source replaces its old one, on whatever level.
///
/// A pulse has a slot beside its source's wish. It ends at its time alone: no
/// renewal lengthens it, its source's wishes and releases leave it be, and it goes
/// before wishes of its own number. There is one at a time.
///
/// The lowest number wins; on one level the newest wish does, so the outcome
/// depends on the order of commands alone. Pure.
class priority_array {
public:
  static constexpr int highest = 1;
  static constexpr int lowest = 16;
  /// More sources than this on one output is a mistake of configuration.
  static constexpr std::size_t max_slots = 32;

  struct slot {
    std::string source;
    int priority = lowest;
    value val;
    mono_ns lease = 0;             ///< 0: does not expire
    mono_ns until = no_deadline;
    std::uint64_t order = 0;       ///< given by `put`
    bool pulse = false;
    storage::story story;
  };

  /// @returns `over_limit` when the source is new and the array is full.
  /// @pre of a pulse: none runs
  [[nodiscard]] status put(slot x, mono_ns now);
  /// @returns false if the source has no slot.
  bool renew(const std::string& source, mono_ns now);
  bool relinquish(const std::string& source);
  /// Drops slots whose time is over. @returns their sources, not a pulse's.
  std::vector<std::string> expire(mono_ns now);
  void end_pulse() {
    std::erase_if(slots_, [](const slot& s) { return s.pulse; });
  }

  /// Winner first.
  [[nodiscard]] const std::vector<slot>& slots() const noexcept { return slots_; }
  [[nodiscard]] const slot* winner() const noexcept {
    return slots_.empty() ? nullptr : &slots_.front();
  }
  [[nodiscard]] const slot* pulse() const noexcept {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [](const slot& s) { return s.pulse; });
    return found == slots_.end() ? nullptr : &*found;
  }
  /// When the first lease ends; `no_deadline` if none does.
  [[nodiscard]] mono_ns next_expiry() const noexcept;

  /// How long the winning value stays if nobody says anything more, and
  /// whether another live wish, not the safe state, follows it.
  struct outlook {
    mono_ns until = no_deadline;
    bool another_follows = false;
  };
  [[nodiscard]] outlook ahead() const;

private:
  void sort();

  std::vector<slot> slots_;
  std::uint64_t order_ = 0;
};

} // namespace troupe
