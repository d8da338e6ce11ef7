// A pulse has the same id whoever says it, and what goes on says young ones again.
#include "tests/unit/rule/unit_fixture.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_pulses

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;
using troupe::rule::engine;
using troupe::rule::run_outcome;

namespace {

constexpr const char* at_each_press = R"(
if rising("button") then state.n = (state.n or 0) + 1 start("later", "3s") pulse("gate", "500ms") end
if fired("later") then pulse("bell", "1s", {priority = 8}) end)";

/// A house of its own and several lives of one rule in it.
struct lives_fixture : rule::house_view {
  hand_clock clock;
  storage::live_table live{clock};
  rule_config config;
  std::uint64_t changes = 0;

  lives_fixture() {
    config.name = "gate";
    config.lua = at_each_press;
    show(false);
  }

  std::optional<storage::live_table::row> find(const std::string& name) const override { return live.find(name); }
  std::vector<storage::edge> edges_since(const std::string& name, const storage::edge_position& after) const override {
    return live.edges_since(name, after);
  }
  [[nodiscard]] rule::moment now() const { return {clock.mono(), clock.wall()}; }
  void pass(milliseconds x) { clock.now += to_ns(x); }

  void show(bool is_on) {
    reading r;
    r.val = value::digital(is_on);
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = changes == 0 ? origin::refresh : origin::change;
    r.changes = ++changes;
    r.changed_wall = r.measured_wall = clock.wall();
    r.measured_at = clock.now;
    live.publish("button", r);
  }
  void press() {
    show(true);
    show(false);
  }

  std::unique_ptr<engine> life(const std::string& memory, std::uint64_t series = 7, const std::string& text = "text", const std::string& boot = "boot",
                               std::optional<milliseconds> away = {}) {
    auto made = engine::make(config);
    CAF_REQUIRE(static_cast<bool>(made));
    (*made)->name_pulses(series);
    if (!memory.empty()) {
      auto known = rule::memory_from_json(json::parse(memory), now(), {boot, text}, away);
      CAF_REQUIRE(static_cast<bool>(known));
      (*made)->restore(std::move(*known));
    }
    (void)(*made)->probe(now(), *this);
    return std::move(*made);
  }

  std::string memory_of(const engine& x) const { return to_json(x.memory(), now(), {"boot", "text"}).dump(); }

  /// All that waits. @returns the pulses that it said
  std::vector<rule::said_pulse> run(engine& x) {
    std::vector<rule::said_pulse> all;
    for (int i = 0; i < 100; ++i) {
      auto done = x.run_now(now(), *this);
      CAF_CHECK_EQUAL(x.last().error, "");
      for (auto& p : done.pulses)
        all.push_back(p.what);
      if (!x.pending())
        break;
    }
    return all;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(pulse_lives, lives_fixture)

CAF_TEST(each press is one pulse with an id of its own) {
  const auto x = life({});
  CAF_CHECK(run(*x).empty());
  press();
  press();
  const auto said = run(*x);
  CAF_REQUIRE_EQUAL(said.size(), 2u);
  CAF_CHECK(said[0].id != said[1].id);
  CAF_CHECK(said[0].id.starts_with("rule/gate#"));
  CAF_CHECK(said[0].output == "gate" && said[0].length == 500ms && said[0].priority == 10 && said[0].val == value::digital(true));
  CAF_CHECK(run(*x).empty());
  pass(3s);
  const auto bell = run(*x);
  CAF_REQUIRE_EQUAL(bell.size(), 1u);
  CAF_CHECK(bell[0].output == "bell" && bell[0].priority == 8);
}

CAF_TEST(who does the same evaluation again says the same id) {
  const auto first = life({});
  (void)run(*first);
  const auto before = memory_of(*first);
  press();
  pass(50ms);
  const auto said = run(*first);
  CAF_REQUIRE_EQUAL(said.size(), 1u);
  CAF_CHECK_EQUAL((clock.now - said[0].at) / 1'000'000, 50); // it is as old as the press
  // The memory that counted it is lost; another life, with another random number, goes on from the one before.
  pass(900ms);
  const auto second = life(before, 8);
  CAF_CHECK(second->restored_pulses(now()).empty());
  const auto again = run(*second);
  CAF_REQUIRE_EQUAL(again.size(), 1u);
  CAF_CHECK_EQUAL(again[0].id, said[0].id);
  CAF_CHECK_EQUAL((clock.now - again[0].at) / 1'000'000, 950);
  // Of a timer too: it is counted in the memory.
  const auto third = memory_of(*second);
  pass(3s);
  const auto bell = run(*second);
  const auto other = life(third, 9);
  const auto same = run(*other);
  CAF_REQUIRE(bell.size() == 1 && same.size() == 1);
  CAF_CHECK_EQUAL(bell[0].id, same[0].id);
  // A memory that has nothing to do with it gives another one.
  const auto stranger = life({}, 10);
  (void)run(*stranger);
  press();
  (void)run(*stranger);
  pass(3s);
  const auto else_where = run(*stranger);
  CAF_REQUIRE_EQUAL(else_where.size(), 1u);
  CAF_CHECK(else_where[0].id != bell[0].id);
}

CAF_TEST(who goes on says the young ones again and no press is acted on twice) {
  const auto first = life({});
  (void)run(*first);
  press();
  press();
  const auto said = run(*first);
  pass(4s);
  const auto second = life(memory_of(*first), 8);
  const auto again = second->restored_pulses(now());
  CAF_REQUIRE_EQUAL(again.size(), 2u);
  CAF_CHECK(again[0].what == said[0] && again[1].what == said[1]); // in their order, with their age
  CAF_CHECK_EQUAL(again[0].story.back().text, "said again, as it may not have come");
  pass(6001ms);
  CAF_CHECK(second->restored_pulses(now()).empty());
  (void)run(*second);
  CAF_CHECK(second->memory().pulses.size() == 1); // the bell's
}

CAF_TEST(what may be too old or is of another text is not said again) {
  const auto first = life({});
  (void)run(*first);
  press();
  (void)run(*first);
  const auto left = memory_of(*first);
  pass(1s);
  CAF_CHECK_EQUAL(life(left)->restored_pulses(now()).size(), 1u);
  CAF_CHECK_EQUAL(life(left, 7, "another text")->restored_pulses(now()).size(), 0u);
  CAF_CHECK_EQUAL(life(left, 7, "text", "another boot")->restored_pulses(now()).size(), 1u); // by the wall clock
  auto unset = json::parse(left);
  unset["wall"] = 1000; // of a board in 1970 nobody knows how long it was off
  CAF_CHECK_EQUAL(life(unset.dump(), 7, "text", "another boot")->restored_pulses(now()).size(), 0u);
  CAF_CHECK_EQUAL(life(unset.dump(), 7, "text", "another boot", 1000ms)->restored_pulses(now()).size(), 1u); // its output knows
  auto earlier = json::parse(left);
  earlier.erase("pulses");
  CAF_CHECK(life(earlier.dump(), 11)->memory().pulse_series == 11);
}

CAF_TEST(a run that fails says no pulse) {
  config.lua = "if rising('button') then pulse('gate', '500ms') error('broken') end";
  const auto x = life({});
  (void)x->run_now(now(), *this);
  press();
  const auto done = x->run_now(now(), *this);
  CAF_CHECK(!done.ok);
  CAF_CHECK(done.pulses.empty());
  CAF_CHECK(x->memory().pulses.empty());
}

CAF_TEST(what is wrong with a pulse is said with the line) {
  const struct {
    const char* lua;
    const char* says;
  } rows[] = {
    {"pulse('gate', '19ms')", "pulse gate: 19ms is outside 20ms to 1h"},
    {"pulse('gate', '61m')", "pulse gate: 1h 1m is outside 20ms to 1h"},
    {"pulse('gate', 500)", "a duration must be a text in quotes, not 500"},
    {"pulse('gate', 'soon')", "'soon' is no duration: write 200ms, 5s, 10m, 1h or 2d, at most 366d"},
    {"pulse('Gate', '1s')", "'Gate' is no name: names look like hall/lamp"},
    {"pulse('lamp', '1s')", "lamp is not among the outputs of this rule (gate); add it to `outputs`"},
    {"pulse('gate', '1s', {lease = '1s'})", "option lease = 1s is not known: priority = 1 to 16, value = true or false"},
    {"pulse('gate', '1s', {priority = 17})", "option priority = 17 is not known: priority = 1 to 16, value = true or false"},
    {"for i = 1, 17 do pulse('gate', '1s') end", "pulse gate would be one too many: a run may say 16"},
  };
  config.outputs = {"gate"};
  for (const auto& row : rows) {
    config.lua = row.lua;
    const auto x = life({});
    CAF_CHECK(!x->run_now(now(), *this).ok);
    CAF_CHECK_EQUAL(x->last().error, std::string{"rule/gate line 1: "} + row.says);
  }
}

CAF_TEST(a pulse stands beside what the rule wants and is bounded in its memory) {
  config.lua = "set('gate', false) pulse('gate', '1s') pulse('gate', '2s', {value = false}) return nil";
  config.outputs = {"gate"};
  const auto x = life({});
  const auto done = x->run_now(now(), *this);
  CAF_CHECK_EQUAL(done.actions.size(), 1u);
  CAF_REQUIRE_EQUAL(done.pulses.size(), 2u);
  CAF_CHECK(done.pulses[0].what.id != done.pulses[1].what.id);
  CAF_CHECK(done.pulses[1].what.val == value::digital(false));
  CAF_CHECK_EQUAL(done.pulses[0].story.back().text, "line 1: pulse gate on for 1s");
  CAF_CHECK(to_string(x->memory().wishes.at("gate").val) == "off");
  CAF_CHECK_EQUAL(to_json(x->last())["sets"][1]["pulse_ms"], 1000);
  for (int i = 0; i < 40; ++i)
    (void)x->run_now(now(), *this);
  CAF_CHECK_EQUAL(x->memory().pulses.size(), rule::max_young_pulses);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(I11 the newest pulses are said again and of the others those that came nowhere are told) {
  rule::said_pulses said;
  const auto send = [&](int i, std::uint32_t incarnation) {
    rule::pulse_action x;
    x.what.id = std::to_string(i);
    x.what.at = i;
    said.sent(x, incarnation, i);
  };
  const auto look = [&](int seconds) { return said.look(seconds * one_second, 1min, [](auto&) { return 2u; }); };
  const int most = static_cast<int>(rule::said_pulses::most);
  send(0, 0); // nobody was there
  for (int i = 1; i <= most; ++i)
    send(i, 1);
  auto turn = look(2);
  CAF_REQUIRE_EQUAL(turn.again.size(), rule::said_pulses::most);
  CAF_CHECK_EQUAL(turn.again[0].what.id, "0"); // rather than 1, which came somewhere
  CAF_CHECK_EQUAL(turn.again[1].what.id, "2");
  CAF_CHECK(turn.given_up.empty());
  for (int i = 0; i <= 2 * most; ++i)
    send(1000 + i, 0);
  turn = look(4);
  CAF_CHECK_EQUAL(turn.again.size(), rule::said_pulses::most);
  CAF_REQUIRE_EQUAL(turn.given_up.size(), rule::said_pulses::most); // no more are kept
  CAF_CHECK_EQUAL(turn.given_up[0].what.id, "0");
  CAF_CHECK(look(6).given_up.empty());
}

CAF_TEST_FIXTURE_SCOPE(pulse_units, unit_fixture)

CAF_TEST(a pulse goes to its output with id age and story) {
  off("button");
  start("if rising('button') then pulse('lamp', '500ms') end");
  on("button");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  const auto& x = lamp()[0];
  CAF_CHECK(x.pulse == 500ms && x.age == 0ms && x.source == "rule/test" && x.id.starts_with("rule/test#"));
  CAF_CHECK_EQUAL(x.story.back().text, "line 1: pulse lamp on for 500ms");
  pass(60s);
  CAF_CHECK_EQUAL(lamp().size(), 1u); // neither renewed nor repeated
  CAF_CHECK_EQUAL(outputs["lamp"].renewals, 0u);
}

CAF_TEST(a pulse whose output started anew is said again with its age and one that finds nobody is given up) {
  off("button");
  start("if rising('button') then pulse('lamp', '500ms') pulse('attic/fan', '1s') end");
  on("button");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  pass(3s);
  CAF_CHECK_EQUAL(lamp().size(), 1u);
  auto row = *names.lookup("lamp");
  row.life->incarnation = 2;
  pass(1s);
  CAF_REQUIRE_EQUAL(lamp().size(), 2u);
  CAF_CHECK_EQUAL(lamp()[1].id, lamp()[0].id);
  CAF_CHECK(lamp()[1].age >= 2500ms);
  add_output("attic/fan"); // it came late, and not too late
  pass(1s);
  CAF_REQUIRE_EQUAL(outputs["attic/fan"].commands.size(), 1u);
  pass(60s);
  CAF_CHECK_EQUAL(lamp().size(), 2u);
  CAF_CHECK_EQUAL(outputs["attic/fan"].commands.size(), 1u);
  CAF_CHECK(store.events.empty());
}

CAF_TEST(a pulse that finds nobody is told) {
  off("button");
  start("if rising('button') then pulse('attic/fan', '1s') end");
  on("button");
  pass(60s);
  add_output("attic/fan");
  pass(60s);
  CAF_CHECK(outputs["attic/fan"].commands.empty());
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK_EQUAL(store.events[0].text, "its pulse of attic/fan was not done: nobody answered to that name");
}

CAF_TEST(the next life says what is young again and not what its memory does not know) {
  off("button");
  start("if rising('button') then pulse('lamp', '500ms') end");
  pass(2s);
  on("button");
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  pass(2s); // stored
  crash();
  start(config.lua);
  CAF_REQUIRE_EQUAL(lamp().size(), 2u);
  CAF_CHECK_EQUAL(lamp()[1].id, lamp()[0].id);
  off("button");
  on("button");
  crash(); // within the second: its memory does not know of it, and the house keeps the edge
  start(config.lua);
  std::set<std::string> ids;
  for (const auto& x : lamp())
    ids.insert(x.id);
  CAF_CHECK_EQUAL(ids.size(), 2u); // two presses
}

CAF_TEST_FIXTURE_SCOPE_END()
