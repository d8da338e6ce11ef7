#pragma once

#include "config/load/document.hpp"
#include "config/model/house.hpp"
#include "config/model/result.hpp"

#include <vector>

// Documents to settings and back.
//
// Reading is lenient where `check` is strict: a key that this release does not
// know is passed over, because a document in the store may come from a newer
// one. A value that is wrong is an error, never a default.

namespace troupe {

/// @returns `invalid_argument` with the first problem's text: wrong section,
///          wrong name, a value outside its limits, a required key missing.
result<bus_config> to_bus(const document& x);
result<channel_config> to_channel(const document& x);
result<counter_config> to_counter(const document& x);
result<rule_config> to_rule(const document& x);
result<drill_config> to_drill(const document& x);

/// All documents, in their order. Stops at the first that fails.
result<house_config> to_house(const std::vector<document>& all);

// What differs from the defaults, canonical. Fields without effect (a lease of
// an input) are left out.
document to_document(const bus_config& x);
document to_document(const channel_config& x);
document to_document(const counter_config& x);
document to_document(const rule_config& x);
document to_document(const drill_config& x);
std::vector<document> to_documents(const house_config& x);

} // namespace troupe
