// A shadow beside an acting rule, in virtual time: it begins where that one is,
// follows, notices, begins anew, and reaches nothing.

#undef CAF_SUITE
#define CAF_SUITE shadow

#include "actors/protocol/authority.hpp"
#include "actors/protocol/services.hpp"
#include "actors/rule/shadow.hpp"
#include "tests/unit/rule/virtual_rule.hpp"

#include <caf/test/dsl.hpp>

#include <type_traits>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

namespace {

/// The rule acts on attic and has its shadow on boiler; each sees a house of its own.
struct shadow_fixture {
  virtual_rule acting{counting, {"lamp"}};
  scripted_house house; ///< as boiler sees it
  std::unique_ptr<shadow> beside;
  mono_ns ahead = 77'000'000'000; ///< boiler's monotonic clock
  std::uint64_t round = 7;
  std::vector<difference> began, ended;
  milliseconds age{0};
  std::string their_text;

  static constexpr const char* counting = R"(
if rising("button") then state.n = (state.n or 0) + 1 start("later", "30s") end
if fired("later") then state.n = 100 end
set("lamp", (state.n or 0) % 2 == 1))";

  void make(const std::string& lua = counting) {
    acting.config.lua = lua;
    acting.make();
    renew_shadow(lua);
  }
  void renew_shadow(const std::string& lua) {
    auto config = acting.config;
    config.lua = lua;
    auto made = shadow::make(config, {"boot-of-boiler", digest(lua)}, 5s);
    if (!made)
      throw std::runtime_error(made.why().context);
    beside = std::move(*made);
  }

  moment here() const { return {acting.now.mono + ahead, acting.now.wall}; }

  void both_change(const std::string& name, const value& x) {
    acting.house.change(name, x);
    acting.run();
    house.change(name, x);
    (void)beside->run(here(), house);
  }
  void press() {
    both_change("button", value::digital(true));
    both_change("button", value::digital(false));
  }

  void look() {
    shadow::acting x;
    x.node = "attic";
    x.round = round;
    x.memory = to_json(acting.rule->memory(), acting.now, {"boot-1", their_text.empty() ? digest(acting.config.lua) : their_text});
    x.fails = acting.rule->last().number > 0 && !acting.rule->last().ok;
    auto news = beside->hear(x, here(), house);
    for (auto& d : news.began)
      began.push_back(d);
    for (auto& d : news.ended)
      ended.push_back(d);
    run_if_due();
  }
  void run_if_due() {
    const auto due = beside->next_due();
    if (due && *due <= here().mono)
      (void)beside->run(here(), house);
  }

  void pass(milliseconds x, bool looks = true) {
    for (auto left = x.count(); left > 0; left -= 100) {
      acting.pass(100ms);
      run_if_due();
      if (looks && (left / 100) % 20 == 0)
        look();
    }
  }

  std::string variable(const std::string& name) const {
    const auto& all = beside->content().memory().variables;
    return all.contains(name) ? to_string(all.at(name)) : "-";
  }
  std::string is() const { return to_string(beside->is(here().mono)); }

  shadow_fixture() {
    make();
    for (auto* h : {&acting.house, &house})
      h->off("button");
    acting.run();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shadows, shadow_fixture)

CAF_TEST(I4: a shadow has nothing to reach an output with) {
  // By construction: it is made of plain values and handed a house to look at.
  // Who gives it more than that has to change this test.
  static_assert(std::is_same_v<decltype(&shadow::make), result<std::unique_ptr<shadow>> (*)(rule_config, memory_origin, milliseconds)>);
  static_assert(std::is_same_v<decltype(&shadow::run), bool (shadow::*)(const moment&, const house_view&)>);
  static_assert(std::is_same_v<decltype(&shadow::hear), comparison::news (shadow::*)(const shadow::acting&, const moment&, const house_view&)>);
  static_assert(!std::is_constructible_v<shadow, services&>);
  static_assert(!std::is_constructible_v<shadow, std::unique_ptr<authority>>);
  // All that it gives away are looks at itself.
  static_assert(std::is_const_v<std::remove_reference_t<decltype(beside->content())>>);
  static_assert(std::is_const_v<std::remove_pointer_t<decltype(beside->trusted_memory(0))>>);
}

CAF_TEST(it begins where the acting one is and goes on as that one does) {
  press();
  CAF_CHECK_EQUAL(is(), "unheard");
  CAF_CHECK_EQUAL(variable("n"), "-"); // it does not run on nothing
  look();
  CAF_CHECK_EQUAL(variable("n"), "1");
  CAF_CHECK_EQUAL(is(), "settles");
  press();
  CAF_CHECK_EQUAL(variable("n"), "2");
  pass(8s);
  CAF_CHECK_EQUAL(is(), "agrees");
  pass(30s); // the timer fires in both
  CAF_CHECK_EQUAL(variable("n"), "100");
  CAF_CHECK(began.empty());
  CAF_CHECK_EQUAL(is(), "agrees");
  pass(8s, false);
  CAF_CHECK_EQUAL(is(), "unheard"); // no word for long
}

CAF_TEST(timers go on by the age of the word and not by the clocks of two nodes) {
  press(); // 30 s
  acting.pass(10s);
  acting.now.wall += 3'600'000; // the clock of attic is wrong
  const auto text = to_json(acting.rule->memory(), acting.now, {"boot-1", digest(counting)});
  acting.now.wall -= 3'600'000;
  shadow::acting x{"attic", round, text, 0ms, false};
  (void)beside->hear(x, here(), house);
  run_if_due();
  const auto& timer = beside->content().memory().timers.at("later");
  CAF_CHECK_EQUAL((timer.deadline() - here().mono) / 1'000'000, 20'000);
  // Without a new word of it the old one has become older.
  x.memory = nullptr;
  acting.pass(5s);
  x.round = ++round;
  (void)beside->hear(x, here(), house);
  CAF_CHECK_EQUAL((beside->content().memory().timers.at("later").deadline() - here().mono) / 1'000'000, 15'000);
}

CAF_TEST(a missing feed is noticed with its name) {
  look();
  pass(10s);
  CAF_CHECK_EQUAL(is(), "agrees");
  house.spoil("button", reason::node_lost);
  (void)beside->run(here(), house);
  acting.house.on("button");
  acting.run();
  pass(10s);
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(began[0].what, "lamp");
  CAF_CHECK_EQUAL(began[0].acting, "on");
  CAF_CHECK_EQUAL(began[0].shadow, "off");
  CAF_CHECK_EQUAL(is(), "differs");
  CAF_CHECK_EQUAL(beside->hints(), "button is bad here, node_lost");
  CAF_CHECK(beside->trusted_memory(0) == nullptr);
  // The feed comes back: it begins anew at once and is believed again later.
  house.rows["button"].now = acting.house.rows["button"].now;
  (void)beside->run(here(), house);
  look();
  CAF_CHECK_EQUAL(variable("n"), "1");
  pass(60s);
  CAF_CHECK_EQUAL(ended.size(), 1u);
  CAF_CHECK_EQUAL(is(), "agrees");
}

CAF_TEST(a memory that went wrong is told and healed by beginning anew) {
  look();
  pass(10s);
  for (bool level : {true, false, true}) { // the shadow sees only that it is on in the end
    acting.house.change("button", value::digital(level));
    acting.run();
  }
  house.rows["button"].now = acting.house.rows["button"].now;
  (void)beside->run(here(), house);
  CAF_CHECK_EQUAL(acting.variable("n"), "2");
  CAF_CHECK_EQUAL(variable("n"), "1");
  pass(12s);
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(is(), "differs");
  pass(120s);
  CAF_CHECK_EQUAL(variable("n"), acting.variable("n"));
  CAF_CHECK_EQUAL(ended.size(), 1u);
  CAF_CHECK_EQUAL(is(), "agrees");
}

CAF_TEST(another activation is followed from its own memory) {
  look();
  pass(10s);
  press();
  CAF_CHECK_EQUAL(variable("n"), "1");
  auto memory = acting.rule->memory();
  memory.variables["n"] = value::integer(41); // as another node went on
  acting.make();
  acting.rule->restore(memory);
  acting.run();
  ++round;
  look();
  CAF_CHECK_EQUAL(variable("n"), "41");
  CAF_CHECK_EQUAL(is(), "settles"); // and quiet until then
  pass(10s);
  CAF_CHECK_EQUAL(is(), "agrees");
  CAF_CHECK(began.empty());
}

CAF_TEST(another text of the rule is told as that and nothing else) {
  look();
  their_text = "0123456789abcdef";
  press();
  pass(20s);
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(began[0].what, "text");
  CAF_CHECK_EQUAL(began[0].acting, their_text);
}

CAF_TEST(a run that fails in one of both is told with its error) {
  make(R"(set("lamp", get("level") > 3))");
  acting.house.change("level", value::analog(5));
  acting.run();
  look();
  pass(14s);
  CAF_REQUIRE_EQUAL(began.size(), 1u); // what it wants is still what it was told at its beginning
  CAF_CHECK_EQUAL(began[0].what, "run");
  CAF_CHECK_EQUAL(began[0].acting, "ok");
  CAF_CHECK(began[0].shadow.find("line 1: attempt to compare") != std::string::npos);
  CAF_CHECK_EQUAL(beside->hints(), "level is not known here");
  // Both fail: nothing differs.
  make(R"(set("lamp", get("nothing") > 3))");
  began.clear();
  acting.run();
  pass(20s);
  CAF_CHECK(began.empty());
}

CAF_TEST(only a memory that agreed or is its own serves a successor) {
  CAF_CHECK(beside->trusted_memory(0) == nullptr);
  look();
  CAF_CHECK(beside->trusted_memory(7) == nullptr); // not compared yet
  pass(10s);
  press();
  CAF_REQUIRE(beside->trusted_memory(7) != nullptr);
  CAF_CHECK_EQUAL(to_string(beside->trusted_memory(7)->variables.at("n")), "1");
  CAF_CHECK(beside->trusted_memory(8) == nullptr); // somebody has acted since
  // What this node knew when it acted itself.
  renew_shadow(counting);
  beside->go_on(acting.rule->memory(), 9, here(), house);
  CAF_CHECK(beside->trusted_memory(9) != nullptr);
  CAF_CHECK(beside->trusted_memory(10) == nullptr);
  round = 10;
  look();
  CAF_CHECK(beside->trusted_memory(9) == nullptr); // it is followed now, and not yet compared
}

CAF_TEST(it runs as often as the acting one and no oftener) {
  make("state.runs = (state.runs or 0) + 1 local b = on('button') set('lamp', state.runs % 2 == 1)");
  acting.run();
  look();
  for (int i = 0; i < 7; ++i) {
    press();
    pass(10s);
  }
  CAF_CHECK_EQUAL(variable("runs"), "16"); // one more than the acting one: a shadow runs when it begins
  CAF_CHECK_EQUAL(acting.variable("runs"), "15");
  CAF_CHECK_EQUAL(is(), "differs"); // so that this rule is none for a shadow
}

CAF_TEST(while it differs it begins anew ever less often) {
  make("set('lamp', on('button'))");
  house.spoil("button"); // here its bus is lost
  both_change("other", value::digital(true));
  acting.house.on("button");
  acting.run();
  look();
  (void)beside->run(here(), house);
  std::size_t begun = 0;
  for (int i = 0; i < 500; ++i) {
    pass(2s, false);
    look();
    begun += beside->content().last().number == 1 ? 1 : 0; // each beginning has an engine of its own
    (void)beside->run(here(), house);
  }
  CAF_CHECK_EQUAL(begun, 4u); // after 60, 120, 240 and 480 s
  CAF_CHECK_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(is(), "differs");
}

CAF_TEST(garbage in place of a memory is nothing to begin with) {
  (void)beside->hear({"attic", 7, nlohmann::json{{"version", 99}}, 0ms, false}, here(), house);
  CAF_CHECK(!beside->run(here(), house));
  CAF_CHECK_EQUAL(is(), "settles");
  CAF_CHECK(beside->trusted_memory(0) == nullptr);
}

CAF_TEST_FIXTURE_SCOPE_END()
