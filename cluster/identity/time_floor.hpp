#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <string>

namespace troupe::identity {

/// The newest time that this node knows for certain, kept in `clock.floor`: a
/// board without a battery-backed clock starts in 1970, and would take every
/// certificate for one of the future, or an expired one for valid.
///
/// It rises by what we hold ourselves: our certificate's first day, the mint
/// time of the token, and our own clock as long as that is plausible: not after
/// the end of our own certificate. So a board that was in 2099 for an hour does
/// not stay there. And by the time that passes while we look, so that a board
/// which stays in 1970 for a year renews its certificate, too. A peer's fresh certificate does not raise it: one server with
/// a wrong clock would take the whole house along.
///
/// Threads: one at a time.
class time_floor {
public:
  static constexpr milliseconds save_every{3'600'000}; ///< flash wears

  /// @param until  end of our certificate: later times are not believed
  /// @returns `corrupt` if the file holds no time; a missing file is 0
  [[nodiscard]] static result<time_floor> open(std::string path, wall_ms certificate_from,
                                               wall_ms certificate_until);

  [[nodiscard]] wall_ms floor() const noexcept { return floor_; }
  /// The time to judge certificates by.
  [[nodiscard]] wall_ms now(const clock_source& clocks) const;

  void raise(wall_ms known) noexcept;
  /// After a renewal.
  void certificate(wall_ms from, wall_ms until) noexcept;

  /// Raises by the clock and by the time since the last tick, and writes, at most once in `save_every`.
  [[nodiscard]] status tick(const clock_source& clocks);
  /// As `tick`, at once: at the stop.
  [[nodiscard]] status save(const clock_source& clocks);

private:
  time_floor(std::string path, wall_ms stored) : path_(std::move(path)), stored_(stored), floor_(stored) {}
  std::string path_;
  wall_ms stored_ = 0;
  wall_ms floor_ = 0;
  wall_ms until_ = 0;
  mono_ns next_save_ = 0;
  mono_ns ticked_ = 0;
};

/// The text of `clock.floor`: milliseconds since 1970 in decimal.
[[nodiscard]] std::string floor_text(wall_ms at);

} // namespace troupe::identity
