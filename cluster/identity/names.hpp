#pragma once

#include "config/model/names.hpp"
#include "config/model/result.hpp"

#include <fmt/format.h>

#include <string>

namespace troupe::identity {

/// The name of a node or of a person, as it stands in a certificate's CN: one
/// word of `a-z 0-9 - _ .`, at most 64 bytes, which is also X.509's limit.
[[nodiscard]] inline status check_name(const std::string& x) {
  if (is_valid_name(x) && x.find('/') == std::string::npos)
    return {};
  return error{errc::invalid_argument,
               fmt::format("'{}' is no name for a node or a person: use one word of a-z 0-9 - _ . that "
                           "begins with a letter or digit, at most {} bytes",
                           x.substr(0, 80), max_name_bytes)};
}

} // namespace troupe::identity
