#pragma once

#include "config/load/parse.hpp"
#include "config/model/patience.hpp"

#include <functional>
#include <optional>

// Everything that can be known to be wrong before the first line is opened.

namespace troupe {

/// Compiles a rule's text, without running it.
/// @returns the compiler's complaint, or nothing if it is fine.
using lua_check = std::function<std::optional<std::string>(const std::string& lua)>;

/// Who looks at a house.
struct viewpoint {
  /// The node that an empty `node` of a bus or rule means. Empty: not known, and
  /// then what would follow from it is not told.
  std::string here;
  /// How long a node may be silent before its peers suspect it; by the profile.
  milliseconds suspect_after = patience_of("lan").suspect_after;
};

/// Holds documents against the schema and against each other: values, limits,
/// unknown and idle keys; names used twice; buses, outputs, interlocks and
/// read-backs that name nothing or the wrong thing; two things on one line; two
/// rules on one output at one priority; interlocks and read-backs across nodes;
/// times that contradict each other. All at once, sorted by place.
///
/// Give it the whole house: what is not among the documents does not exist.
/// `elsewhere` are documents that other nodes run (with `node` written, see
/// `at_node` in split.hpp): they may be named, their names and lines are taken,
/// and nothing is told about what is wrong with them.
///
/// Takes time in proportion to the documents (about 100,000 a second).
std::vector<problem> check(const std::vector<document>& all, const lua_check& lua = {},
                           const std::vector<document>& elsewhere = {}, const viewpoint& from = {});

/// One file of several that make a house.
struct text_file {
  std::string name;
  std::string text;
};

/// `parse_house` of each and `check` of all together: what `troupe check` and
/// `troupe apply` tell. Without a fatal problem, `to_house` succeeds.
parsed_house read_house(const std::vector<text_file>& files, const lua_check& lua = {},
                        const viewpoint& from = {});

} // namespace troupe
