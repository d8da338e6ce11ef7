// Three real nodes under a load of writes that are killed at any moment, with
// cuts between them: what was acknowledged is there, at every node and on every
// disk, and they are equal again at once. TROUPE_SEED and TROUPE_KILLS repeat
// and lengthen it.

#undef CAF_SUITE
#define CAF_SUITE kills

#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loaded_house.hpp"

#include <array>

using namespace troupe::test;

namespace {

/// Some of them at once or one after the other; up again one by one.
std::string kill_some(loaded_house& house) {
  std::string who;
  const auto how_many = std::array{1, 1, 1, 2, 2, 3}[house.chance() % 6];
  for (auto i = 0; i < how_many; ++i) {
    auto& x = house.any();
    who += " " + x.name();
    house.kill(x);
    if (house.chance() % 2 == 0)
      house.wait(300);
  }
  house.wait(1000);
  for (auto& x : house.all().nodes())
    if (!x->running()) {
      x->launch();
      if (house.chance() % 5 == 0) { // while it starts
        house.wait(300);
        house.kill(*x);
        x->launch();
      }
    }
  return who;
}

/// @returns what it told
std::string kill_and_cut(std::uint32_t seed, std::uint32_t wanted) {
  loaded_house house{seed};
  house.start();
  while (house.kills() < wanted) {
    house.load_on();
    house.wait(600);
    const bool is_cut = house.chance() % 2 == 0;
    if (is_cut) {
      house.cut();
      house.wait(800);
    }
    const auto who = kill_some(house);
    if (house.chance() % 2 == 0) // before they are up, or after
      house.heal();
    for (auto& x : house.all().nodes())
      x->wait_until_up();
    house.heal();
    house.check(std::chrono::steady_clock::now(), fmt::format("{} kills, now{}{}", house.kills(), who, is_cut ? " with a cut" : ""));
    CAF_MESSAGE(house.kills() << " kills");
  }
  house.check_disks();
  return house.told();
}

} // namespace

CAF_TEST(I1 I2 I3 killed and cut off under load three nodes keep what they acknowledged and are equal again) {
  if (skipped("a network with cuts"))
    return;
  const auto seed = number("TROUPE_SEED", 1);
  const auto wanted = number("TROUPE_KILLS", 5);
  CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_KILLS=" << wanted);
  CAF_MESSAGE(told_by([&] { return kill_and_cut(seed, wanted); }));
}
