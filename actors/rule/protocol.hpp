#pragma once

#include <caf/all.hpp>

namespace troupe {

/// RULE, besides what every unit understands.
///
/// Answered at once with a `std::string`, the JSON of docs/rules.md "What a
/// rule shows": the last evaluation with all reads, sets and the error; what
/// the rule holds, its state and timers.
struct view_rule {
  friend bool operator==(const view_rule&, const view_rule&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view_rule&) {
  return f(caf::meta::type_name("view_rule"));
}

} // namespace troupe
