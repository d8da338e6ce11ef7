#pragma once

#include "config/model/time.hpp"
#include "storage/hlc.hpp"

#include <optional>

namespace troupe::storage {

/// Notices that another machine runs under the name of this node: streams of this
/// node that are not of this run go on while this one runs. What an earlier run
/// left behind may also come late, and in parts; but its stamps are old, and it
/// does not grow for long.
///
/// Data stay whole all the same, since every open has a stream of its own; but both
/// machines drive what is pinned to the name. A clock of an earlier run that was
/// ahead can look like a twin where that run's disk is lost and its tail comes from
/// one member after the other.
///
/// Pure. Threads: one at a time.
class twin_watch {
public:
  /// A stamp that late was given after this run began, if clocks differ by no more.
  static constexpr wall_ms margin = 60'000;
  static constexpr mono_ns grows_for = 10'000'000'000;
  static constexpr mono_ns silent_for = 3'600'000'000'000; ///< then it is gone

  /// @param latest when this run began, or the last time that an earlier run may have stamped
  explicit twin_watch(wall_ms latest = 0) : latest_(latest) {}

  /// News of a stream of this node that is not of this run.
  /// @returns whether that makes it certain; once, until it was silent for long
  [[nodiscard]] bool saw(hlc stamp, mono_ns now);
  /// Is there one?
  [[nodiscard]] bool there() const { return told_; }

private:
  wall_ms latest_;
  std::optional<mono_ns> since_;
  mono_ns last_ = 0;
  bool told_ = false;
};

} // namespace troupe::storage
