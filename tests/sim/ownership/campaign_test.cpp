#undef CAF_SUITE
#define CAF_SUITE ownership_campaign

#include "tests/sim/ownership/shapes.hpp"
#include "tests/support/env_number.hpp"

#include <caf/test/dsl.hpp>


using namespace troupe;

/// TROUPE_SEED and TROUPE_LIVES: from which seed, how many.
CAF_TEST(I4: no output obeys two masters and no press is lost or obeyed twice) {
  const auto first = test::number<std::uint64_t>("TROUPE_SEED", 1);
  const auto lives = test::number<std::uint64_t>("TROUPE_LIVES", 1500);
  for (auto seed = first; seed < first + lives; ++seed) {
    sim::house x{seed, sim::shape_of(seed)};
    const auto wrong = x.live();
    if (!wrong.empty())
      CAF_FAIL("seed " << seed << ": " << wrong << "\n  again: ownership_sim --seed " << seed << " --count 1 --story");
  }
}
