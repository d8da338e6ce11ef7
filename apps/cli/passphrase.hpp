#pragma once

#include "config/model/result.hpp"

#include <string>

namespace troupe::cli {

/// The first line of `file`, or typed on the terminal without an echo, `twice`
/// if it is new.
/// @returns why there is none: no terminal and no file, two that differ.
[[nodiscard]] result<std::string> ask_passphrase(const std::string& file, const std::string& question,
                                                 bool twice);

} // namespace troupe::cli
