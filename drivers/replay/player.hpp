#pragma once

#include "drivers/replay/reader.hpp"

#include <functional>

namespace troupe::drivers::replay {

/// Decides when each event of a recording is due. Pure: it is told the time.
class player {
public:
  /// @param pace recorded seconds per second; 0: everything is due at once.
  /// @param origin recorded time that corresponds to the start.
  player(event_source& source, double pace, std::int64_t origin)
    : source_(&source), pace_(pace), origin_(origin) {}

  void start(mono_ns now) noexcept { started_ = now; }

  /// @returns when the next event is due, nothing at the end, or `corrupt`.
  result<std::optional<mono_ns>> next_due();

  using target = std::function<void(const event&, mono_ns at)>;

  /// Plays what is due by `now`, at most `limit` events, each with the time at
  /// which it was due (at pace 0: `now`).
  /// @returns how many.
  result<std::size_t> play(mono_ns now, std::size_t limit, const target& to);

  std::uint64_t played() const noexcept { return played_; }
  std::int64_t position() const noexcept { return position_; } ///< ns since the origin

private:
  mono_ns due(const event& e) const noexcept;
  status peek();

  event_source* source_;
  double pace_;
  std::int64_t origin_;
  mono_ns started_ = 0;
  std::optional<event> next_;
  bool ended_ = false;
  std::uint64_t played_ = 0;
  std::int64_t position_ = 0;
};

} // namespace troupe::drivers::replay
