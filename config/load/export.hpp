#pragma once

#include "config/load/document.hpp"

#include <string>
#include <vector>

namespace troupe {

/// house.toml with these documents: sections in the order in which they name
/// each other, options in the schema's order, keys that it does not know after
/// them. `parse_house` reads the same documents back.
std::string to_toml(const std::vector<document>& all);

/// One option's value as TOML writes it: `"5s"`, `21.5`, `["a", "b"]`; a text
/// of several lines between ''' where that is possible.
std::string toml_value(const nlohmann::json& x);

/// `[channel."hall/lamp"]`
std::string toml_header(const document& x);

} // namespace troupe
