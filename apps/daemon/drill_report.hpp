#pragma once

#include "apps/daemon/drill_check.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::daemon {

/// A line of somebody's journal, at the time of the node that drove the drill.
struct drill_fact {
  mono_ns at = 0;
  std::string node, kind, subject, text;
};

/// All that was seen of a drill.
struct drill_seen {
  mono_ns fault_at = 0;
  milliseconds uncertainty{1}; ///< of every time below: half a round trip and what clocks tell apart
  mono_ns ended_at = 0;
  std::vector<drill_picture::rule> concerned; ///< before it
  std::vector<std::string> wired;             ///< outputs of a node that ends: nobody can drive them until it is back
  std::vector<drill_fact> facts;              ///< in any order
  std::map<std::string, std::pair<double, double>> counters; ///< totals before and after
  std::vector<std::string> still_ill;         ///< what was not whole again at the end
  std::string broken_off;                     ///< why it ended early; empty: it did not
  std::optional<milliseconds> clock_off, clock_off_after; ///< the target's, in the midst of a skew and at the end
  std::optional<std::uint64_t> writes_slowed, writes_refused; ///< by the target's disk
};

/// What became of one output of one rule. Times since the fault.
struct drill_takeover {
  std::string rule, output, from, to;
  milliseconds limit{0};
  std::optional<double> detected_ms;  ///< its output lets go of who was silent
  std::optional<double> decided_ms;   ///< its output grants it to a successor
  std::optional<double> effective_ms; ///< the successor's first command is obeyed
  std::string trouble;                ///< empty: in time
};

struct drill_safe {
  std::string output, value;
  double from_ms = 0;
  std::optional<double> for_ms; ///< nothing: to the end
};

/// An output of the node that ended. It is not late: there was nobody to be in time.
struct drill_dark {
  std::string output;
  std::optional<double> for_ms; ///< from the fault until it was driven again, or its node heard; nothing: to the end
};

struct drill_result {
  std::vector<drill_takeover> takeovers;
  std::optional<double> detected_ms, decided_ms, effective_ms; ///< the slowest of all takeovers
  std::optional<double> down_ms, back_ms; ///< others say that the target is down, alive again
  std::optional<double> hung_ms;          ///< supervision says that an actor hangs
  std::optional<double> restarted_ms;     ///< an actor's next incarnation runs, or the one that hung answers
  std::optional<double> degraded_ms, restored_ms; ///< the target's store takes no writes, takes them again
  std::vector<drill_safe> safe;
  std::vector<drill_dark> dark;
  std::optional<double> dark_ms;          ///< the longest; nothing: none was, or one to the end
  std::vector<std::string> lost_counts;   ///< counters that show less than before
  std::uint64_t edges_lost = 0;           ///< that rules say they did not act on
  std::size_t late = 0;                   ///< takeovers over their limit, or none at all
  std::vector<drill_fact> timeline;       ///< what to draw: bounded, in order
  bool passed = false;
  std::vector<std::string> why;           ///< it failed, or what the verdict rests on
};

inline constexpr std::size_t most_drill_facts = 80;

[[nodiscard]] drill_result evaluate(const drill_plan& plan, drill_seen seen);

/// For the store and the control interface: docs/control-interface.yaml, Drill.
[[nodiscard]] nlohmann::json to_json(const drill_plan& plan, const drill_seen& seen, const drill_result& result);

} // namespace troupe::daemon
