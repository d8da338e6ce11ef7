#undef CAF_SUITE
#define CAF_SUITE views

#include "apps/cli/views.hpp"
#include "tests/support/fake_node/scenery.hpp"

#include <caf/test/dsl.hpp>

#include <cstdlib>
#include <ctime>

using namespace troupe;
using namespace troupe::cli;
using namespace troupe::test;

namespace {

struct fixture {
  style how;
  const wall_ms now = 1'795'201'475'000; // 12 s after the last change of the lamp

  fixture() {
    setenv("TZ", "UTC", 1);
    tzset();
    how.width = 100;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(views_tests, fixture)

CAF_TEST(status shows the node at a glance) {
  CAF_CHECK_EQUAL(show_status(scenery::status(), how, now),
                  R"(attic  trouped 0.1.0, up 3 d 4 h, pid 812
  actors    21 running, 1 waiting, 1 quarantined, 0 hung
  readings  11 good, 2 uncertain, 1 bad
  store     412 entries, 0 pending, last commit 1.8 ms, stream attic/41/9f3c
  flash     3.3 MiB a day of 100.0 MiB (3 %)
  memory    23.0 MiB
  alarms    2 alarms
    18:52:18.000  rule/night-setback  quarantined after 5 crashes in 12 s: line 7: attempt to compa…
    18:03:22.000  garden/temp  1-wire bus lost; 12 tries to reopen it failed
)");
}

CAF_TEST(a degraded store and a spent budget are told) {
  auto x = scenery::status();
  x["alarms"] = json::array();
  x["store"]["degraded"] = true;
  x["store"]["degraded_why"] = "disk full";
  x["store"]["bytes_per_day"] = 209'715'200;
  const auto text = show_status(x, how, now);
  CAF_CHECK(text.find("✗ degraded: disk full; values go on in memory") != std::string::npos);
  CAF_CHECK(text.find("200.0 MiB a day of 100.0 MiB (200 %)") != std::string::npos);
  CAF_CHECK(text.find("alarms    ● none") != std::string::npos);
}

CAF_TEST(the tree shows states crashes and reasons) {
  CAF_CHECK_EQUAL(show_tree(scenery::tree(), how),
                  R"(attic                     supervisor  ● running, up 3 d 4 h
├─ store                  store       ● running, up 3 d 4 h
├─ buses                  supervisor  ● running, up 3 d 4 h
│  ├─ bus/gpio            bus         ● running, up 3 d 4 h
│  └─ bus/sim             bus         ◐ waiting, 12 crashes  device_lost: sim: unplugged; next try …
├─ channels               supervisor  ● running, up 3 d 4 h
│  ├─ boiler/flow-temp    channel     ● running, up 3 d 4 h
│  ├─ boiler/pump         channel     ● running, up 3 d 4 h
│  ├─ hall/button         channel     ● running, up 3 d 4 h
│  └─ hall/lamp           channel     ● running, up 3 m 12 s, 3 crashes
└─ rules                  supervisor  ● running, up 3 d 4 h
   ├─ rule/hall-light     rule        ● running, up 3 d 4 h
   └─ rule/night-setback  rule        ✗ quarantined, 5 crashes  script_error: line 7: attempt to co…
)");
}

CAF_TEST(the cluster is shown by standing with where views differ) {
  CAF_CHECK_EQUAL(show_members(scenery::members(), how, now),
                  R"(NAME    STANDING       SINCE  LINK       ROUND TRIP  ADDRESS         VERSION  DRAINING
attic   ● alive      3 d 4 h  this node           -  10.0.0.5:4710   0.1.0    no
boiler  ● alive      1 d 0 h  direct         412 µs  10.0.0.7:4710   0.1.0    yes
garage  ◐ suspect       14 s  none                -  [fd00::9]:4710  0.1.0    no
garden  ◐ waiting  10 m 12 s  none                -  10.0.0.11:4710  0.1.0    no
◐ garden is on the network and waits: `troupe approve garden` lets it in, or ignore it
◐ boiler sees garage as alive
)");
}

CAF_TEST(status names the members of a cluster and nothing for a node alone) {
  auto x = scenery::status();
  const auto alone = show_status(x, how, now);
  CAF_CHECK(alone.find("cluster") == std::string::npos);
  x["members"] = json::array();
  CAF_CHECK_EQUAL(show_status(x, how, now), alone);
  x["members"] = scenery::members()["members"];
  const auto text = show_status(x, how, now);
  CAF_CHECK(text.find(R"(
  cluster   4 nodes, 2 alive
    attic   ● alive, for 3 d 4 h, this node
    boiler  ● alive, for 1 d 0 h, round trip 412 µs, draining
    garage  ◐ suspect, for 14 s
    garden  ◐ waiting, for 10 m 12 s
  store )") != std::string::npos);
}

CAF_TEST(trees of several nodes stand below each other) {
  const json x = {{"nodes", json::array({{{"node", "attic"}, {"tree", {{"name", "attic"}, {"type", "supervisor"},
                                            {"state", "running"}, {"uptime_s", 60},
                                            {"children", json::array({{{"name", "store"}, {"type", "store"},
                                                                       {"state", "running"}, {"uptime_s", 60}}})}}}},
                                         {{"node", "garage"}, {"error", "suspect: silent for 2 s"}}})}};
  CAF_CHECK_EQUAL(show_tree(x, how), R"(attic     supervisor  ● running, up 1 m 0 s
└─ store  store       ● running, up 1 m 0 s
garage    ✗ suspect: silent for 2 s
)");
  CAF_CHECK_EQUAL(show_tree({{"nodes", json::array()}}, how), "no nodes\n");
}

CAF_TEST(readings actors and entries of a cluster tell whose they are) {
  auto all = scenery::readings();
  json rows = json::array({all["hall/lamp"], all["boiler/pump"]});
  CAF_CHECK(!from_elsewhere(rows, "attic"));
  rows[0]["node"] = "attic";
  CAF_CHECK(!from_elsewhere(rows, "attic"));
  CAF_CHECK(!from_elsewhere(rows, ""));
  rows[1]["node"] = "boiler";
  CAF_CHECK(from_elsewhere(rows, "attic"));
  CAF_CHECK(from_elsewhere(rows, ""));
  CAF_CHECK(from_elsewhere(json::array({rows[1]}), "attic"));
  CAF_CHECK(!from_elsewhere(json::array({rows[1]}), "boiler"));
  const auto list = show_readings(rows, true, how);
  CAF_CHECK(list.rfind("NAME         NODE    ", 0) == 0);
  CAF_CHECK(list.find("boiler/pump  boiler  ") != std::string::npos);
  CAF_CHECK(show_readings(rows, false, how).find("NODE") == std::string::npos);
  CAF_CHECK(show_reading(rows[1], how, now).find("  node       boiler\n") != std::string::npos);
  CAF_CHECK(show_change(rows[1], "", 11, true, how, now).find("boiler/pump  boiler      o") != std::string::npos);
  auto actors = scenery::actors();
  CAF_CHECK(show_ps(actors, how).find("NODE") == std::string::npos);
  for (auto& x : actors)
    x["node"] = "attic";
  CAF_CHECK(show_ps(actors, how).find("  NODE   TYPE") != std::string::npos);
  auto entry = scenery::journal()[0];
  entry["node"] = "boiler";
  CAF_CHECK(show_log_line(entry, how, now).find("  boiler      alarm") != std::string::npos);
}

CAF_TEST(why tells the story from pin to pin with the time between steps) {
  CAF_CHECK_EQUAL(show_why(scenery::why("hall/lamp"), how, now),
                  R"(hall/lamp  off → on  at 19:04:23.012, 12 s ago
  19:04:23.000  ┬ input   hall/button      off → on
         +4 ms  ├ rule    rule/hall-light  line 3: set hall/lamp on
         +5 ms  ├ output  hall/lamp        off → on, priority 10
         +3 ms  └ line    gpio relay-1     driven high
  12 ms from the first step to the last
earlier
  19:03:23.000  on → off      timer rule/hall-light: 5m over
  18:52:23.000  off → on      by anna
)");
}

CAF_TEST(why in the middle of a ramp tells when it began and how far it is) {
  auto x = scenery::why("hall/lamp");
  x["event"] = "0 -> 80 (ramp of 1.6 s, 50 % a second) by rule/hall-light";
  x["event_at"] = x["at"].get<wall_ms>() - 600;
  x["story"].push_back({{"kind", "output"}, {"name", "hall/lamp"}, {"text", "on the way: 29.98763 -> 80"}, {"at", x["at"]}});
  const auto text = show_why(x, how, now);
  CAF_CHECK(text.find("hall/lamp  0 → 80 (ramp of 1.6 s, 50 % a second) by rule/hall-light  at 19:04:22.412, 13 s ago\n") != std::string::npos);
  CAF_CHECK(text.find("└ output  hall/lamp        on the way: 29.9876 → 80\n") != std::string::npos);
}

CAF_TEST(a clock that was set back between two steps makes no nonsense) {
  auto x = scenery::why("hall/lamp");
  x["story"][1]["at"] = 5;
  const auto text = show_why(x, how, now);
  CAF_CHECK(text.find("             ?  ├ rule") != std::string::npos);
}

CAF_TEST(an output shows its wishes and which one leads) {
  CAF_CHECK_EQUAL(show_reading(scenery::readings()["hall/lamp"], how, now),
                  R"(hall/lamp  on  ● good
  label      lamp in the hall
  kind       output
  age        12 s
  changed    19:04:23.000, 17 changes so far
  wishes, the first leads
  ▶  8  on      operator/anna         for 8 m 12 s    anna: set hall/lamp on for 10m
    10  off     rule/hall-light       for 3.6 s       hall/button: on → off
)");
}

CAF_TEST(of an output whose node is gone nothing is made up) {
  auto x = scenery::readings()["hall/lamp"];
  x["quality"] = "bad";
  x["reason"] = "node_lost";
  x["slots"] = json::array();
  CAF_CHECK(show_reading(x, how, now).find("wishes     unknown, as is what it shows now\n") != std::string::npos);
  x["reason"] = "quarantined";
  CAF_CHECK(show_reading(x, how, now).find("wishes     none: it is in its safe state\n") != std::string::npos);
}

CAF_TEST(faults of a bus stand below each other) {
  const json faults = {{{"name", "leak"}, {"help", "water"}},
                       {{"name", "edge-storm"}, {"line", "hall.button.left"}, {"active", true}, {"help", "a contact flickers"}}};
  CAF_CHECK_EQUAL(show_buses(json::array({{{"name", "house"}, {"driver", "sim"}, {"faults", faults}}}), how),
                  "house       sim  ● works\n"
                  "  fault leak                         off  water\n"
                  "  fault edge-storm hall.button.left  on   a contact flickers\n");
}

CAF_TEST(values have units and qualities a sign with their reason) {
  auto all = scenery::readings();
  CAF_CHECK_EQUAL(show_value(all["water/main"]), "1 843.211 m³");
  CAF_CHECK_EQUAL(show_value(all["boiler/flow-temp"]), "54.5 °C");
  CAF_CHECK_EQUAL(show_value(all["garden/temp"]), "-");
  CAF_CHECK_EQUAL(show_quality(all["hall/lamp"], how), "● good");
  CAF_CHECK_EQUAL(show_quality(all["boiler/return-temp"], how), "◐ uncertain, stale");
  CAF_CHECK_EQUAL(show_quality(all["garden/temp"], how), "✗ bad, bus lost");
}

CAF_TEST(I3 a counter says what may be missing) {
  const auto text = show_reading(scenery::readings()["water/main"], how, now);
  CAF_CHECK(text.find("bound      at most 3 missed in 2 gaps") != std::string::npos);
}

CAF_TEST(a change shows what was before) {
  const auto x = scenery::readings()["boiler/return-temp"];
  CAF_CHECK_EQUAL(show_change(x, "41 °C", 18, false, how, now),
                  "19:04:35.000  boiler/return-temp  41 °C → 41.25 °C        ◐ uncertain, stale, "
                  "3 m 12 s old\n");
}

CAF_TEST(a plan tells what is touched and how) {
  CAF_CHECK_EQUAL(show_plan(scenery::plan(true), how),
                  R"(+ add    channel  hall/fan
~ change channel  hall/lamp  restarts it
             lease: 5s → 10s
             min-on: default → 2s
- remove rule     rule/old
1 to add, 1 to change, 1 to remove; nothing else is touched
)");
  CAF_CHECK_EQUAL(show_plan(json::array(), how), "nothing to do: the house is as described\n");
}

CAF_TEST(tables give way to the width of the terminal) {
  how.width = 60;
  json rows = json::array();
  for (auto& [name, x] : scenery::readings())
    rows.push_back(x);
  const auto text = show_readings(rows, false, how);
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    CAF_CHECK(display_width(text.substr(begin, end - begin)) <= 60);
    begin = end + 1;
  }
}

CAF_TEST(an actor is shown from inside with all that it tells) {
  const json x = {{"name", "rule/hall"}, {"type", "rule"}, {"state", "running"}, {"uptime_s", 7}, {"post_mortems", json::array({json::object()})},
                  {"inside", {{"failed_runs", 0}, {"state", json::object()}, {"holds", {{"hall/lamp", {{"value", "on"}, {"priority", 10}}}}},
                              {"last", {{"ok", true}, {"sets", json::array({{{"output", "hall/lamp"}, {"value", "on"}}})}}}}}};
  const auto text = show_actor(x, how);
  CAF_CHECK(text.find("rule/hall  rule") != std::string::npos);
  CAF_CHECK(text.find("\nfailed_runs  0\nholds\n  hall/lamp  priority 10, value on\nlast\n"
                      "  ok    true\n  sets\n    -  output hall/lamp, value on\nstate        -\n") != std::string::npos);
  CAF_CHECK(text.find("1 post-mortem; see troupe post-mortem rule/hall\n") != std::string::npos);
  CAF_CHECK(show_actor({{"name", "a"}, {"actor_trouble", "a does not answer"}}, how).find("not known: a does not answer") != std::string::npos);
}

CAF_TEST(documents of another version are shown as far as they go) {
  const std::vector<json> odd = {json::object(), json::array(), json{}, json("text"),
                                 {{"story", 5}, {"slots", "x"}, {"store", json::array()}},
                                 {{"kind", "output"}, {"slots", json::array({1, nullptr})}}};
  for (auto& x : odd) {
    CAF_MESSAGE(x.dump());
    const std::vector<std::string> shown = {
      show_members(x, how, now),  show_status(x, how, now),   show_tree(x, how),         show_ps(x, how),
      show_reading(x, how, now),  show_readings(x, false, how),     show_why(x, how, now),
      show_log(x, how, now),      show_message(x, how, now), show_post_mortems(x, how, now),
      show_actor(x, how),         show_plan(x, how),          show_history(x, how, now), show_buses(x, how),
      show_log_line(x, how, now), show_change(x, "", 8, false, how, now)};
    for (auto& text : shown)
      CAF_CHECK(!text.empty() && text.back() == '\n');
  }
}

CAF_TEST(text from a device cannot move the cursor) {
  auto x = scenery::readings()["hall/lamp"];
  x["label"] = "\x1b[2Jhello\n\xc2\x9bworld";
  const auto text = show_reading(x, how, now);
  CAF_CHECK(text.find('\x1b') == std::string::npos);
  CAF_CHECK(text.find("?[2Jhello ?world") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
