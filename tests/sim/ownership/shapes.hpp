#pragma once

#include "tests/sim/ownership/world.hpp"

namespace troupe::sim {

/// What kind of house a seed is; the same for the program and the tests.
inline house::shape shape_of(std::uint64_t seed) {
  std::mt19937_64 dice{seed ^ 0x5bd1e995};
  house::shape x;
  x.nodes = 2 + static_cast<unsigned>(dice() % 4);
  x.outputs = dice() % 3 == 0 ? 2 : 1;
  x.partial = x.outputs > 1 && dice() % 4 == 0;
  x.wild = dice() % 3 == 0;
  const char* paces[] = {"normal", "normal", "fast", "critical"};
  x.pace = paces[dice() % 4];
  x.pulses = dice() % 2 == 0;
  return x;
}

} // namespace troupe::sim
