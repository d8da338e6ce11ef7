#undef CAF_SUITE
#define CAF_SUITE drills

#include "tests/e2e/cluster/drill_house.hpp"

#include <fstream>

// How a drill goes, what refuses it, what ends it.

using namespace troupe::test;

CAF_TEST_FIXTURE_SCOPE(drills_tests, drills_fixture)

CAF_TEST(an actor is killed and acts on at once) {
  check_takeovers(drill(boiler, {"kill-actor", "rule/roam", "--limit", "20s"}), "attic");
  // Every node knows it; the picture is well-formed enough to be one.
  CAF_CHECK(within(5s, [&] { return state(cellar) == "passed"; }));
  const auto file = all / "drill.svg";
  CAF_CHECK_EQUAL(cellar.troupe({"drill", "show", "--svg", file}).exit, 0);
  std::ifstream picture{file};
  const std::string text{std::istreambuf_iterator<char>{picture}, {}};
  CAF_CHECK(has(text, "kill-actor rule/roam"));
  CAF_CHECK(text.ends_with("</svg>\n"));
  CAF_CHECK(has(cellar.troupe({"drill", "trend", "kill-actor"}).out, "1 of 1 passed"));
  CAF_CHECK_EQUAL(cellar.troupe({"drill", "trend", "cut-link"}).exit, 4);
  CAF_CHECK(has(boiler.troupe({"drill", "show"}).out, "roam at cellar/lamp: attic → attic"));
}

CAF_TEST(a node is stopped and wakes by itself) {
  check_takeovers(drill(boiler, {"stop-node", "attic", "--for", "3s", "--limit", "20s"}), "boiler");
  CAF_CHECK(attic.running());
  REQUIRE_AGREE(all);
  CAF_CHECK(has(attic.troupe({"log"}).out, "this node stops itself for 3000 ms"));
}

CAF_TEST(a link is cut and heals by itself) {
  check_takeovers(drill(boiler, {"cut-link", "attic", "cellar", "--for", "3s", "--limit", "20s"}), "boiler");
  REQUIRE_AGREE(all);
  CAF_CHECK(has(attic.troupe({"log"}).out, "the link to cellar is cut for 3000 ms"));
}

CAF_TEST(a node is killed and somebody starts it again) {
  auto told = boiler.follow({"drill", "run", "kill-node", "attic", "--limit", "20s", "-y"});
  CAF_REQUIRE(within(10s, [&] { return !attic.running(); }));
  attic.start();
  CAF_CHECK_EQUAL(told.wait(40s), 0);
  CAF_CHECK(within(5s, [&] { return state(cellar) == "passed"; }));
  check_takeovers(cellar.ask({"drill", "show"}), "boiler");
}

CAF_TEST(a killed node that stays away fails the drill) {
  auto told = boiler.follow({"drill", "run", "kill-node", "attic", "--limit", "20s", "--settle", "4s", "-y"});
  CAF_CHECK_EQUAL(told.wait(40s), 1);
  CAF_CHECK_EQUAL(state(boiler), "failed");
  CAF_CHECK(has(newest(boiler).dump(), "not whole again: node attic is down"));
}

CAF_TEST(a drill is broken off at another node and all heals) {
  auto told = boiler.follow({"drill", "run", "cut-link", "attic", "cellar", "--for", "1m", "--limit", "20s", "-y"});
  CAF_REQUIRE(within(10s, [&] { return phase(boiler) == "watch" && acting(boiler) == "boiler"; }));
  // Meanwhile no other one can be.
  CAF_CHECK_EQUAL(boiler.troupe({"drill", "run", "kill-actor", "rule/roam", "-y"}).exit, 1);
  CAF_CHECK_EQUAL(cellar.troupe({"drill", "abort"}).exit, 0);
  REQUIRE_AGREE(all);
  CAF_CHECK_EQUAL(told.wait(40s), 1);
  CAF_CHECK(has(newest(boiler).dump(), "broken off: by "));
  CAF_CHECK(within(5s, [&] { return cellar.sees("attic") == "alive"; }));
}

CAF_TEST(who drove a drill dies and nothing stays broken) {
  auto told = boiler.follow({"drill", "run", "cut-link", "attic", "cellar", "--for", "4s", "--limit", "20s", "-y"});
  CAF_REQUIRE(within(10s, [&] { return phase(boiler) == "watch"; }));
  boiler.kill();
  CAF_CHECK(within(15s, [&] { return state(cellar) == "abandoned"; })); // once its driver is known to be gone
  CAF_CHECK(within(15s, [&] { return cellar.sees("attic") == "alive" && attic.sees("cellar") == "alive" && acting(cellar) == "attic"; }));
  boiler.start();
  REQUIRE_AGREE(all);
  CAF_CHECK(within(5s, [&] { return state(boiler) == "abandoned" && state(cellar) == "abandoned"; })); // the driver itself says so
  CAF_CHECK_EQUAL(boiler.troupe({"drill", "show"}).exit, 0);
  ready("stop-node", "attic");
  auto again = boiler.follow({"drill", "run", "stop-node", "attic", "--for", "4s", "--limit", "20s", "-y"});
  CAF_REQUIRE(within(10s, [&] { return phase(boiler) == "watch"; }));
  boiler.kill();
  CAF_CHECK(within(15s, [&] { return attic.troupe({"status"}).exit == 0; }));
  boiler.start();
  REQUIRE_AGREE(all);
}

CAF_TEST(what is refused and why) {
  const auto refused = [&](std::vector<std::string> args, const std::string& part, int exit = 1) {
    args.insert(args.begin(), {"drill", "run"});
    const auto said = boiler.troupe(args);
    CAF_CHECK_EQUAL(said.exit, exit);
    CAF_CHECK(has(said.out + said.err, part));
  };
  refused({"kill-node", "cellar", "-y"}, "outputs are wired to cellar: ");
  refused({"kill-node", "boiler", "-y"}, "could not tell how its own drill went");
  refused({"kill-node", "shed", "-y"}, "no node is called 'shed'");
  refused({"burn", "attic", "-y"}, "there is no drill 'burn'", 2);
  refused({"kill-node", "attic"}, "say --yes", 2);
  CAF_CHECK_EQUAL(cellar.troupe({"force", "cellar/fan", "off"}).exit, 0);
  CAF_CHECK(within(5s, [&] { return has(boiler.troupe({"drill", "run", "kill-node", "attic", "--check"}).out, "tagged out (forced): cellar/fan"); }));
  CAF_CHECK_EQUAL(cellar.troupe({"force", "cellar/fan", "--off"}).exit, 0);
  cellar.troupe({"drain", "attic"});
  CAF_CHECK(within(5s, [&] { return has(boiler.troupe({"drill", "run", "cut-link", "attic", "cellar", "--check"}).out, "node attic drains"); }));
  CAF_CHECK_EQUAL(boiler.troupe({"drill", "show"}).exit, 4); // none was made
}

CAF_TEST_FIXTURE_SCOPE_END()
