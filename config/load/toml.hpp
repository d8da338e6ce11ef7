#pragma once

#include "config/load/problem.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string_view>

// TOML text to JSON with line numbers; inside config/load only. The one file
// that knows the TOML library is toml.cpp.

namespace troupe::load {

struct toml_value;

/// A table with the line of each of its keys.
struct toml_table {
  int line = 1;
  std::map<std::string, toml_value> entries;
};

/// `table` if the value is a plain table, and always its JSON.
struct toml_value {
  int line = 1;
  nlohmann::json plain;
  std::optional<toml_table> table;
};

/// A stretch of text with the number of its first line.
struct stretch {
  std::string_view text;
  int first_line = 1;
};

/// Reads TOML. A date or time becomes its text, and a problem.
/// @returns nothing after a syntax error, which is added to `found`.
std::optional<toml_table> read_toml(stretch part, const std::string& file,
                                    std::vector<problem>& found);

/// The text cut at its table headers; the first part is what stands above
/// them. Understands the headers people write, also broken ones: it is used
/// only after a syntax error.
std::vector<stretch> split_at_headers(std::string_view text);

} // namespace troupe::load
