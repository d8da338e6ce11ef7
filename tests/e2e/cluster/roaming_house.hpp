#pragma once

#include "tests/e2e/cluster/cluster_check.hpp"

#include <string>

// A board, cellar, with a lamp and a fan, and a rule for both that two servers,
// attic and boiler, may run.

namespace troupe::test {

/// @param lua of rule/roam
/// @param more channels of the bus "cellar"
inline std::string roaming_house(const std::string& lua, const std::string& more = {}) {
  return R"(
[bus.cellar]
driver = "sim"
node = "cellar"
[channel."cellar/lamp"]
bus = "cellar"
line = "out.2"
direction = "output"
[channel."cellar/fan"]
bus = "cellar"
line = "out.3"
direction = "output"
)" + more + R"(
[rule.roam]
node = "cellar"
outputs = ["cellar/lamp", "cellar/fan"]
redundancy = "warm"
class = "normal"
nodes = ["attic", "boiler"]
only = true
hand-back = "0s"
lua = '''
)" + lua + "'''\n";
}

struct roaming_cluster {
  test_cluster all;
  test_node& attic = all["attic"];
  test_node& boiler = all["boiler"];
  test_node& cellar = all["cellar"];

  /// All run, and the rule acts on attic: the first of its nodes, unless that one
  /// was late; then it is sent there.
  explicit roaming_cluster(const std::string& house)
    : all{{"attic", "boiler", "cellar"}, networking::loopback, house} {
    using namespace std::chrono_literals;
    all.start();
    REQUIRE_AGREE(all);
    CAF_REQUIRE(within(20s, [&] {
      const auto who = acting(cellar);
      if (!who.empty() && who != "attic")
        (void)cellar.troupe({"move", "roam", "attic"});
      return who == "attic";
    }));
  }

  /// Where the rule acts as that node sees it: who is cut off shows what it heard last.
  static std::string acting(test_node& by) {
    using nlohmann::json;
    const auto said = by.wait_for({"placement"}, [](auto&) { return true; }, std::chrono::seconds{0});
    for (auto& x : said.is_object() ? said.value("rules", json::array()) : json::array())
      return x.value("acts", "");
    return {};
  }
};

} // namespace troupe::test
