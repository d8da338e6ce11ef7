#pragma once

#include "drivers/replay/recording.hpp"

#include <iosfwd>

namespace troupe::drivers::replay {

/// One edge as gpiomon printed it.
struct gpiomon_edge {
  std::int64_t at = 0; ///< ns, as printed: CLOCK_MONOTONIC since Linux 5.7
  std::string line;    ///< the line's name if it was printed, else its offset
  bool rising = false;
};

/// Reads one line of gpiomon's default output, of libgpiod 1.6 or 2.x:
///
///     event:  RISING EDGE offset: 17 timestamp: [    1234.567890123]
///     1234.567890123	rising	gpiochip0 17
///     1234.567890123	rising	"door bell"
///     1234.567890123	falling	gpiochip0 17 "door bell"
///
/// Blanks in a name become '_', since words of a recording have none. Pure.
/// @returns `corrupt` for anything else, with what was expected.
result<gpiomon_edge> parse_gpiomon(std::string_view text);

/// Turns gpiomon's output into a recording, "absolute", sorted as it came.
/// Bad lines are left out. Blank lines are no problem.
/// @returns one text for each bad line, 20 at most; `skipped` counts all.
struct gpiomon_report {
  std::uint64_t edges = 0;
  std::uint64_t skipped = 0;
  std::vector<std::string> problems;
};
gpiomon_report convert_gpiomon(std::istream& from, std::ostream& to);

} // namespace troupe::drivers::replay
