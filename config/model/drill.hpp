#pragma once

#include "config/model/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a drill breaks on purpose.
enum class drill_kind : std::uint8_t {
  kill_actor, hang_actor, kill_node, stop_node, power_cycle, cut_link, degrade_link, slow_disk, fill_disk, skew_clock
};

enum class drill_target : std::uint8_t { actor, node, link };

/// All that is true of a kind. Whatever lists the kinds (the command line, its
/// completion, the configuration, what a node does) reads `drill_traits`.
struct drill_trait {
  drill_kind kind;
  const char* word;       ///< "kill-node"
  drill_target of;
  const char* does;       ///< "ends the node at once, as a crash does"
  bool lasts = false;     ///< has a length, and ends by itself
  milliseconds delay{0};  ///< of each thing when nobody says; 0: takes none
  bool loses = false;     ///< takes a share that is lost
  bool shifts = false;    ///< takes by how much
  milliseconds settle{30'000}; ///< so long the house may take to be whole again
};

inline constexpr std::size_t drill_kinds = 10;
[[nodiscard]] const std::array<drill_trait, drill_kinds>& drill_traits() noexcept;
[[nodiscard]] const drill_trait& trait_of(drill_kind x) noexcept;
[[nodiscard]] inline const char* to_string(drill_kind x) noexcept { return trait_of(x).word; }
[[nodiscard]] const drill_trait* find_drill(std::string_view word) noexcept; ///< null: there is none
/// "stop-node, cut-link": the words of those for which `is` holds.
[[nodiscard]] std::string drill_words(bool (*is)(const drill_trait&));
[[nodiscard]] std::vector<std::string> drill_words();

/// What a drill may be told at most. No fault lasts longer than `longest`,
/// whatever becomes of whoever ordered it.
struct drill_bounds {
  static constexpr milliseconds shortest{100}, longest{60'000};
  static constexpr milliseconds least_delay{10}, most_delay{5000};
  static constexpr double most_loss = 50; ///< percent; with more nothing comes through
  /// Ahead, stamps of the store stay ahead for as long afterwards; behind, they do not.
  static constexpr milliseconds least_shift{60'000}, most_ahead{3'600'000}, most_behind{86'400'000};
  static constexpr milliseconds least_limit{1}, most_limit{600'000};
  static constexpr milliseconds least_settle{1000}, most_settle{600'000};
  static constexpr milliseconds least_every{60'000}, most_every{366LL * 86'400'000};
};

/// "1h", "-10m". @returns nothing for other text
[[nodiscard]] std::optional<milliseconds> parse_shift(std::string_view text);

/// `[drill."..."]` of house.toml: a drill that begins by itself.
struct drill_config {
  std::string name;
  drill_kind kind = drill_kind::kill_node;
  std::string target; ///< an actor, a node
  std::string peer;   ///< of a link: the other end
  std::string at;     ///< "03:00", "Sun 03:00", local time; empty: `every`
  milliseconds every{0};
  milliseconds length{5000};
  milliseconds limit{0};  ///< of a takeover; 0: by the class of each rule
  milliseconds settle{0}; ///< 0: by the kind
  milliseconds delay{0};  ///< 0: by the kind
  double loss = 0;        ///< percent
  std::string by;         ///< "1h", "-10m"
  bool even_so = false;
  std::string node;       ///< in whose configuration it stands; empty: where it was added

  friend bool operator==(const drill_config&, const drill_config&) = default;
};

/// A time of the day, each day or on one day of the week.
struct drill_time {
  std::optional<int> weekday; ///< 0: Sunday
  int hour = 0, minute = 0;

  friend bool operator==(const drill_time&, const drill_time&) = default;
};

/// "03:00", "Sun 03:00". @returns nothing for other text
[[nodiscard]] std::optional<drill_time> parse_drill_time(std::string_view text);

/// The latest moment until `now` at which it was due. A time of the day is the
/// machine's local one; `every` counts from 1970 on, so that all nodes agree and
/// nobody has to keep when it was last.
/// @returns nothing if it has neither
[[nodiscard]] std::optional<wall_ms> latest_due(const drill_config& x, wall_ms now);

} // namespace troupe
