#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// What nodes of different versions may only do once all members can: a feature is
// known to a program, listed by the member document of each node that runs it, and
// on once `sys/feature/<name>` stands in the store.

namespace troupe::storage {

/// Documents of features that are on: `sys/feature/<name>`, MAP.
inline constexpr std::string_view feature_prefix = "sys/feature/";

/// Events that correct the times of earlier ones: journal events of version 2, and
/// with them format 4 of the store.
inline constexpr std::string_view journal_times = "journal-times";

/// Those of this program, in order.
[[nodiscard]] const std::vector<std::string>& known_features();

/// Who lists what; nothing of a member whose program is older than features.
using listed_features = std::map<std::string, std::set<std::string>>;

struct feature_view {
  std::string name;
  bool on = false;
  bool known = false;                 ///< to this program
  std::vector<std::string> waits_for; ///< members that do not list it, in order

  /// All can do it, and nobody has said so yet.
  [[nodiscard]] bool is_due() const { return !on && known && waits_for.empty(); }

  friend bool operator==(const feature_view&, const feature_view&) = default;
};

/// All features that anybody has heard of, in order. What is on stays on, whoever
/// comes later: such a member is waited for, and must be told.
/// @param members all of them, this node too
[[nodiscard]] std::vector<feature_view> judge_features(const std::vector<std::string>& known,
                                                       const listed_features& members,
                                                       const std::set<std::string>& on);

} // namespace troupe::storage
