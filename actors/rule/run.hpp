#pragma once

#include "actors/rule/evaluation.hpp"
#include "actors/rule/inputs.hpp"
#include "actors/rule/memory.hpp"
#include "actors/rule/script.hpp"
#include "config/model/house.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::rule {

/// What one run of a rule works on. All of it is thrown away if the run fails.
struct run {
  const rule_config& config;
  moment now;
  const house_view& house;
  input_table& inputs;
  rule_memory memory;             ///< a copy
  evaluation& record;
  std::set<std::string> windows_used; ///< others were not seen to be true: dropped
  std::set<std::string> timers_told;  ///< ended before this run: `fired` is true
  std::vector<std::string> lines_logged;
  std::vector<said_pulse> pulses; ///< said in this run
};

/// One function of the rule language. A later function is a later row in
/// `functions.cpp`; more comfortable ones are Lua, in `blocks.cpp`.
struct language_row {
  script_function face;
  void (*serve)(run& now, script_call& call);
};

std::span<const language_row> language();

/// The same, as `script::load` wants it.
std::span<const script_function> language_faces();

/// Blocks with the names of IEC 61131-3, written in the language itself.
extern const char* const blocks;

/// The value that a rule's expression sets on its only output; none lets it go.
/// @returns what is wrong with it, or nothing.
std::string set_by_expression(run& now, const value& x);

} // namespace troupe::rule
