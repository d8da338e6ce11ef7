#pragma once

#include "actors/rule/shadow.hpp"
#include "storage/live_table.hpp"

#include <string>

namespace troupe::rule {

/// What everybody may see of a shadow: the reading `shadow/<rule>/<node>`, a text,
/// "unheard", "settles", "agrees" or "differs". Its story has two steps for each
/// difference, of kind "acting" and "shadow": name of the output, what is wanted,
/// since when. Travels as all values do, so every node's `troupe placement` has it,
/// and a rule may light a lamp by it.
///
/// Ownership: the name is forgotten with the sign.
class shadow_sign {
public:
  static constexpr std::size_t most_shown = 8; ///< differences
  /// A node refuses longer names of others (cluster/link/accept).
  static constexpr std::size_t longest_name = 128;

  shadow_sign(storage::live_table& live, const std::string& rule, const std::string& node);
  ~shadow_sign();
  shadow_sign(const shadow_sign&) = delete;
  shadow_sign& operator=(const shadow_sign&) = delete;

  void show(const shadow& x, const moment& now);

  /// "shadow/hall-light/boiler"
  [[nodiscard]] static std::string name_of(const std::string& rule, const std::string& node);

private:
  storage::live_table& live_;
  std::string name_;
  std::string shown_;
  std::vector<difference> differences_;
  wall_ms changed_wall_ = 0;
  std::uint64_t changes_ = 0;
};

} // namespace troupe::rule
