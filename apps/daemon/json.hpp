#pragma once

#include "apps/daemon/catalog.hpp"
#include "config/model/reading.hpp"
#include "storage/journal.hpp"
#include "storage/live_table.hpp"

#include <nlohmann/json.hpp>

// How the nouns look in JSON; the shapes are described in
// docs/control-interface.yaml.

namespace troupe::daemon {

using json = nlohmann::json;

/// digital: true/false; analog, integer: number; text: string; none: null.
json value_json(const value& x);

json story_json(const std::vector<storage::step>& x);

/// @param about may be null: then only what the table knows.
json reading_json(const storage::live_table::row& row, const catalog::item* about,
                  const clock_source& clocks);

/// `at` may be corrected: then `told_at` is what the writer's clock said.
json event_json(const storage::journal_event& x);

/// JSON of another node. `null` if it is none, nested so deep that walking it
/// would end the stack, or holds texts that are no UTF-8.
json far_json(std::string_view text);

/// A text in an object; "" if there is none, of whatever kind it is.
std::string text_in(const json& x, const char* key);

/// A list in an object; an empty one if there is none.
const json& list_in(const json& x, const char* key);
bool truth_in(const json& x, const char* key, bool otherwise);

/// Reads an operator's value: "on", true, 21.5, "21.5".
/// @returns none if it does not fit.
value value_from(const json& x, value_kind wanted);

} // namespace troupe::daemon
