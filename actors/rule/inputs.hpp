#pragma once

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
};

/// Names that one rule may read in its life. Past it `get` is an error: a
/// dependency costs a watcher and is looked at in every run.
inline constexpr std::size_t max_inputs = 256;

/// What one input shows in one run.
struct input {
  reading now;           ///< bad and no_value if the name is unknown
  storage::story why;    ///< what led to the present value
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
/// An edge belongs to exactly one run. Edges lie between trusted values: a
/// value that turns bad and comes back equal has not changed, and a restored
/// one is taken over without an edge (I6). Toggles that were too fast to be
/// seen are known by `reading::changes`: then both edges are told, once.
class input_table {
public:
  /// Starts a run: looks at every known name once, so that all reads of one
  /// run agree with each other.
  void begin(const house_view& house);

  /// Adds the name if it is new. @returns null at `max_inputs`.
  const input* look(const std::string& name, const house_view& house);

  /// The same names, with nothing seen yet.
  [[nodiscard]] input_table without_history() const;

  [[nodiscard]] const std::map<std::string, input>& all() const noexcept { return cells_; }

private:
  struct baseline {
    value val;
    std::uint64_t changes = 0;
  };

  void refresh(const std::string& name, input& cell, const house_view& house);

  std::map<std::string, input> cells_;
  std::map<std::string, baseline> trusted_; ///< the last trusted value of each
};

} // namespace troupe::rule
