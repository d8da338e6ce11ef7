#pragma once

#include "config/model/time.hpp"

#include <cstdint>
#include <optional>

namespace troupe::cluster {

/// What a machine's processors have done since it started, in any one unit. Time
/// of processes that give way to all others (nice) is free time: a backup or a
/// build must not drive rules away.
struct processor_time {
  std::uint64_t used = 0;
  std::uint64_t free = 0;
};

/// Is this machine so busy that rules had better begin to act elsewhere? It is once
/// more than `limit` has been in use at every look for `lasts`, and until it was
/// less for as long.
///
/// Pure. Looked at about every second.
class load_watch {
public:
  static constexpr double limit = 0.8;
  static constexpr milliseconds lasts{10'000};

  /// @returns true if it has become busy, or not busy any more
  bool look(const processor_time& x, mono_ns now);
  [[nodiscard]] bool busy() const noexcept { return busy_; }

private:
  std::optional<processor_time> before_;
  std::optional<mono_ns> since_; ///< it is the other way round
  mono_ns looked_at_ = 0;
  bool busy_ = false;
};

} // namespace troupe::cluster
