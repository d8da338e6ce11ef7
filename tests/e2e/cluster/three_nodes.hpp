#pragma once

#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loop_house.hpp"

#include <string>

namespace troupe::test {

using namespace std::chrono_literals;

inline nlohmann::json member(test_node& by, const std::string& name) {
  const auto said = by.wait_for({"members"}, [](auto&) { return true; }, 0s);
  for (auto& x : said.is_object() ? said.value("members", nlohmann::json::array()) : nlohmann::json::array())
    if (x.value("name", "") == name)
      return x;
  return nlohmann::json::object();
}

inline bool sees(test_node& by, const std::string& name, const std::string& standing, std::chrono::milliseconds limit = 5s) {
  return within(limit, [&] { return by.sees(name) == standing; });
}

inline bool is(test_node& by, const std::string& name, const std::string& text, std::chrono::milliseconds limit = 10s) {
  return within(limit, [&] { return by.reading(name) == text; });
}

/// The nodes of the loop house on loopback, and people with certificates.
struct three_nodes {
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, loop_house, "log-level = \"debug\"\n"};
  test_node& attic = all["attic"];
  test_node& boiler = all["boiler"];
  test_node& cellar = all["cellar"];

  void begin() {
    all.start();
    REQUIRE_AGREE(all);
    for (auto& x : all.nodes())
      CAF_REQUIRE(is(*x, "cellar/lamp", "off"));
  }

  std::string person(const std::string& name, const std::string& role) {
    const auto folder = all / name;
    all.pki({"issue", name, "--role", role, "--out", folder});
    return folder;
  }

  /// How often this node has lost a link since it started.
  static std::size_t links_lost(const test_node& by) {
    const auto log = by.log();
    std::size_t n = 0;
    for (auto at = log.find("link down"); at != log.npos; at = log.find("link down", at + 1))
      ++n;
    return n;
  }
};

} // namespace troupe::test
