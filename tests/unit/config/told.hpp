#pragma once

#include "config/load/check.hpp"

#include <string>

namespace troupe::test {

/// A bus for the channels under test; two lines.
inline const std::string sim = "[bus.s]\n"
                               "driver = \"sim\"\n";

/// What `troupe check` would tell, one line a problem.
inline std::string told(const std::string& toml, const lua_check& lua = {}) {
  std::string all;
  for (const auto& x : read_house({{"house.toml", toml}}, lua).problems)
    all += (all.empty() ? "" : "\n") + x.to_string(0);
  return all;
}

} // namespace troupe::test
