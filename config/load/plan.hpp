#pragma once

#include "config/load/document.hpp"

#include <string>
#include <vector>

namespace troupe {

/// One option of a change. Null: not written there, so its default.
struct key_change {
  std::string key;
  nlohmann::json from;
  nlohmann::json to;

  friend bool operator==(const key_change&, const key_change&) = default;
};

/// One thing that has to happen to get from one house to another.
struct plan_step {
  enum class kind { add, change, remove };
  kind what = kind::add;
  std::string section;
  std::string name;
  std::vector<key_change> keys; ///< of a change
  bool restarts = true;         ///< false: the thing runs on undisturbed
  document wanted;              ///< of add and change

  friend bool operator==(const plan_step&, const plan_step&) = default;

  /// "+ channel hall/lamp", "~ rule hall-light  lease 5s -> 10s (restarts)",
  /// "- counter meter/gas".
  std::string to_string() const;
};

/// What to do. First removals, which free the lines that additions may want:
/// rules, counters, channels, buses. Then additions and changes: buses, channels,
/// counters, rules, so that nothing starts before what it names. Documents that say the same
/// make no step. Without `prune` nothing is removed.
///
/// Pure; takes time in proportion to the documents. Of two documents with one
/// name the later counts.
std::vector<plan_step> plan(const std::vector<document>& current,
                            const std::vector<document>& wanted, bool prune);

/// One line a step; "Nothing to do." without any.
std::string to_string(const std::vector<plan_step>& steps);

/// "add", "change", "remove"
const char* to_string(plan_step::kind x) noexcept;

/// For the control interface: {"action", "section", "name", "restarts",
/// "keys": [{"key", "from", "to"}], "text"}.
nlohmann::json to_json(const plan_step& x);

} // namespace troupe
