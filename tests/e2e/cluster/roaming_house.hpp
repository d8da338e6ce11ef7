#pragma once

#include "tests/e2e/cluster/cluster_check.hpp"

#include <functional>
#include <string>
#include <vector>

// A board, cellar, with a lamp and a fan, and a rule for both that two servers,
// attic and boiler, may run.

namespace troupe::test {

/// Counts presses, shows them at the lamp, and the fan comes on 4 s after the last.
inline constexpr const char* counting = R"(if rising("cellar/button") then
  state.n = (state.n or 0) + 1
  start("later", "4s")
end
set("cellar/lamp", (state.n or 0) % 2 == 1)
if fired("later") then state.fan = true end
set("cellar/fan", state.fan == true)
)";

/// A button and the finger on it.
inline constexpr const char* button = R"(
[channel."cellar/finger"]
bus = "cellar"
line = "out.1"
direction = "output"
[channel."cellar/button"]
bus = "cellar"
line = "in.1"
)";

/// @param lua of rule/roam
/// @param more channels of the bus "cellar"
inline std::string roaming_house(const std::string& lua, const std::string& more = {}, const std::string& redundancy = "warm") {
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
redundancy = ")" + redundancy + R"("
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
  /// @param before the first start
  explicit roaming_cluster(const std::string& house, const std::function<void(test_cluster&)>& before = {})
    : all{{"attic", "boiler", "cellar"}, networking::loopback, house} {
    using namespace std::chrono_literals;
    if (before)
      before(all);
    all.start();
    REQUIRE_AGREE(all);
    send_to_attic();
  }

  /// It acts there; sent there as often as it acts elsewhere.
  void send_to_attic() {
    CAF_REQUIRE(within(std::chrono::seconds{20}, [&] {
      const auto who = acting(cellar);
      if (!who.empty() && who != "attic")
        (void)cellar.troupe({"move", "roam", "attic"});
      return who == "attic";
    }));
  }

  /// As the board shows it, within the time.
  bool is(const std::string& name, const std::string& text, std::chrono::milliseconds limit = std::chrono::seconds{10}) {
    return within(limit, [&] { return cellar.reading(name) == text; });
  }

  /// With `button` in the house.
  void press() {
    CAF_REQUIRE_EQUAL(cellar.troupe({"set", "cellar/finger", "on"}).exit, 0);
    CAF_REQUIRE(is("cellar/button", "on"));
    CAF_REQUIRE_EQUAL(cellar.troupe({"set", "cellar/finger", "off"}).exit, 0);
    CAF_REQUIRE(is("cellar/button", "off"));
  }

  /// Lines of the lamp's journal about who acts.
  [[nodiscard]] std::vector<std::string> owners() {
    std::vector<std::string> out;
    for (const auto& x : cellar.ask({"--node", "cellar", "log", "cellar/lamp", "--kind", "owner", "--newest", "200"}))
      out.push_back(x.value("text", ""));
    return out;
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
