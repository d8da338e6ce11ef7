#pragma once

#include "config/load/problem.hpp"

namespace troupe::load {

/// Adds what is wrong with the document's name; inside config/load only.
void check_name(const document& x, std::vector<problem>& found);

} // namespace troupe::load
