#undef CAF_SUITE
#define CAF_SUITE ownership_campaign

#include "tests/sim/ownership/shapes.hpp"

#include <caf/test/dsl.hpp>

#include <cstdlib>

using namespace troupe;

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const auto* x = std::getenv(name);
  return x ? std::stoull(x) : otherwise;
}

} // namespace

/// TROUPE_SEED and TROUPE_LIVES: from which seed, how many.
CAF_TEST(I4: no output obeys two masters and no press is lost or obeyed twice) {
  const auto first = number_from("TROUPE_SEED", 1);
  const auto lives = number_from("TROUPE_LIVES", 1500);
  for (auto seed = first; seed < first + lives; ++seed) {
    sim::house x{seed, sim::shape_of(seed)};
    const auto wrong = x.live();
    if (!wrong.empty())
      CAF_FAIL("seed " << seed << ": " << wrong << "\n  again: ownership_sim --seed " << seed << " --count 1 --story");
  }
}
