// Random troubles of three real nodes and their network; after each they agree
// and the whole way from a button on one node over a rule on another to a lamp
// on the third works again. TROUPE_SEED and TROUPE_ROUNDS repeat and lengthen it.

#undef CAF_SUITE
#define CAF_SUITE random_troubles

#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loop_house.hpp"

#include <random>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

class troubles {
public:
  troubles(test_cluster& all, std::uint32_t seed) : all_(all), chance_(seed) {}

  /// Makes one, waits, and takes it back. @returns what it was
  std::string one() {
    const auto first = chance_() % all_.nodes().size();
    auto& x = *all_.nodes()[first];
    auto& y = *all_.nodes()[(first + 1 + chance_() % (all_.nodes().size() - 1)) % all_.nodes().size()];
    const auto lasts = std::chrono::milliseconds{100 + chance_() % 3000};
    switch (chance_() % 7) {
    case 0:
      x.kill();
      wait(lasts);
      x.start();
      return "kill -9 of " + x.name();
    case 1:
      (void)x.stop();
      wait(lasts);
      x.start();
      return "stop of " + x.name();
    case 2:
      x.freeze();
      wait(lasts);
      x.thaw();
      return "freeze of " + x.name();
    case 3:
      all_.wires().cable(x.port(), false);
      wait(lasts);
      all_.plug(x.name());
      return "cable of " + x.name();
    case 4:
    case 5: { // one way or both
      all_.wires().cut(x.port(), y.port());
      if (chance_() % 2 == 0)
        all_.wires().cut(y.port(), x.port());
      wait(lasts);
      all_.wires().cut(x.port(), y.port(), false);
      all_.wires().cut(y.port(), x.port(), false);
      return "cut from " + x.name() + " to " + y.name();
    }
    default:
      x.kill();
      all_.move(x.name());
      x.start();
      return "new address of " + x.name();
    }
  }

private:
  static void wait(std::chrono::milliseconds x) {
    (void)within(x, [] { return false; });
  }
  test_cluster& all_;
  std::mt19937 chance_;
};

} // namespace

CAF_TEST(after each of random troubles the nodes agree and the far rule works) {
  if (skipped("a network with troubles"))
    return;
  const auto seed = number("TROUPE_SEED", 1);
  const auto rounds = number("TROUPE_ROUNDS", 5);
  CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_ROUNDS=" << rounds);
  test_cluster all{{"attic", "boiler", "cellar"}, networking::dual, loop_house, "log-level = \"debug\"\n"};
  all.start();
  REQUIRE_AGREE(all);
  troubles some{all, seed};
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const auto what = some.one();
    CAF_MESSAGE("round " << i << ": " << what);
    REQUIRE_AGREE(all, 30s);
    for (const auto* value : {"on", "off"}) {
      const auto said = all["cellar"].troupe({"set", "attic/finger", value});
      if (said.exit != 0)
        CAF_FAIL("after " << what << ": " << said.err << all.views());
      for (auto& x : all.nodes())
        if (!within(10s, [&] { return x->reading("cellar/far") == value; }))
          CAF_FAIL("after " << what << ": " << x->name() << " sees cellar/far " << x->reading("cellar/far") << ", not " << value
                            << "\n" << all.views() << all.logs());
    }
  }
}
