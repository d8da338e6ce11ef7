#pragma once

#include "drivers/debounce.hpp"
#include "drivers/gpio/kernel.hpp"

#include <functional>

namespace troupe::drivers::gpio {

/// Turns what the kernel hands out for one line into edges and gaps. Knows
/// what each uAPI can lose, and how that shows:
///
/// - Numbers (v2): a jump is exactly what was lost; the oldest were dropped.
/// - No numbers (v1): the buffer holds 16 and drops the newest without a word.
///   It can only have dropped if it was full, and then a read brings all 16. So
///   a read of 16 is a gap: after the last of the 16, before the read
///   ended. How many is bounded by the rate (gaps.hpp).
/// - Both: with both edges wanted, two equal ones in a row mean that the
///   hardware or the interrupt path merged some between them.
/// - Both: after a burst, a level that disagrees with the last edge, and that
/// no
///   later edge explains within a grace, means that the last edge was merged.
///   After a single edge the comparison would say nothing: its level was
///   read from the line the moment before.
///
/// Calls the sink on the caller's thread. No system call but `level_now`, which
/// is asked only after a gap, a burst, or for debouncing.
class edge_track {
public:
  using probe = std::function<std::optional<bool>()>; ///< nothing: device lost

  /// How long a level may disagree before it is a gap: longer than an interrupt
  /// thread waits on a loaded single core.
  static constexpr milliseconds grace{20};

  /// `config.edges` is what the sink wants. With `debounced_here` the raw
  /// events must be both edges, whatever the sink wants.
  edge_track(const line_config& config, const abilities& api, bool debounced_here,
             bool level_now, edge_sink& sink, probe level_now_of);

  /// All that one read brought, in order; `read_at` is after the read. Without
  /// numbers the caller's array must have room for the kernel's whole buffer.
  void on_events(std::span<const raw_event> events, mono_ns read_at);

  /// Everything that was waiting has been given to `on_events`.
  void on_drained(mono_ns now);

  /// When `on_drained` wants to be called although nothing came.
  [[nodiscard]] std::optional<mono_ns> deadline() const;

  /// The debounced level. @pre debounced here
  [[nodiscard]] bool settled_level() const { return debouncer_.value().level(); }

private:
  void tell(const edge& e);
  void tell_gap(std::uint64_t missed, mono_ns at);
  void check_number(const raw_event& event);
  void check_alternation(const raw_event& event);

  edge_kind wanted_;
  double max_rate_hz_;
  bool numbered_;
  unsigned buffer_events_;
  mono_ns period_; ///< of the debouncer
  std::optional<debouncer> debouncer_;
  edge_sink& sink_;
  probe level_now_;

  std::uint32_t number_ = 0;         ///< of the last event
  std::optional<raw_event> last_;    ///< the last event, level known
  unsigned since_drained_ = 0;       ///< events
  std::optional<mono_ns> disagrees_; ///< since when
};

} // namespace troupe::drivers::gpio
