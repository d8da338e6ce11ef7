// Machines without a battery behind their clock: 1970, 2099, and the moment when
// the time comes from the network.

#undef CAF_SUITE
#define CAF_SUITE clocks

#include "tests/e2e/cluster/three_nodes.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Not under the address sanitizer, which must be the first library itself.
bool no_clocks() {
#ifdef __SANITIZE_ADDRESS__
  CAF_MESSAGE("the address sanitizer must be the first library itself");
  return true;
#else
  return false;
#endif
}

std::chrono::seconds to_1970() { return 300s - std::chrono::seconds{std::time(nullptr)}; }
std::chrono::seconds to_2099() { return std::chrono::seconds{4'083'955'200 - std::time(nullptr)}; }

finished join(test_cluster& all, test_node& board, const std::string& token) {
  return board.on_machine({"join", all["attic"].control_address(), "--token", token, "--config", board.dir() + "/joined.toml",
                           "--dir", board.pki(), "--data-dir", board.dir() + "/data"});
}

double seconds_alive(test_node& by, const std::string& who) {
  const auto x = by.ask({"members"});
  for (auto& row : x["members"])
    if (row["name"] == who)
      return (x["now"].get<double>() - row["since"].get<double>()) / 1000;
  return -1;
}

std::size_t renewals(test_node& by) {
  const auto log = by.log();
  std::size_t n = 0;
  for (auto at = log.find(" renewed: "); at != log.npos; at = log.find(" renewed: ", at + 1))
    ++n;
  return n;
}

std::string clock_quality(test_node& by) { return by.ask({"status"})["clock"].value("quality", ""); }

/// The newest event about something.
json newest(test_node& by, const std::string& subject) {
  const auto all = by.ask({"log", subject, "-n", "1"});
  return all.empty() ? json() : all.back();
}

bool on(test_node& by, const std::string& feature) {
  const auto status = by.ask({"status"});
  for (const auto& x : status.value("features", json::array()))
    if (x["name"] == feature)
      return x["on"];
  return false;
}

std::string clock_alarm(test_node& by) {
  const auto status = by.ask({"status"});
  for (auto& x : status["alarms"])
    if (x["subject"] == "clock")
      return x["text"];
  return {};
}

} // namespace

CAF_TEST(a board in 1970 joins restarts and commands and is well when its time comes) {
  if (no_clocks())
    return;
  test_cluster all{{"attic", "boiler"}, networking::loopback, loop_house, "log-level = \"debug\"\n"};
  auto& attic = all["attic"];
  all.start();
  auto& cellar = all.add("cellar");
  cellar.house = attic.house;
  cellar.shift_clock(to_1970());
  const auto joined = join(all, cellar, attic.ask({"token", "cellar"}).value("token", ""));
  CAF_CHECK_EQUAL(joined.exit, 0);
  CAF_CHECK(has(joined.out, "behind the server's"));
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(has(clock_alarm(cellar), "clock says 1970-01-01 00:05"));
  CAF_CHECK_EQUAL(clock_alarm(attic), "");
  CAF_MESSAGE("rules and commands go both ways");
  CAF_CHECK(is(attic, "cellar/lamp", "off"));
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "on"));
  CAF_CHECK_EQUAL(cellar.troupe({"set", "attic/finger", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/far", "on")); // by the rule of boiler
  CAF_CHECK_EQUAL(attic.troupe({"--node", "cellar", "status"}).exit, 0);
  CAF_MESSAGE("a power cut, which the kept time does not survive");
  cellar.kill();
  std::filesystem::remove(cellar.pki() + "/clock.floor");
  cellar.shift_clock(to_1970());
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_MESSAGE("the right time comes");
  const auto before = three_nodes::links_lost(cellar);
  cellar.shift_clock(0s);
  CAF_CHECK_EQUAL(clock_alarm(cellar), "");
  CAF_CHECK(seconds_alive(cellar, "attic") < 60);
  CAF_CHECK(seconds_alive(cellar, "cellar") < 60);
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "off"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "off"));
  CAF_CHECK(within(75s, [&] { return cellar.log().find("this machine's clock is set: 20") != std::string::npos; }));
  REQUIRE_AGREE(all);
  CAF_CHECK_EQUAL(three_nodes::links_lost(cellar), before);
  CAF_CHECK_EQUAL(renewals(attic), 0u);
}

CAF_TEST(what a board wrote in 1970 is shown at its right time everywhere once it met the others) {
  if (no_clocks())
    return;
  test_cluster all{{"attic", "boiler", "cellar"}, networking::loopback, loop_house, "archive = true\n"};
  auto &attic = all["attic"], &cellar = all["cellar"];
  attic.shift_clock(0s, true); // the network keeps it right
  all["boiler"].shift_clock(0s, true);
  cellar.shift_clock(to_1970());
  CAF_MESSAGE("alone: nobody knows what time it is");
  cellar.start();
  cellar.wait_until_up();
  CAF_CHECK_EQUAL(cellar.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK_EQUAL(clock_quality(cellar), "none");
  const auto early = newest(cellar, "cellar/lamp");
  CAF_REQUIRE(early.is_object());
  CAF_CHECK(early.value("uncertain", false));
  CAF_CHECK(early.value("at", 0.0) < 1e9); // ms: January 1970
  CAF_CHECK(has(cellar.troupe({"log", "cellar/lamp"}).out, "1970-01-01"));
  CAF_MESSAGE("it meets the others");
  const auto began = std::time(nullptr);
  attic.start();
  all["boiler"].start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(15s, [&] { return clock_quality(cellar) == "peer"; }));
  CAF_CHECK_EQUAL(clock_quality(attic), "ntp");
  CAF_CHECK(has(cellar.troupe({"status"}).out, "taken from other nodes, of which 2 nodes can be asked; this machine's says 1970"));
  CAF_CHECK(within(30s, [&] { return on(cellar, "journal-times") && on(attic, "journal-times"); }));
  const auto right = [&](test_node& by) {
    const auto x = newest(by, "cellar/lamp");
    const auto at = x.value("at", 0.0) / 1000;
    return x.value("told_at", 0.0) == early["at"].get<double>() && !x.contains("uncertain") && at > static_cast<double>(began) - 60
           && at <= static_cast<double>(began) + 1;
  };
  CAF_CHECK(within(15s, [&] { return right(cellar); }));
  CAF_CHECK(within(15s, [&] { return right(attic); })); // the archive
  CAF_CHECK(cellar.troupe({"log", "cellar/lamp"}).out.find("1970") == std::string::npos);
  CAF_CHECK(has(cellar.troupe({"log", "cellar/lamp"}).out, "~ "));
  CAF_MESSAGE("what it writes now needs no correction");
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "off"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "off"));
  const auto late = newest(cellar, "cellar/lamp");
  CAF_CHECK(!late.contains("told_at"));
  CAF_CHECK(late.value("at", 0.0) / 1000 >= static_cast<double>(began) - 1);
  CAF_MESSAGE("its links end, and somebody sets its clock wrong");
  CAF_CHECK_EQUAL(attic.stop(), 0);
  CAF_CHECK_EQUAL(all["boiler"].stop(), 0);
  cellar.shift_clock(to_1970() + 24h * 365);
  CAF_CHECK_EQUAL(cellar.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "on"));
  CAF_CHECK_EQUAL(clock_quality(cellar), "peer");
  CAF_CHECK(newest(cellar, "cellar/lamp").value("at", 0.0) / 1000 >= static_cast<double>(began) - 1);
  CAF_MESSAGE("a restart forgets what it was told, and not what it has found out");
  CAF_CHECK_EQUAL(cellar.stop(), 0);
  cellar.shift_clock(to_1970());
  cellar.start();
  cellar.wait_until_up();
  CAF_CHECK_EQUAL(clock_quality(cellar), "none");
  const auto log = cellar.ask({"log", "cellar/lamp", "-n", "100"});
  CAF_CHECK(std::any_of(log.begin(), log.end(), [&](const json& x) { return x.value("told_at", 0.0) == early["at"].get<double>(); }));
}

CAF_TEST(a board in 2099 does not join and one that comes there runs on and is back when its time comes) {
  if (no_clocks())
    return;
  test_cluster all{{"attic", "boiler"}, networking::loopback, loop_house, "log-level = \"debug\"\n"};
  auto& attic = all["attic"];
  all.start();
  auto& cellar = all.add("cellar");
  cellar.house = attic.house;
  cellar.shift_clock(to_2099());
  const auto token = attic.ask({"token", "cellar"}).value("token", "");
  const auto refused = join(all, cellar, token);
  CAF_CHECK_EQUAL(refused.exit, 1);
  CAF_CHECK(has(refused.err, "this machine's clock says 2099-06-01"));
  CAF_CHECK(has(refused.err, "The server's clock says "));
  CAF_CHECK(has(refused.err, "set this machine's clock"));
  cellar.shift_clock(0s);
  CAF_REQUIRE_EQUAL(join(all, cellar, token).exit, 0); // the same one
  cellar.start();
  REQUIRE_AGREE(all);
  CAF_MESSAGE("its clock jumps while it runs");
  const auto before = three_nodes::links_lost(cellar);
  cellar.shift_clock(to_2099());
  CAF_CHECK(within(75s, [&] { return cellar.log().find("its certificate ended on") != std::string::npos; }));
  CAF_CHECK(has(clock_alarm(cellar), "If the clock is wrong, set it"));
  REQUIRE_AGREE(all);
  CAF_CHECK_EQUAL(three_nodes::links_lost(cellar), before);
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "on"));
  CAF_CHECK_EQUAL(renewals(attic), 0u);
  CAF_MESSAGE("it starts there: alone, and its own part of the house runs");
  CAF_CHECK_EQUAL(cellar.stop(), 0);
  cellar.start();
  CAF_CHECK_EQUAL(cellar.troupe({"set", "cellar/lamp", "on"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "on"));
  CAF_CHECK(within(20s, [&] { return cellar.troupe({"members"}).out.find("not reached: attic: ") != std::string::npos; }));
  const auto seen = cellar.troupe({"members"}).out;
  CAF_CHECK(has(seen, "(this node's clock says 2099-06-01; if that is not today, this node's clock is wrong: set it)"));
  CAF_CHECK(attic.sees("cellar") != "alive");
  CAF_MESSAGE("the right time comes");
  cellar.shift_clock(0s);
  REQUIRE_AGREE(all, 60s);
  CAF_CHECK_EQUAL(clock_alarm(cellar), "");
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "off"}).exit, 0);
  CAF_CHECK(is(cellar, "cellar/lamp", "off"));
  CAF_CHECK_EQUAL(renewals(attic), 0u);
}
