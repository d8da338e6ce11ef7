#undef CAF_SUITE
#define CAF_SUITE drill_faults

#include "tests/e2e/cluster/drill_house.hpp"

// What else can be broken on purpose, on nodes that are really broken so.

using namespace troupe::test;

CAF_TEST_FIXTURE_SCOPE(drill_faults_tests, drills_fixture)

CAF_TEST(an actor hangs and another node acts on) {
  // Its node finds out later than its outputs do.
  check_takeovers(drill(boiler, {"hang-actor", "rule/roam", "--limit", "20s"}), "boiler");
  CAF_CHECK(newest(boiler)["hung_ms"].is_number());
  REQUIRE_AGREE(all);
}

CAF_TEST(a link is slow and control stays or moves) {
  // Far below the lease of its class: nothing moves.
  auto calm = drill(boiler, {"degrade-link", "attic", "cellar", "--for", "2s", "--delay", "40ms", "--loss", "1", "--limit", "20s"});
  CAF_MESSAGE(calm.dump(1));
  CAF_CHECK_EQUAL(calm.value("state", ""), "passed");
  CAF_CHECK(calm["safe"].empty());
  CAF_CHECK(has(attic.troupe({"log"}).out, "what cellar says comes 40 ms late and 1 % of it is lost, for 2000 ms"));
  REQUIRE_AGREE(all);
  // Far above it: for a second no renewal comes. (What was lost may have moved control already.)
  send_to_attic();
  ready("degrade-link", "attic", "cellar");
  check_takeovers(drill(boiler, {"degrade-link", "attic", "cellar", "--for", "4s", "--delay", "1s", "--limit", "20s"}), "boiler");
  CAF_CHECK(within(5s, [&] { return cellar.sees("attic") == "alive"; }));
  REQUIRE_AGREE(all);
}

CAF_TEST(a disk is slow and full and the house goes on) {
  auto slow = drill(boiler, {"slow-disk", "attic", "--for", "2s", "--delay", "100ms"});
  CAF_MESSAGE(slow.dump(1));
  CAF_CHECK(slow["disk"].value("slowed", 0) > 0);
  CAF_CHECK(slow["takeovers"].empty());
  ready("fill-disk", "attic");
  auto full = boiler.follow({"drill", "run", "fill-disk", "attic", "--for", "8s", "-y"});
  // As on a disk that is full: what is to last is refused, and people are told.
  CAF_CHECK(within(10s, [&] { return has(attic.troupe({"status"}).out, "takes no configuration now"); }));
  const auto refused = attic.troupe({"add", "rule", "more", "node=attic", "lua=x()"});
  CAF_CHECK_NOT_EQUAL(refused.exit, 0);
  CAF_CHECK(has(refused.out + refused.err, "a drill says so"));
  CAF_CHECK_EQUAL(full.wait(90s), 0);
  const auto report = newest(boiler);
  CAF_CHECK_EQUAL(report.value("state", ""), "passed");
  CAF_CHECK(report["degraded_ms"].is_number() && report["restored_ms"].is_number());
  CAF_CHECK(report["disk"].value("refused", 0) > 0);
  CAF_CHECK(report["takeovers"].empty());
  REQUIRE_AGREE(all);
}

CAF_TEST(a clock is wrong and right again) {
  const auto report = drill(boiler, {"skew-clock", "attic", "--for", "2s", "--by", "-10m"});
  CAF_MESSAGE(report.dump(1));
  CAF_CHECK_EQUAL(report.value("state", ""), "passed");
  CAF_CHECK(report["takeovers"].empty());
  CAF_CHECK(std::abs(report["clock"].value("off_ms", 0) + 600'000) < 1000);
  CAF_CHECK(std::abs(report["clock"].value("after_ms", 100'000)) < 1000);
  CAF_CHECK(has(attic.troupe({"log"}).out, "the clock is 10m behind for 2000 ms"));
  REQUIRE_AGREE(all);
  // Whose clock is an hour ahead does not take the drill for one that nobody drives.
  ready("skew-clock", "attic");
  auto told = boiler.follow({"drill", "run", "skew-clock", "attic", "--for", "10s", "--by", "1h", "-y"});
  CAF_CHECK(within(10s, [&] { return has(attic.troupe({"log"}).out, "the clock is 1h ahead for 10000 ms"); }));
  CAF_CHECK_EQUAL(state(attic), "running");
  CAF_CHECK_EQUAL(told.wait(90s), 0);
  REQUIRE_AGREE(all);
}

CAF_TEST(a simulated board loses its power) {
  // Nobody else has its outputs.
  CAF_CHECK(has(boiler.troupe({"drill", "run", "power-cycle", "cellar", "--check"}).out, "outputs are wired to cellar"));
  CAF_CHECK(has(boiler.troupe({"drill", "run", "power-cycle", "attic", "--check"}).out, "attic is no board: it has no bus"));
  auto told = boiler.follow({"drill", "run", "power-cycle", "cellar", "--even-so", "--limit", "20s", "-y"});
  CAF_REQUIRE(within(10s, [&] { return !cellar.running(); }));
  cellar.start();
  CAF_CHECK_EQUAL(told.wait(90s), 0);
  const auto report = boiler.ask({"drill", "show"});
  CAF_MESSAGE(report.dump(1));
  CAF_CHECK(report["safe"].empty());
  CAF_CHECK_EQUAL(report.value("late", 1), 0);
  CAF_REQUIRE(!report["dark"].empty());
  CAF_CHECK(report["dark_ms"].is_number());
  CAF_CHECK(within(20s, [&] { return cellar.reading("cellar/lamp") == "on"; }));
  CAF_CHECK(has(boiler.troupe({"log"}).out, "begins: power-cycle cellar")); // the board's own line was lost with it
  REQUIRE_AGREE(all);
}

CAF_TEST_FIXTURE_SCOPE_END()
