#pragma once

#include "config/schema/schema.hpp"

// Pieces of text that `explain` and the reference page share; inside
// config/schema only.

namespace troupe::schema {

/// "duration", "one of safe, last, hold", "whole number, Hz".
std::string type_text(const option& x);

/// "5s", "off", "none", "must be written".
std::string default_text(const option& x);

/// "direction = \"output\" and kind = \"digital\""; empty: always.
std::string condition_text(const option& x);

/// "restarts the channel", "the channel runs on", "restart the node".
std::string change_text(const section& of, const option& x);

/// A value to show in an example, as TOML.
std::string example_value(const option& x);

/// Breaks at blanks so that no line is longer than `width` columns, and puts
/// `indent` before each.
std::string wrap(std::string_view text, std::size_t width, std::string_view indent);

} // namespace troupe::schema
