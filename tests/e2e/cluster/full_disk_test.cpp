// A node whose disk is full, under load and killed: writes fail and say why,
// nothing that was acknowledged is lost, and it goes on when there is space.
// TROUPE_SEED and TROUPE_FILLS repeat and lengthen it.

#undef CAF_SUITE
#define CAF_SUITE full_disk

#include "apps/client/node.hpp"
#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loaded_house.hpp"
#include "tests/support/small_disk.hpp"

#include <filesystem>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// Adds a channel to this node's bus. @returns the code of the refusal; empty: it is stored
std::string add(const test_node& at, const std::string& kind, int number) {
  troupe::client::target to;
  to.socket = at.dir() + "/s";
  const troupe::client::node node{troupe::client::resolve(to)};
  const auto said = node.post("/v1/config", {{"section", "channel"}, {"name", fmt::format("{}/{}", kind, number)},
                                          {"document", {{"bus", at.name()}, {"line", fmt::format("in.{}", 1000 + number)}}}});
  return said ? "" : said.why().code.empty() ? "lost" : said.why().code;
}

void need(bool holds, const std::string& what, loaded_house& house) {
  if (!holds)
    throw std::runtime_error(what + "\n" + house.all().logs());
}

/// @returns what it told
std::string fill(std::uint32_t seed, std::uint32_t wanted) {
  loaded_house house{seed};
  auto& full = house.any();
  const auto folder = full.dir() + "/data";
  std::filesystem::create_directory(folder);
  const small_disk disk{folder, 32};
  house.start();
  int n = 0;
  for (std::uint32_t i = 0; i < wanted; ++i) {
    house.load_on();
    house.wait(1000);
    disk.fill();
    // The first may be told that the outcome is open; from then on it refuses.
    std::string said;
    const bool refuses = within(20s, [&] { return (said = add(full, "full", ++n)) == "disk_full"; });
    need(refuses, fmt::format("{} says '{}' on a full disk", full.name(), said), house);
    house.wait(1000);
    said = add(full, "full", ++n);
    need(said == "disk_full", fmt::format("{} says '{}' on a full disk", full.name(), said), house);
    const auto refused = fmt::format("full/{}", n);
    const bool killed = house.chance() % 2 == 0;
    if (killed) { // and starts on the full disk
      house.kill(full);
      full.launch();
      full.wait_until_up();
    }
    disk.free();
    // It tries again at least every minute.
    need(within(70s, [&] { return add(full, "space", ++n).empty(); }),
         full.name() + " takes no documents although there is space", house);
    house.check(std::chrono::steady_clock::now(), fmt::format("full disk {} of {}{}", i, full.name(), killed ? ", killed" : ""));
    need(loaded_house::look(full, "/v1/config").value("toml", "").find(refused + "\"") == std::string::npos,
         refused + " was refused and is there", house);
    CAF_MESSAGE(i + 1 << " times full" << (killed ? ", killed meanwhile" : ""));
  }
  house.check_disks();
  return house.told();
}

} // namespace

CAF_TEST(I1 a full disk refuses documents loses none that was acknowledged and works again when there is space) {
  if (skipped("a network"))
    return;
  if (const auto why = small_disk::refused(); !why.empty()) {
    std::printf("SKIPPED: a disk that can be filled up is needed, and %s\n", why.c_str());
    return;
  }
  const auto seed = number("TROUPE_SEED", 1);
  const auto wanted = number("TROUPE_FILLS", 2);
  CAF_MESSAGE("repeat with TROUPE_SEED=" << seed << " TROUPE_FILLS=" << wanted);
  CAF_MESSAGE(told_by([&] { return fill(seed, wanted); }));
}
