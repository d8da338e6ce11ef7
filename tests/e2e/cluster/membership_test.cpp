// Three real nodes on machines of their own: joining, restarts, new addresses,
// cuts and bad lines.

#undef CAF_SUITE
#define CAF_SUITE membership

#include "tests/e2e/cluster/cluster_check.hpp"

#include <algorithm>
#include <filesystem>

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> three{"attic", "boiler", "cellar"};

void join_in_any_order(networking how) {
  test_cluster all{three, how};
  // Each order once, each time from nothing: an order of three is two choices.
  auto order = three;
  do {
    for (auto& name : order)
      all[name].start();
    REQUIRE_AGREE(all);
    for (auto& name : order)
      CAF_CHECK_EQUAL(all[name].stop(), 0);
    CAF_CHECK_EQUAL(all[order[0]].running(), false);
  } while (std::next_permutation(order.begin(), order.end()));
}

void restarts_and_moves(networking how) {
  test_cluster all{three, how};
  all.start();
  REQUIRE_AGREE(all);
  for (auto& name : three) {
    all[name].kill();
    REQUIRE_AGREE(all); // the others see it down
    const auto alarms = [&] { return all[name == "attic" ? "boiler" : "attic"].ask({"status"})["alarms"].dump(); };
    // Agreed is also that it is suspect; the alarm comes with the verdict.
    CAF_CHECK(within(5s, [&] { return alarms().find("is down; what only it shows is not known") != std::string::npos; }));
    all[name].start();
    REQUIRE_AGREE(all);
    CAF_CHECK(within(5s, [&] { return alarms().find("is down") == std::string::npos; }));
    CAF_CHECK_EQUAL(all[name].stop(), 0);
    for (auto& other : three)
      if (other != name)
        CAF_CHECK(within(5s, [&] { return all[other].sees(name) == "left"; }));
    all.move(name);
    all[name].start();
    REQUIRE_AGREE(all);
  }
}

} // namespace

CAF_TEST(three nodes with both families join in any order) {
  if (!skipped("joining"))
    join_in_any_order(networking::dual);
}

CAF_TEST(three nodes without IPv4 join in any order) {
  if (!skipped("joining"))
    join_in_any_order(networking::ipv6);
}

CAF_TEST(each node comes back with the same and with a new address in both families) {
  if (!skipped("a new address"))
    restarts_and_moves(networking::dual);
}

CAF_TEST(each node comes back with the same and with a new address without IPv4) {
  if (!skipped("a new address"))
    restarts_and_moves(networking::ipv6);
}

CAF_TEST(addresses that change while a node runs are told and dialled) {
  if (skipped("a new address"))
    return;
  test_cluster all{three, networking::dual};
  all.start();
  REQUIRE_AGREE(all);
  auto& boiler = all["boiler"];
  const auto row = [](const test_node& by, const std::string& name) {
    const auto said = by.ask({"members"});
    for (const auto& x : said["members"])
      if (x["name"] == name)
        return x;
    return nlohmann::json::object();
  };
  const auto told = [&](const std::string& address) {
    return std::all_of(three.begin(), three.end(), [&](const auto& by) {
      const auto at = row(all[by], "boiler").value("addresses", std::vector<std::string>{});
      return std::find(at.begin(), at.end(), address) != at.end();
    });
  };
  CAF_MESSAGE("one more, and no link ends");
  all.wires().ip(boiler.port(), "addr add 10.78.0.77/24 dev t0");
  CAF_CHECK(within(10s, [&] { return told("10.78.0.77:4710"); }));
  CAF_CHECK(all["attic"].log().find("-> suspect") == std::string::npos);
  CAF_MESSAGE("others instead, as from a new DHCP server");
  const auto old = boiler.link_address();
  all.move("boiler");
  CAF_CHECK(within(20s, [&] { return told(boiler.link_address()); }));
  REQUIRE_AGREE(all, 20s);
  const auto host = boiler.link_address().substr(0, boiler.link_address().rfind(':')); // 10.78.0.H
  const auto v6 = "[fd00:7e57::" + host.substr(host.rfind('.') + 1) + "]:";
  for (const auto* by : {"attic", "cellar"})
    CAF_CHECK(within(5s, [&] {
      const auto at = row(all[by], "boiler").value("address", "");
      return at.starts_with(host + ":") || at.starts_with(v6);
    }));
  CAF_MESSAGE("who knows only one other hears the new ones and not the old ones");
  all["cellar"].kill();
  std::filesystem::remove_all(all["cellar"].dir() + "/data");
  all["cellar"].peers = std::vector<std::string>{"attic@" + all["attic"].link_address()};
  all["cellar"].start();
  REQUIRE_AGREE(all, 20s);
  std::vector<std::string> at;
  CAF_CHECK(within(5s, [&] { // it may have dialled before anybody told of it
    at = row(all["cellar"], "boiler").value("addresses", std::vector<std::string>{});
    return std::find(at.begin(), at.end(), boiler.link_address()) != at.end();
  }));
  CAF_CHECK(std::find(at.begin(), at.end(), old) == at.end());
}

CAF_TEST(a cable that is pulled and put back) {
  if (skipped("a cable"))
    return;
  test_cluster all{three, networking::dual};
  all.start();
  REQUIRE_AGREE(all);
  auto& boiler = all["boiler"];
  all.wires().cable(boiler.port(), false);
  CAF_CHECK(within(5s, [&] { return all["attic"].sees("boiler") == "down" && all["cellar"].sees("boiler") == "down"; }));
  CAF_CHECK(within(5s, [&] { return boiler.sees("attic") == "down" && boiler.sees("cellar") == "down"; }));
  CAF_CHECK_EQUAL(all["attic"].sees("cellar"), "alive");
  CAF_MESSAGE(all.views());
  all.plug("boiler");
  REQUIRE_AGREE(all, 20s);
}

CAF_TEST(a link between two that is cut is told as theirs and heals) {
  if (skipped("a cut link"))
    return;
  test_cluster all{three, networking::dual};
  all.start();
  REQUIRE_AGREE(all);
  const auto attic = all["attic"].port(), boiler = all["boiler"].port();
  all.wires().cut(attic, boiler);
  all.wires().cut(boiler, attic);
  const auto direct = [&](const char* by, const char* whom) {
    const auto said = all[by].ask({"members"});
    for (auto& x : said["members"])
      if (x["name"] == whom)
        return x["standing"] == "alive" ? (x["direct"] == true ? "direct" : "by others") : "not alive";
    return "unknown";
  };
  // Cellar hears both, so neither is dead to the other.
  CAF_CHECK(within(5s, [&] { return direct("attic", "boiler") == std::string{"by others"}; }));
  CAF_CHECK(within(5s, [&] { return direct("boiler", "attic") == std::string{"by others"}; }));
  CAF_CHECK_EQUAL(direct("cellar", "attic"), std::string{"direct"});
  CAF_CHECK(within(5s, [&] { return !all["cellar"].ask({"members"})["differences"].empty(); }));
  CAF_MESSAGE(all.views());
  all.wires().cut(attic, boiler, false);
  all.wires().cut(boiler, attic, false);
  REQUIRE_AGREE(all, 20s);
}
