#pragma once

#include "config/schema/option.hpp"

namespace troupe::schema {

/// What became of one written value.
struct taken {
  json value{};          ///< canonical; null if there is trouble
  std::string trouble{}; ///< "poll-every is 5, a number without a unit"; empty: fine
  std::string way_out{}; ///< "Write \"5s\" or \"5ms\"."
};

/// Holds a written value against its option: shape, words, limits.
taken take(const option& x, const json& written);

/// A value as people write it in TOML: `"5s"`, `true`, `["a", "b"]`; long
/// texts are cut. For messages and help.
std::string shown(const json& x);

/// A limit of the option with its unit: "300ms", "64KiB", "16".
std::string shown_limit(const option& x, double limit);

/// "300ms to 1d", "at least 0", or empty.
std::string limits_text(const option& x);

} // namespace troupe::schema
