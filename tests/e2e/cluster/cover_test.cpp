// A server on a battery keeps what boards of other power domains count, and all
// of them say so.

#undef CAF_SUITE
#define CAF_SUITE cover

#include "tests/e2e/cluster/cluster_check.hpp"
#include "tests/e2e/cluster/loop_house.hpp"

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Until `by` says this of its check points.
bool says(const test_node& by, const std::string& covered_by, double every_s, const std::string& why = {}) {
  const auto good = [&](const json& x) {
    const auto& c = x["check_points"];
    return c["covered_by"] == (covered_by.empty() ? json() : json(covered_by)) && c["every_s"] == every_s && c["why"] == why;
  };
  return good(by.wait_for({"replicas"}, good));
}

} // namespace

CAF_TEST(a board is covered by a server in another power domain while that is so) {
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, loop_house};
  auto &attic = all["attic"], &boiler = all["boiler"], &cellar = all["cellar"];
  const std::string battery = "power-domain = \"ups\"\n", server = "server = true\nflash-per-day = \"4GiB\"\n";
  boiler.more_node_toml = battery;
  cellar.more_node_toml = battery + server;
  all.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(says(attic, "cellar", 60));
  CAF_CHECK(has(attic.troupe({"replicas"}).out, "\ncheck points every 60 s, covered by cellar\n"));
  CAF_CHECK(says(boiler, "", 10, "no server in another power domain"));
  CAF_CHECK(says(cellar, "", 10, "no server in another power domain"));
  CAF_CHECK_EQUAL(cellar.ask({"replicas"})["check_points"]["covers"], json::array({"attic"}));
  CAF_CHECK(has(boiler.troupe({"--node", "cellar", "replicas"}).out, "covers attic\n"));
  cellar.freeze();
  CAF_CHECK(within(10s, [&] { return attic.ask({"replicas"})["check_points"]["every_s"] == 10; }));
  cellar.thaw();
  CAF_CHECK(says(attic, "cellar", 60));
  cellar.kill();
  CAF_CHECK(says(attic, "", 10, "no link to cellar"));
  cellar.more_node_toml = server; // off the battery
  cellar.start();
  CAF_CHECK(says(attic, "", 10, "no server in another power domain"));
  CAF_CHECK(says(boiler, "cellar", 60));
}
