#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"
#include "config/model/value.hpp"
#include "storage/edge_tail.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::rule {

/// Both clocks at one moment.
struct moment {
  mono_ns mono = 0;
  wall_ms wall = 0;
};

/// What becomes of a deadline that passed while the rule was not running.
struct missed_policy {
  enum class kind : std::uint8_t { run, skip, younger };
  kind what = kind::run;
  milliseconds limit{0}; ///< younger: late by less than this

  friend bool operator==(const missed_policy&, const missed_policy&) = default;
};

/// Reads "run", "skip" or a duration.
std::optional<missed_policy> parse_missed(const std::string& text);
std::string to_text(const missed_policy& x);

/// Something that began and has a length: a timer, or the time for which a
/// condition has been true. Runs on CLOCK_MONOTONIC, so a wall clock that
/// jumps neither fires nor stalls it.
struct stopwatch {
  mono_ns started = 0;  ///< may lie before this boot, then negative
  milliseconds length{0};
  missed_policy missed;
  std::uint64_t mark = 0; ///< windows of inputs: their number of changes

  [[nodiscard]] mono_ns deadline() const noexcept { return started + length.count() * 1'000'000; }
  [[nodiscard]] bool over(mono_ns now) const noexcept { return now >= deadline(); }

  friend bool operator==(const stopwatch&, const stopwatch&) = default;
};

/// What a rule wants of an output until it changes its mind.
struct wish {
  value val;
  int priority = 10;
  milliseconds lease{0};
  int line = 0;       ///< of the rule's text
  wall_ms since = 0;

  friend bool operator==(const wish&, const wish&) = default;
};

/// A pulse that a rule has said. It stays in the memory while it is young: whoever
/// goes on says it again, under the same id, and its output does it once.
struct said_pulse {
  std::string id;
  std::string output;
  value val;
  milliseconds length{0};
  int priority = 10;
  int line = 0;
  mono_ns at = 0;    ///< of what led to it: an edge, a timer's end, else when it was said
  wall_ms since = 0;

  friend bool operator==(const said_pulse&, const said_pulse&) = default;
};

/// Up to which edge of each digital input a rule has acted, by the input's name.
using rule_positions = std::map<std::string, storage::edge_position>;

/// Names that one rule may read in its life. Past it `get` is an error: a
/// dependency costs a watcher and is looked at in every run.
inline constexpr std::size_t max_inputs = 256;

/// Bounds of one rule's memory (I11). At a bound the script gets an error.
inline constexpr std::size_t max_variables = 128;
inline constexpr std::size_t max_timers = 64;
inline constexpr std::size_t max_wishes = 256;
/// Pulses of one run, and young ones that are kept, the newest.
inline constexpr std::size_t max_pulses = 16;
inline constexpr std::size_t max_young_pulses = 32;
inline constexpr std::size_t max_key_bytes = 80;
inline constexpr std::size_t max_text_bytes = 1024;

/// Everything that a rule remembers between runs and over restarts (I7).
/// A plain value: a run works on a copy, and a failed run leaves no trace.
struct rule_memory {
  std::map<std::string, value> variables;   ///< `state`
  std::map<std::string, stopwatch> timers;  ///< `start`; ended ones until told
  std::map<std::string, stopwatch> windows; ///< `held`, `for_`
  std::map<std::string, wish> wishes;       ///< by output
  /// Also a run that fails moves them: an edge that a rule cannot digest must
  /// not end it again and again.
  rule_positions positions;
  std::vector<said_pulse> pulses; ///< young ones, the oldest first
  /// What makes the ids of pulses that no edge led to: a random number of this
  /// memory and how many were said. 0: it has none.
  std::uint64_t pulse_series = 0;
  std::uint64_t pulses_counted = 0;

  /// The next moment at which time alone changes an answer.
  [[nodiscard]] std::optional<mono_ns> next_deadline(mono_ns now) const;

  friend bool operator==(const rule_memory&, const rule_memory&) = default;
};

/// What tells apart two texts of a rule and two boots of a machine.
struct memory_origin {
  std::string boot;  ///< the kernel's boot id; empty: unknown
  std::string text;  ///< digest of the rule's text
};

/// The stored form, docs/rules.md "What is stored".
nlohmann::json to_json(const rule_memory& x, const moment& now, const memory_origin& origin);

/// Brings the memory to `now`. How much time passed since it was saved is told
/// by CLOCK_MONOTONIC within one boot; else by the wall clock, if that is
/// plausible: both times after 2024 and not backwards; else no time passed, so
/// a timer keeps what remained. Deadlines that passed meanwhile meet their
/// missed policy. Wishes of another text of the rule are dropped: the new text
/// may not know the output, and would hold it for ever.
/// @param away how long it lay, where somebody knows that better than the clocks
/// @returns `corrupt` if the document is not one of ours.
result<rule_memory> memory_from_json(const nlohmann::json& x, const moment& now,
                                     const memory_origin& origin,
                                     std::optional<milliseconds> away = {});

/// FNV-1a, in hex: stable over builds, unlike std::hash.
std::string digest(const std::string& text);

} // namespace troupe::rule
