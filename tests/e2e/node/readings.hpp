#pragma once

#include "tests/support/test_house.hpp"

// What the tests of one node look for in its answers.

namespace troupe::test {

inline bool is(const nlohmann::json& reading, const char* text) { return reading.value("text", "") == text; }

} // namespace troupe::test
