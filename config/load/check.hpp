#pragma once

#include "config/load/parse.hpp"

#include <functional>
#include <optional>

// Everything that can be known to be wrong before the first line is opened.

namespace troupe {

/// Compiles a rule's text, without running it.
/// @returns the compiler's complaint, or nothing if it is fine.
using lua_check = std::function<std::optional<std::string>(const std::string& lua)>;

/// Holds documents against the schema and against each other: values, limits,
/// unknown and idle keys; names used twice; buses, outputs, interlocks and
/// read-backs that name nothing or the wrong thing; two things on one line; two
/// rules on one output at one priority; times that contradict each other.
/// All at once, sorted by place. Give it the whole house: what is not among the
/// documents does not exist.
///
/// Takes time in proportion to the documents (about 100,000 a second).
std::vector<problem> check(const std::vector<document>& all, const lua_check& lua = {});

/// One file of several that make a house.
struct text_file {
  std::string name;
  std::string text;
};

/// `parse_house` of each and `check` of all together: what `troupe check` and
/// `troupe apply` tell. Without a fatal problem, `to_house` succeeds.
parsed_house read_house(const std::vector<text_file>& files, const lua_check& lua = {});

} // namespace troupe
