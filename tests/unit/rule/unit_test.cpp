#undef CAF_SUITE
#define CAF_SUITE rule_unit

#include "tests/unit/rule/unit_fixture.hpp"

#include <stdexcept>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using storage::slot_kind;

CAF_TEST_FIXTURE_SCOPE(unit_tests, unit_fixture)

CAF_TEST(an input reaches the output with its story) {
  off("button");
  start("if rising('button') then\n  set('lamp', true)\nend");
  CAF_CHECK(lamp().empty());
  on("button");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  const auto& got = lamp()[0];
  CAF_CHECK_EQUAL(got.output, "lamp");
  CAF_CHECK_EQUAL(got.val, value::digital(true));
  CAF_CHECK_EQUAL(got.source, "rule/test");
  CAF_CHECK_EQUAL(got.priority, 10);
  CAF_CHECK(got.lease == 5s);
  CAF_REQUIRE_EQUAL(got.story.size(), 2u);
  CAF_CHECK_EQUAL(got.story[0].text, "off -> on");
  CAF_CHECK_EQUAL(got.story[1].text, "line 2: set lamp on");
}

CAF_TEST(many changes before a run are one message and one run - I11) {
  put("lux", value::integer(0));
  start("get('lux')");
  const auto before = runs();
  for (int i = 1; i <= 1000; ++i) {
    reading r;
    r.val = value::integer(i);
    r.grade = quality::good;
    r.told_as = origin::change;
    r.changes = 1000 + static_cast<std::uint64_t>(i);
    live.publish("lux", r);
  }
  CAF_CHECK_EQUAL(sched.jobs.size(), 1u);
  CAF_CHECK_EQUAL(sched.run(), 1u);
  CAF_CHECK_EQUAL(runs(), before + 1);
}

CAF_TEST(many edges before a run are one message and a run for each that is kept - I11) {
  off("button");
  start("if rising('button') then state.n = (state.n or 0) + 1 end");
  const auto before = runs();
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    reading r;
    r.val = value::digital(i % 2 == 1);
    r.grade = quality::good;
    r.told_as = origin::change;
    r.changes = changes["button"] + i;
    live.publish("button", r);
  }
  CAF_CHECK_EQUAL(sched.jobs.size(), 1u);
  CAF_CHECK_EQUAL(sched.run(), 1u);
  CAF_CHECK_EQUAL(runs(), before + rule::rule_unit::runs_at_once); // then others have a turn
  pass(1ms);
  CAF_CHECK_EQUAL(runs(), before + storage::edge_tail::most);
}

CAF_TEST(no edge is lost or repeated by a crash - I7) {
  const char* lua = "if rising('button') then state.n = (state.n or 0) + 1 end";
  off("button");
  start(lua);
  for (int i = 0; i < 30; ++i) {
    on("button");
    off("button");
    if (i % 10 == 9) {
      pass(i == 19 ? 2s : 300ms);
      crash(); // up to a second of memory is lost
      on("button");
      off("button");
      start(lua);
    }
  }
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["state"]["n"], "33");
  CAF_CHECK_EQUAL(seen["edges_passed_over"], 0);
}

CAF_TEST(edges that are too old are told in the journal) {
  off("button");
  start("if rising('button') then set('lamp', true) end");
  crash();
  on("button");
  clock.now += 10'001'000'000;
  start(config.lua);
  CAF_CHECK(lamp().empty());
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK_EQUAL(store.events[0].text, "does not act on 1 edges of button: 1 were older than its edge-limit of 10s (the oldest 10.0 s)");
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["edges_passed_over"], 1);
}

CAF_TEST(a rule waits for first values but not for ever) {
  start("set('lamp', on('a') and on('b'))");
  on("a");
  CAF_CHECK(lamp().empty());
  on("b");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  CAF_CHECK_EQUAL(lamp()[0].val, value::digital(true));
}

CAF_TEST(a rule starts after three seconds without an input) {
  start("set('lamp', not on('dead-sensor'))");
  pass(2900ms);
  CAF_CHECK(lamp().empty());
  pass(200ms);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
}

CAF_TEST(a restored value starts the rule and is no edge - I6) {
  put("button", value::digital(false), origin::restore);
  start("if rising('button') then set('lamp', true) end");
  put("button", value::digital(true), origin::restore);
  CAF_CHECK_EQUAL(runs(), 2u);
  CAF_CHECK(lamp().empty());
}

CAF_TEST(what is wanted is renewed at a third of the lease by one timer) {
  start("set('lamp', true)");
  pass(10s);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  CAF_CHECK_EQUAL(outputs["lamp"].renewals, 6u);
}

CAF_TEST(an output that restarted is told again) {
  start("set('lamp', true)");
  names.lookup("lamp")->life->incarnation = 2;
  pass(2s);
  CAF_REQUIRE_EQUAL(lamp().size(), 2u);
  CAF_CHECK(lamp()[0] == lamp()[1]);
  pass(2s);
  CAF_CHECK_EQUAL(lamp().size(), 2u);
}

CAF_TEST(an output that comes later is told when it is there) {
  start("set('fan', true)");
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].text.find("nobody answers to that name") != std::string::npos);
  pass(3s);
  add_output("fan");
  pass(2s);
  CAF_REQUIRE_EQUAL(outputs["fan"].commands.size(), 1u);
  CAF_CHECK_EQUAL(outputs["fan"].commands[0].val, value::digital(true));
}

CAF_TEST(an ordered stop lets go and a crash does not) {
  start("set('lamp', true)");
  crash();
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  start("set('lamp', true)");
  CAF_REQUIRE_EQUAL(lamp().size(), 2u); // wanted still: told to whoever is there now
  here->content->stop();
  sched.run();
  CAF_REQUIRE_EQUAL(lamp().size(), 3u);
  CAF_CHECK(lamp()[2].val.empty());
  CAF_CHECK(!live.get("rule/test"));
}

CAF_TEST(timers and state and wishes survive a crash - I7) {
  const char* lua = "if rising('button') then set('lamp', true) start('off', '10m') state.n = 1 end\n"
                    "if fired('off') then set('lamp', false) end";
  off("button");
  start(lua);
  on("button");
  pass(4min);
  crash();
  clock.now += 60'000'000'000;
  start(lua);
  CAF_REQUIRE_EQUAL(lamp().size(), 2u);
  CAF_CHECK_EQUAL(lamp()[1].val, value::digital(true));
  CAF_CHECK_EQUAL(lamp()[1].story.back().kind, "restore");
  pass(299s);
  CAF_CHECK_EQUAL(lamp().size(), 2u);
  pass(2s);
  CAF_REQUIRE_EQUAL(lamp().size(), 3u);
  CAF_CHECK_EQUAL(lamp()[2].val, value::digital(false));
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["state"]["n"], "1");
}

CAF_TEST(the memory is written when it changed and at most once a second) {
  off("a");
  start("if changed('a') then state.n = (state.n or 0) + 1 end");
  CAF_CHECK_EQUAL(store.puts, 1u); // up to which edge it has come
  for (int i = 0; i < 10; ++i) {
    i % 2 == 0 ? on("a") : off("a");
    pass(100ms);
  }
  CAF_CHECK_EQUAL(store.puts, 2u);
  pass(60s);
  CAF_CHECK_EQUAL(store.puts, 2u);
  const auto stored = nlohmann::json::parse(store.documents.at({slot_kind::own, "rule/test"}));
  CAF_CHECK_EQUAL(stored["state"]["n"], 10);
}

CAF_TEST(a running timer writes nothing) {
  start("if not remaining('t') then start('t', '1h') end");
  pass(30min);
  CAF_CHECK_EQUAL(store.puts, 1u);
}

CAF_TEST(a store that refuses is asked again) {
  store.refuses = {errc::disk_full, "no space left"};
  start("state.n = 1");
  CAF_CHECK(store.documents.empty());
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].text.find("no space left") != std::string::npos);
  store.refuses = {};
  pass(1s);
  CAF_CHECK_EQUAL(store.documents.size(), 1u);
}

CAF_TEST(a damaged memory is an alarm and the rule starts without it) {
  store.documents[{slot_kind::own, "rule/test"}] = "{\"version\":1,";
  start("set('lamp', true)");
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].level == storage::severity::alarm);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
}

CAF_TEST(a failing run is shown and tried again and ends the unit at the fifth) {
  on("lux");
  start("set('lamp', get('lux') < 5)");
  CAF_CHECK(lamp().empty());
  CAF_CHECK_EQUAL(live.get("rule/test")->val, value::digital(false));
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK_EQUAL(store.events[0].text,
                  "rule/test line 1: attempt to compare boolean with number");
  CAF_CHECK_EQUAL(store.events[0].kind, "rule");
  pass(39s);
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["failed_runs"], 4);
  CAF_CHECK_EQUAL(store.events.size(), 1u);
  std::string why;
  try {
    pass(1s);
  } catch (const std::runtime_error& e) {
    why = e.what();
  }
  CAF_CHECK(why.find("(5 failures in a row)") != std::string::npos);
}

CAF_TEST(a rule that recovers goes on as if nothing had been) {
  put("lux", value::text("?"));
  start("set('lamp', get('lux') < 5)");
  put("lux", value::analog(3));
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  const auto shown = live.get("rule/test");
  CAF_CHECK_EQUAL(shown->val, value::digital(true));
  CAF_CHECK(shown->told_as == origin::change);
  pass(60s);
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["failed_runs"], 1);
}

CAF_TEST(a rule that fails from its start holds nothing that an earlier life wanted) {
  off("a");
  start("if rising('a') then set('lamp', true) end if on('bad') then error('x') end");
  pass(3s);
  on("a");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  pass(1s);
  crash();
  on("bad");
  start(config.lua);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  pass(20s);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  off("bad");
  CAF_CHECK_EQUAL(lamp().size(), 2u);
}

CAF_TEST(a rule that chases itself is slowed and told of) {
  // The output answers every command with its opposite, at once.
  off("echo");
  start("set('lamp', not on('echo'))");
  for (int i = 0; i < 3000; ++i)
    i % 2 == 0 ? on("echo") : off("echo");
  CAF_CHECK(runs() <= 2000u);
  pass(1s);
  CAF_CHECK(runs() <= 2502u);
  const auto& events = store.events;
  CAF_REQUIRE(!events.empty());
  CAF_CHECK(events[0].text.find("more than 500 times a second") != std::string::npos);
  pass(2s);
  const auto seen = here->content->state();
  CAF_CHECK_EQUAL(seen["inputs"]["echo"], "off (good)");
}

CAF_TEST(a text that does not compile ends the start with its line) {
  try {
    start("set('lamp', )");
    CAF_FAIL("it must not start");
  } catch (const std::runtime_error& e) {
    CAF_CHECK_EQUAL(std::string(e.what()), "rule/test line 1: unexpected symbol near ')'");
  }
}

CAF_TEST(the view of a rule tells its last evaluation) {
  on("a");
  start("state.n = 1\nif on('a') then set('lamp', true, {lease = '1m'}) end start('t', '10s')");
  const auto json = here->content->state();
  CAF_CHECK_EQUAL(json["name"], "rule/test");
  CAF_CHECK_EQUAL(json["last"]["ok"], true);
  CAF_CHECK_EQUAL(json["last"]["reads"][0]["name"], "a");
  CAF_CHECK_EQUAL(json["last"]["sets"][0]["effect"], "set");
  CAF_CHECK_EQUAL(json["holds"]["lamp"]["lease_ms"], 60000);
  CAF_CHECK_EQUAL(json["holds"]["lamp"]["line"], 2);
  CAF_CHECK_EQUAL(json["timers"]["t"]["left_ms"], 10000);
  CAF_CHECK_EQUAL(json["state"]["n"], "1");
  CAF_CHECK_EQUAL(json["inputs"]["a"], "on (good)");
}

CAF_TEST(a removed rule can be forgotten) {
  start("state.n = 1");
  CAF_CHECK_EQUAL(store.documents.size(), 1u);
  CAF_CHECK(forget_rule(store, "test"));
  CAF_CHECK(store.documents.empty());
  CAF_CHECK_EQUAL(rule_address("test"), "rule/test");
}

CAF_TEST(texts that are not UTF-8 do no harm) {
  start("state.x = '\\xff\\xfe' set('lamp', '\\xff')");
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  CAF_CHECK_EQUAL(store.documents.size(), 1u);
  CAF_CHECK(here->content->state()["last"]["ok"].get<bool>());
}

CAF_TEST_FIXTURE_SCOPE_END()
