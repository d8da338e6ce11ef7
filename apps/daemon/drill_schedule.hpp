#pragma once

#include "apps/daemon/chores.hpp"
#include "config/model/drill.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::daemon {

/// Which node drives it: the living one whose name comes first, but not one that
/// is broken. All see the same members, and while they do not, the house is not
/// whole and each of them refuses it. Empty: none can.
[[nodiscard]] std::string driver_of(const drill_config& x, std::vector<std::string> living);

/// When the latest one was to begin, if it may begin still. One that could not for
/// so long is not made: at that hour nobody expects it any more.
/// @param written who writes "Sun 03:00" on a Sunday at 03:05 does not mean now
[[nodiscard]] std::optional<wall_ms> due_now(const drill_config& x, wall_ms now, wall_ms written);
inline constexpr milliseconds drill_grace{600'000};

/// For people: when it is due the next time.
[[nodiscard]] std::optional<wall_ms> next_due(const drill_config& x, wall_ms now);

struct configured_drill {
  drill_config what;
  wall_ms written = 0; ///< by the stamp of its document

  friend bool operator==(const configured_drill&, const configured_drill&) = default;
};

/// DRILLS that begin by themselves, as house.toml says: looks every few seconds
/// whether one is due and this node the one to drive it. All nodes remember what is
/// due, for who drives may change; who drives at the end of the grace tells that it
/// was not made.
///
/// Threads: one of its own calls what it is given.
class drill_schedule {
public:
  struct parts {
    std::function<wall_ms()> wall;
    std::function<std::vector<configured_drill>()> configured;
    std::function<std::vector<std::string>()> living;
    std::function<bool(const std::string& name, wall_ms due)> is_done; ///< also by another node
    std::function<bool(const drill_config&, wall_ms due)> begin; ///< false: later
    std::function<void(const drill_config&, wall_ms due)> miss;  ///< it was later for too long
    std::function<bool()> is_broken; ///< a drill lasts here: neither the clock nor the links tell the truth
  };
  static constexpr milliseconds look_every{2000};
  /// A node that has just started may not have heard yet what others have made.
  static constexpr milliseconds first_look{10'000};

  drill_schedule(std::string self, parts with) : self_(std::move(self)), with_(std::move(with)) {}
  ~drill_schedule() { stop(); }
  drill_schedule(const drill_schedule&) = delete;
  drill_schedule& operator=(const drill_schedule&) = delete;

  void start();
  void stop() { thread_.stop(); }
  /// One look; `start` makes it again and again.
  void look();

private:
  struct known {
    configured_drill config;
    wall_ms seen = 0;  ///< first, by this process
    wall_ms done = 0;  ///< the latest that is dealt with, as far as this node knows
    wall_ms waits = 0; ///< due, and nobody has dealt with it yet; 0: none
  };

  const std::string self_;
  const parts with_;
  std::map<std::string, known> known_; ///< the thread's
  chores thread_;
};

} // namespace troupe::daemon
