#pragma once

#include "tests/support/env_number.hpp"
#include "tests/support/test_cluster.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdio>

// What the suites of this folder share. CAF's macros need a CAF_SUITE, so this
// comes after it.

namespace troupe::test {

/// Says so where the network of the test cannot be made.
inline bool skipped(const char* what) {
  if (no_networks().empty())
    return false;
  std::printf("SKIPPED: %s needs machines in network namespaces, and %s\n", what, no_networks().c_str());
  return true;
}

/// What a life of nodes told. If it threw, the test fails when all of it is gone
/// and cleaned up: CAF's own checks would abort in the middle.
template <class Life>
std::string told_by(Life life) {
  std::string trouble;
  try {
    return life();
  } catch (const std::exception& why) {
    trouble = why.what();
  }
  CAF_FAIL(trouble);
  return {};
}

inline bool has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in\n" << text);
  return false;
}

} // namespace troupe::test

/// All that run see each other alive; else the test ends with their views.
#define REQUIRE_AGREE(cluster, ...)                                                                                    \
  do {                                                                                                                 \
    if (!(cluster).agree(__VA_ARGS__))                                                                                 \
      CAF_FAIL("they do not agree\n" << (cluster).views() << (cluster).logs());                                        \
  } while (false)
