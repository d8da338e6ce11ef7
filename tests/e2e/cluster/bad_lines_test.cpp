// A network that loses and delays, as bad as radio gets.

#undef CAF_SUITE
#define CAF_SUITE bad_lines

#include "tests/e2e/cluster/cluster_check.hpp"

#include <cstdio>
#include <cstdlib>

using namespace troupe::test;
using namespace std::chrono_literals;

CAF_TEST(a line that loses a third and is slow carries a cluster of the profile radio) {
  if (skipped("a bad line"))
    return;
  if (std::getenv("TROUPE_ROUNDS") == nullptr) {
    std::puts("SKIPPED: it takes minutes; `tests/campaign cluster` runs it");
    return;
  }
  test_cluster all{{"attic", "boiler", "cellar"}, networking::dual, "[bus.cellar]\ndriver = \"sim\"\nnode = \"cellar\"\n[channel.\"cellar/lamp\"]\nbus = \"cellar\"\n"
                                              "line = \"out.2\"\ndirection = \"output\"\n", "profile = \"radio\"\n"};
  all.wires().quality(0.3, 200ms);
  all.start();
  REQUIRE_AGREE(all, 90s);
  CAF_MESSAGE("and commands go over it; one that was lost is given again");
  for (const auto* value : {"on", "off"})
    CAF_CHECK(within(60s, [&] {
      return all["attic"].troupe({"set", "cellar/lamp", value}).exit == 0 && all["cellar"].reading("cellar/lamp") == value;
    }));
  std::size_t down = 0;
  for (auto& x : all.nodes()) {
    const auto log = x->log();
    for (auto at = log.find("-> down"); at != log.npos; at = log.find("-> down", at + 1))
      ++down;
  }
  CAF_MESSAGE(down << " times somebody was called down");
  all.wires().quality(0, 0ms);
  REQUIRE_AGREE(all, 30s);
}
