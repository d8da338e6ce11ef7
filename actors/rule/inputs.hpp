#pragma once

#include "actors/rule/memory.hpp"
#include "config/model/reading.hpp"
#include "storage/live_table.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::rule {

/// The house as rules see it: `storage::live_table`, or a table in tests.
class house_view {
public:
  virtual ~house_view() = default;
  [[nodiscard]] virtual std::optional<storage::live_table::row>
  find(const std::string& name) const = 0;
  /// As `live_table::edges_since`.
  [[nodiscard]] virtual std::vector<storage::edge>
  edges_since(const std::string&, const storage::edge_position&) const {
    return {};
  }
};

/// What one input shows in one run.
struct input {
  reading now;           ///< bad and no_value if the name is unknown
  storage::story why;    ///< what led to the value
  value before;          ///< the last trusted value before this run
  bool known = false;    ///< the name has a row
  bool seen = false;     ///< by a run before this one
  quality before_grade = quality::bad;
  bool turned = false;   ///< its quality is another than in the run before
  bool changed = false;  ///< its value is another than in the run before
  bool rose = false;
  bool fell = false;

  [[nodiscard]] bool usable() const noexcept {
    return now.grade != quality::bad && !now.val.empty();
  }
  [[nodiscard]] bool on() const noexcept { return usable() && now.val.number() != 0; }
};

/// Every name that the rule has ever read, and what it showed last. All of
/// them stay dependencies, also those that the last run did not reach: else
/// `armed and rising("door")` would see the door's old change when armed.
///
/// An edge belongs to exactly one run, and a run has at most one edge of a
/// digital input: the oldest that the rule has not acted on, over all inputs by
/// wall clock, then by name. In that run its input shows what it was after it,
/// all others what they are now. `rule_positions` say how far the rule has come,
/// also an earlier life of it, here or at another node.
///
/// Where the house does not keep the edges (values that are not digital, too
/// many for the tail, another run of the input) they are known by
/// `reading::changes`, merged: both edges are told, once; and those of before
/// this life not at all. Edges lie between trusted values: a value that turns
/// bad and comes back equal has not changed, and a restored one is taken over
/// without an edge (I6).
class input_table {
public:
  /// Starts a run: looks at every known name once, so that all reads of one
  /// run agree with each other.
  /// @param acted how far the rule has come; goes on to what this run shows
  /// @param limit edges that are older are passed over and counted
  void begin(const house_view& house, const moment& at, rule_positions& acted, milliseconds limit);

  /// Adds the name if it is new. @returns null at `max_inputs`.
  const input* look(const std::string& name, const house_view& house, rule_positions& acted);

  /// More edges wait, or the value now is not yet shown: another run is due.
  [[nodiscard]] bool pending() const noexcept { return pending_; }

  /// Edges that the last `begin` passed over.
  struct passed_over {
    std::string name;       ///< of the first
    bool others = false;    ///< there were more names
    std::uint64_t old = 0;  ///< older than the limit
    std::uint64_t lost = 0; ///< of before this life, and not kept by the house
    mono_ns age = 0;        ///< of the oldest of `old`
  };
  [[nodiscard]] const passed_over& passed() const noexcept { return passed_; }

  /// The edge that the last `begin` showed; none: it was no single one.
  struct cause {
    std::string name;
    std::uint64_t run = 0;
    std::uint64_t changes = 0;
    mono_ns at = 0;
  };
  [[nodiscard]] const std::optional<cause>& shown_edge() const noexcept { return cause_; }

  /// The same names, with nothing seen yet.
  [[nodiscard]] input_table without_history() const;

  [[nodiscard]] const std::map<std::string, input>& all() const noexcept { return cells_; }

private:
  struct baseline {
    value val;
    storage::edge_position upto;
  };

  /// An edge that waits for its run.
  struct waiting {
    std::string name;
    storage::edge next;
    std::uint64_t run = 0;
  };

  [[nodiscard]] std::uint64_t refresh(const std::string& name, input& cell, const house_view& house);
  [[nodiscard]] std::optional<storage::edge_position>
  upto(const std::string& name, std::uint64_t run, const rule_positions& acted) const;
  [[nodiscard]] std::optional<waiting> find_waiting(const std::string& name, const input& cell, std::uint64_t run,
                                                    const house_view& house, const moment& at,
                                                    rule_positions& acted, milliseconds limit);
  void show_edge(const waiting& x, rule_positions& acted, const moment& at);
  void show_now(const std::string& name, input& cell, std::uint64_t run, rule_positions& acted);
  void reach(const std::string& name, const storage::edge_position& x, rule_positions& acted);

  std::map<std::string, input> cells_;
  std::map<std::string, baseline> trusted_; ///< the last trusted value of each
  passed_over passed_;
  std::optional<cause> cause_;
  bool pending_ = false;
};

} // namespace troupe::rule
