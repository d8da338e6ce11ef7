#pragma once

#include "apps/cli/text.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What two stores have that differs, and why: decisions of `troupe diff`. Pure.

namespace troupe::cli {

/// What of each stream has arrived at a node.
using arrived = std::map<std::string, std::uint64_t>;

[[nodiscard]] arrived arrived_from(const json& vector);

enum class verdict {
  first_ahead,  ///< the second has not heard it yet
  second_ahead,
  both,         ///< each has something that the other has not heard yet
  diverged,     ///< both have heard the same and show something else: a defect
};

/// @param first  the entry as a node tells it: {"slots": [{"stream", "seq"}], ...}; may have none
/// @param first_has what had arrived there when it was asked, or before
[[nodiscard]] verdict judge(const json& first, const json& second, const arrived& first_has, const arrived& second_has);

struct entry_name {
  std::string kind;
  std::string key;
  friend auto operator<=>(const entry_name&, const entry_name&) = default;
};

/// Entries of which the two show something else.
/// @param first rows: [{"kind", "key", "hash"}]
[[nodiscard]] std::vector<entry_name> differing(const json& first, const json& second);

/// Buckets whose sums differ.
[[nodiscard]] std::vector<std::size_t> differing_buckets(const json& first, const json& second);

} // namespace troupe::cli
