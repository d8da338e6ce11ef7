#include "tests/unit/rule/virtual_rule.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_engine
#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

CAF_TEST(every name that a rule asks for is a dependency and stays one) {
  virtual_rule x{"if on('armed') then if rising('door') then set('siren', true) end end"};
  x.house.off("armed");
  x.house.off("door");
  x.run();
  CAF_CHECK_EQUAL(x.rule->inputs().size(), 1u);
  x.house.on("armed");
  x.run();
  CAF_CHECK_EQUAL(x.rule->inputs().size(), 2u);
  x.house.off("armed");
  x.run();
  CAF_CHECK_EQUAL(x.rule->inputs().size(), 2u);
  // The door opens while nobody looks: arming later must not see it as news.
  x.house.on("door");
  x.run();
  x.house.on("armed");
  x.run();
  CAF_CHECK_EQUAL(x.wants("siren"), "-");
  x.house.off("door");
  x.run();
  x.house.on("door");
  x.run();
  CAF_CHECK_EQUAL(x.wants("siren"), "on");
}

CAF_TEST(a run tells all that it read and what was answered) {
  virtual_rule x{"if on('motion') and\n get('lux') < 50 then\n set('lamp', true)\nend"};
  x.house.on("motion");
  x.house.change("lux", value::analog(80.5));
  x.run();
  const auto& last = x.rule->last();
  CAF_REQUIRE_EQUAL(last.questions.size(), 2u);
  CAF_CHECK_EQUAL(last.questions[0].call, "on");
  CAF_CHECK_EQUAL(last.questions[0].name, "motion");
  CAF_CHECK_EQUAL(last.questions[0].answer, "true");
  CAF_CHECK_EQUAL(last.questions[1].line, 2);
  CAF_CHECK_EQUAL(last.questions[1].answer, "80.5");
  CAF_CHECK_EQUAL(to_string(last.questions[1].seen), "80.5 (good)");
  CAF_CHECK(last.wishes.empty());
  const auto json = to_json(last);
  CAF_CHECK_EQUAL(json["reads"][1]["quality"], "good");
  CAF_CHECK_EQUAL(json["ok"], true);
  CAF_CHECK(last.instructions < 1000);
}

CAF_TEST(all reads of one run agree) {
  // The house changes under the running rule: the second read shows the first.
  class moody final : public house_view {
  public:
    std::optional<storage::live_table::row> find(const std::string& name) const override {
      storage::live_table::row row;
      row.name = name;
      ++asked;
      row.now = scripted_house::digital(asked % 2 == 1, asked, origin::change);
      return row;
    }
    mutable std::uint64_t asked = 0;
  };
  virtual_rule x{"state.same = on('a') == on('a') and rising('a') == rising('a')"};
  moody house;
  for (int i = 0; i < 5; ++i) {
    x.rule->run_now(x.now, house);
    CAF_CHECK_EQUAL(x.variable("same"), "on");
  }
}

CAF_TEST(a command carries its story from the input to the line) {
  virtual_rule x{"if rising('button') then\n set('lamp', true)\nend"};
  x.house.off("button");
  x.run();
  x.house.on("button");
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  const auto& story = done.actions[0].story;
  CAF_REQUIRE_EQUAL(story.size(), 2u);
  CAF_CHECK((story[0] == storage::step{"input", "button", "off -> on", 1'800'000'000'000}));
  CAF_CHECK((story[1] == storage::step{"rule", "rule/test", "line 2: set lamp on", x.now.wall}));
}

CAF_TEST(the story of an input goes on in the story of the command) {
  virtual_rule x{"set('lamp', on('scene'))"};
  x.house.off("scene");
  x.run();
  x.house.on("scene");
  x.house.rows["scene"].why = std::make_shared<const std::vector<storage::step>>(
    std::vector<storage::step>{{"operator", "anna", "set scene on", 5},
                               {"output", "scene", "off -> on", 6}});
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_REQUIRE_EQUAL(done.actions[0].story.size(), 3u);
  CAF_CHECK_EQUAL(done.actions[0].story[0].name, "anna");
  CAF_CHECK_EQUAL(done.actions[0].story[2].text, "line 1: set lamp on");
}

CAF_TEST(a story has a bound and keeps both ends - I11) {
  virtual_rule x{"set('lamp', on('scene'))"};
  x.house.off("scene");
  x.run();
  x.house.on("scene");
  std::vector<storage::step> steps;
  for (int i = 0; i < 100; ++i)
    steps.push_back({"rule", "scene", std::to_string(i), i});
  x.house.rows["scene"].why = std::make_shared<const std::vector<storage::step>>(steps);
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_CHECK_EQUAL(done.actions[0].story.size(), 16u);
  CAF_CHECK_EQUAL(done.actions[0].story.front().text, "0");
  CAF_CHECK_EQUAL(done.actions[0].story.back().text, "line 1: set lamp on");
}

CAF_TEST(quality that turns is a reason to run and stands in the story) {
  virtual_rule x{"set('pump', on('float'))"};
  x.house.on("float");
  x.run();
  x.house.spoil("float");
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_CHECK_EQUAL(done.actions[0].story[0].text, "good -> on (bad, bus_lost)");
  CAF_CHECK_EQUAL(x.wants("pump"), "off");
}

CAF_TEST(an unchanged wish sends nothing and stays wanted) {
  virtual_rule x{"if rising('button') then set('lamp', true) end\nget('other')"};
  x.house.off("button");
  x.run();
  x.house.on("button");
  CAF_CHECK_EQUAL(x.run().actions.size(), 1u);
  x.house.change("other", value::integer(1));
  CAF_CHECK(x.run().actions.empty());
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
  x.house.off("button");
  x.run();
  x.house.on("button");
  CAF_CHECK(x.run().actions.empty());
  CAF_CHECK_EQUAL(x.rule->last().wishes.at(0).effect, "unchanged");
}

CAF_TEST(the last word of a run counts) {
  virtual_rule x{"set('lamp', true)\nset('lamp', false)\nset('fan', true)\nrelease('fan')"};
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_CHECK_EQUAL(done.actions[0].output, "lamp");
  CAF_CHECK_EQUAL(to_string(done.actions[0].what.val), "off");
  CAF_CHECK_EQUAL(done.actions[0].story.back().text, "line 2: set lamp off");
}

CAF_TEST(release lets go once) {
  virtual_rule x{"if on('a') then set('lamp', true) else release('lamp') end"};
  x.house.on("a");
  x.run();
  x.house.off("a");
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_CHECK(done.actions[0].what.val.empty());
  CAF_CHECK_EQUAL(done.actions[0].story.back().text, "line 1: release lamp");
  CAF_CHECK(x.run().actions.empty());
}

CAF_TEST(a run that fails has no effect at all) {
  virtual_rule x{"state.n = (state.n or 0) + 1\nset('lamp', true)\nstart('t', '1s')\n"
                 "if get('lux') < 50 then end"};
  x.house.change("lux", value::analog(10));
  x.run();
  x.house.spoil("lux");
  const auto before = x.rule->memory();
  auto& done = x.run();
  CAF_CHECK(!done.ok);
  CAF_CHECK(done.actions.empty());
  CAF_CHECK(x.rule->memory() == before);
  CAF_CHECK_EQUAL(x.rule->last().error,
                  "rule/test line 4: attempt to compare nil with number");
}

CAF_TEST(a timer that ended in a failed run is told by the next good one) {
  virtual_rule x{"if rising('a') then start('t', '5s') end\n"
                 "if on('broken') then error('x') end\n"
                 "if fired('t') then state.n = (state.n or 0) + 1 end"};
  x.house.off("a");
  x.house.off("broken");
  x.run();
  x.house.on("a");
  x.run();
  x.house.on("broken");
  x.run();
  x.pass(6s);
  CAF_CHECK(!x.rule->last().ok);
  x.house.off("broken");
  x.run();
  CAF_CHECK_EQUAL(x.variable("n"), "1");
  x.run();
  CAF_CHECK_EQUAL(x.variable("n"), "1");
}

CAF_TEST(a rule commands only its outputs) {
  virtual_rule x{"set('pump', true)", {"lamp", "fan"}};
  CAF_CHECK(!x.run().ok);
  CAF_CHECK_EQUAL(x.rule->last().error,
                  "rule/test line 1: pump is not among the outputs of this rule (lamp, fan); "
                  "add it to `outputs`");
}

CAF_TEST(an expression sets the only output) {
  virtual_rule x{"on('motion') and not on('bright')", {"lamp"}};
  x.house.on("motion");
  x.house.off("bright");
  CAF_CHECK_EQUAL(x.run().actions.size(), 1u);
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
  x.house.on("bright");
  x.run();
  CAF_CHECK_EQUAL(x.wants("lamp"), "off");
  // nil, as of a bad input, is no opinion.
  virtual_rule y{"get('t') and get('t') < 20", {"heat"}};
  y.house.change("t", value::analog(18));
  y.run();
  CAF_CHECK_EQUAL(y.wants("heat"), "on");
  y.house.spoil("t");
  y.run();
  CAF_CHECK_EQUAL(y.wants("heat"), "-");
}

CAF_TEST(a call that stands alone is no expression with a value) {
  virtual_rule x{"set('lamp', on('a'))", {"lamp"}};
  x.house.on("a");
  x.run();
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
}

CAF_TEST(probing finds the inputs and leaves no trace) {
  virtual_rule x{"if on('a') then set('lamp', on('b')) start('t', '1s') state.n = 1 end"};
  CAF_CHECK(!x.rule->probe(x.now, x.house));
  x.house.on("a");
  CAF_CHECK(!x.rule->probe(x.now, x.house));
  CAF_CHECK_EQUAL(x.rule->inputs().size(), 2u);
  x.house.on("b");
  CAF_CHECK(x.rule->probe(x.now, x.house));
  CAF_CHECK(x.rule->memory() == rule_memory{});
  CAF_CHECK_EQUAL(x.rule->last().number, 0u);
  x.run();
  CAF_CHECK_EQUAL(x.rule->last().trigger.at(0).text, "first run");
}

CAF_TEST(a periodic rule runs by time alone) {
  virtual_rule x{"state.n = (state.n or 0) + 1"};
  x.config.every = 10s;
  x.make();
  x.run();
  x.pass(35s);
  CAF_CHECK_EQUAL(x.variable("n"), "4");
  CAF_CHECK_EQUAL(x.rule->last().trigger.at(0).text, "every 10s");
}
