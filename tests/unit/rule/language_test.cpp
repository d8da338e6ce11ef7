#include "tests/unit/rule/virtual_rule.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_language
#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

namespace {

/// What `lua` evaluates to in the house of the rule.
std::string ask(virtual_rule& x, const std::string& lua) {
  x.config.lua = "state.answer = tostring(" + lua + ")";
  x.make();
  x.run();
  return x.rule->last().ok ? x.variable("answer") : x.rule->last().error;
}

} // namespace

CAF_TEST(readings as rules see them) {
  virtual_rule x{""};
  x.house.on("door");
  x.house.change("temp", value::analog(21.5));
  x.house.change("count", value::integer(7));
  x.house.change("mode", value::text("eco"));
  x.house.on("broken");
  x.house.spoil("broken");
  x.house.rows["temp"].now.measured_at = x.now.mono - 2'500'000'000;
  struct row {
    const char* lua;
    const char* answer;
  };
  const row rows[] = {
    {"get('door')", "true"},      {"get('temp')", "21.5"},   {"get('count')", "7"},
    {"get('mode')", "eco"},       {"get('broken')", "nil"},  {"get('unknown')", "nil"},
    {"on('door')", "true"},       {"on('broken')", "false"}, {"on('unknown')", "false"},
    {"on('count')", "true"},      {"on('temp')", "true"},    {"quality('door')", "good"},
    {"quality('broken')", "bad"}, {"select(2, quality('broken'))", "bus_lost"},
    {"select(2, quality('unknown'))", "no_value"},           {"age('temp')", "2.5"},
    {"age('unknown')", "nil"},    {"now() == 1800000000", "true"},
    {"rising('door')", "false"},  {"changed('temp')", "false"},
    {"get('Bad Name')", "rule/test line 1: 'Bad Name' is no name: names look like hall/button"},
    {"get(5)", "rule/test line 1: the name of an input must be a text in quotes, not 5"},
    {"get(nil)", "rule/test line 1: the name of an input must be a text in quotes, not nil"},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.lua);
    CAF_CHECK_EQUAL(ask(x, r.lua), r.answer);
  }
}

CAF_TEST(wrong arguments are told with a way out) {
  virtual_rule x{""};
  const std::pair<const char*, const char*> rows[] = {
    {"set('lamp', 0/0)", "not a finite number"},
    {"set('lamp', 1, {priority = 17})", "priority = 1 to 16"},
    {"set('lamp', 1, {prio = 8})", "priority = 1 to 16"},
    {"set('lamp', 1, {lease = '1ms'})", "at least 200ms"},
    {"start('t', 5)", "must be a text in quotes"},
    {"start('t', '5')", "write 200ms, 5s, 10m, 1h or 2d"},
    {"start('t', '5s', {missed = 'maybe'})", "\"run\", \"skip\" or a duration"},
    {"start('', '5s')", "1 to 80 bytes"},
    {"held('a', 'soon')", "is no duration"},
    {"state.x == nil and error('mine')", "mine"},
  };
  for (const auto& [lua, text] : rows) {
    const auto answer = ask(x, lua);
    CAF_MESSAGE(answer);
    CAF_CHECK(answer.find("line 1: ") != std::string::npos);
    CAF_CHECK(answer.find(text) != std::string::npos);
  }
}

CAF_TEST(commands take the shape that the output shows) {
  virtual_rule x{"set('relay', 1) set('valve', 42) set('lamp', 'on') set('text', 'hello')"};
  x.house.off("relay");
  x.house.change("valve", value::analog(0));
  x.run();
  const auto& wishes = x.rule->memory().wishes;
  CAF_CHECK_EQUAL(wishes.at("relay").val, value::digital(true));
  CAF_CHECK_EQUAL(wishes.at("valve").val, value::analog(42));
  CAF_CHECK_EQUAL(wishes.at("lamp").val, value::digital(true));
  CAF_CHECK_EQUAL(wishes.at("text").val, value::text("hello"));
  CAF_CHECK_EQUAL(wishes.at("relay").priority, 10);
  CAF_CHECK_EQUAL(wishes.at("relay").lease.count(), 5000);
}

CAF_TEST(nil is no opinion and lets go) {
  virtual_rule x{"set('heat', get('t') and get('t') < 20)"};
  CAF_CHECK(x.run().actions.empty());
  x.house.change("t", value::analog(18));
  x.run();
  CAF_CHECK_EQUAL(x.wants("heat"), "on");
  x.house.spoil("t");
  auto& done = x.run();
  CAF_REQUIRE_EQUAL(done.actions.size(), 1u);
  CAF_CHECK(done.actions[0].what.val.empty());
  CAF_CHECK_EQUAL(done.actions[0].story.back().text, "line 1: release heat");
}

CAF_TEST(options of set are its priority and lease) {
  virtual_rule x{"set('relay', true, {priority = 3, lease = '1m'})"};
  x.run();
  CAF_CHECK_EQUAL(x.rule->memory().wishes.at("relay").priority, 3);
  CAF_CHECK_EQUAL(x.rule->memory().wishes.at("relay").lease.count(), 60000);
}

CAF_TEST(held is true after so long without interruption) {
  virtual_rule x{"set('alarm', held('door', '5s'))"};
  x.house.on("door");
  x.run();
  x.pass(4900ms);
  CAF_CHECK_EQUAL(x.wants("alarm"), "off");
  x.pass(200ms);
  CAF_CHECK_EQUAL(x.wants("alarm"), "on");
  x.house.off("door");
  x.run();
  CAF_CHECK_EQUAL(x.wants("alarm"), "off");
  x.house.on("door");
  x.run();
  x.pass(3s);
  // Closed and opened between two runs: the rule sees it by the count.
  x.house.off("door");
  x.house.on("door");
  x.run();
  x.pass(3s);
  CAF_CHECK_EQUAL(x.wants("alarm"), "off");
  x.pass(3s);
  CAF_CHECK_EQUAL(x.wants("alarm"), "on");
  CAF_CHECK_EQUAL(x.rule->last().trigger.at(0).text, "held door 5s");
}

CAF_TEST(two lengths of one input do not disturb each other) {
  virtual_rule x{"set('warn', held('door', '5s')) set('alarm', held('door', '20s'))"};
  x.house.on("door");
  x.run();
  x.pass(6s);
  CAF_CHECK_EQUAL(x.wants("warn"), "on");
  CAF_CHECK_EQUAL(x.wants("alarm"), "off");
  x.pass(15s);
  CAF_CHECK_EQUAL(x.wants("alarm"), "on");
}

CAF_TEST(a condition that was not looked at was not seen to be true) {
  virtual_rule x{"if on('on-duty') then set('alarm', for_('hot', get('t') > 30, '5s')) end"};
  x.house.on("on-duty");
  x.house.change("t", value::analog(35));
  x.run();
  x.pass(3s);
  x.house.off("on-duty");
  x.run();
  x.pass(10s);
  x.house.on("on-duty");
  x.run();
  CAF_CHECK_EQUAL(x.wants("alarm"), "off");
  x.pass(5s);
  CAF_CHECK_EQUAL(x.wants("alarm"), "on");
  CAF_CHECK_EQUAL(x.rule->last().trigger.at(0).text, "hot true for 5s");
}

CAF_TEST(a timer fires in exactly one run) {
  virtual_rule x{"if rising('motion') then set('lamp', true) start('off', '10m') end\n"
                 "if fired('off') then set('lamp', false) state.n = (state.n or 0) + 1 end\n"
                 "state.left = remaining('off')"};
  x.house.off("motion");
  x.run();
  x.house.on("motion");
  x.run();
  x.pass(9min);
  x.house.off("motion");
  x.run();
  CAF_CHECK_EQUAL(x.variable("left"), "60");
  x.house.on("motion"); // starts it again
  x.run();
  x.pass(9min);
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
  x.pass(1min);
  CAF_CHECK_EQUAL(x.wants("lamp"), "off");
  CAF_CHECK_EQUAL(x.rule->last().trigger.at(0).text, "timer off ended after 10m");
  x.run();
  CAF_CHECK_EQUAL(x.variable("n"), "1");
  CAF_CHECK_EQUAL(x.variable("left"), "-");
}

CAF_TEST(a stopped timer never fires and one that starts itself runs on) {
  virtual_rule x{"if on('a') then start('t', '1s') else stop('t') end\n"
                 "if fired('t') then state.fired = true end"};
  x.house.on("a");
  x.run();
  x.house.off("a");
  x.run();
  x.pass(10s);
  CAF_CHECK_EQUAL(x.variable("fired"), "-");
  virtual_rule y{"if fired('t') then state.n = (state.n or 0) + 1 end\n"
                 "if not remaining('t') then start('t', '1s') end"};
  y.run();
  y.pass(10500ms);
  CAF_CHECK_EQUAL(y.variable("n"), "10");
  virtual_rule z{"if state.n == nil then start('t', '0s') end state.n = fired('t')"};
  z.run();
  CAF_CHECK_EQUAL(z.variable("n"), "off");
  z.pass(1s);
  CAF_CHECK_EQUAL(z.variable("n"), "on");
}

CAF_TEST(state keeps numbers and booleans and texts and has bounds - I11) {
  virtual_rule x{"state.a = 1 state.b = 2.5 state.c = true state.d = 'x' state.e = 1 state.e = nil\n"
                 "local n = 0 for k, v in pairs(state) do n = n + 1 end state.n = n"};
  x.run();
  CAF_CHECK(x.rule->last().ok);
  CAF_CHECK_EQUAL(x.rule->memory().variables.at("a"), value::integer(1));
  CAF_CHECK_EQUAL(x.rule->memory().variables.at("b"), value::analog(2.5));
  CAF_CHECK_EQUAL(x.variable("e"), "-");
  CAF_CHECK_EQUAL(x.variable("n"), "4");
  for (const char* lua : {"state.t = {}", "state.f = print or next", "state.x = 0/0",
                          "state.x = ('y'):rep(1025)", "state[1] = 1",
                          "for i = 1, 129 do state['v' .. i] = i end",
                          "state[('k'):rep(81)] = 1", "state_set('x', 1)",
                          "for i = 1, 65 do start('t' .. i, '1s') end",
                          "for i = 1, 257 do set('o' .. i, 1) end",
                          "for i = 1, 65 do for_('o' .. i, true, '1s') end",
                          "for i = 1, 257 do get('o' .. i) end"}) {
    virtual_rule y{lua};
    CAF_CHECK(!y.run().ok);
    CAF_MESSAGE(y.rule->last().error);
    CAF_CHECK(y.rule->memory() == rule_memory{});
  }
}

CAF_TEST(lines of log are told and bounded) {
  virtual_rule x{"log('hello') log(21.5) for i = 1, 100 do log(i) end"};
  auto& done = x.run();
  CAF_CHECK_EQUAL(done.lines.size(), 16u);
  CAF_CHECK_EQUAL(done.lines[0], "hello");
  CAF_CHECK_EQUAL(done.lines[1], "21.5");
}

// --- blocks ---

CAF_TEST(TON and TOF delay the rise and the fall) {
  virtual_rule x{"set('ton', TON('a', on('in'), '5s')) set('tof', TOF('b', on('in'), '5s'))"};
  x.house.off("in");
  x.run();
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "offoff");
  x.house.on("in");
  x.run();
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "offon");
  x.pass(5s);
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "onon");
  x.house.off("in");
  x.run();
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "offon");
  x.pass(4s);
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "offon");
  x.pass(1s);
  CAF_CHECK_EQUAL(x.wants("ton") + x.wants("tof"), "offoff");
}

CAF_TEST(TP is one pulse that a second rise does not prolong) {
  virtual_rule x{"set('q', TP('p', on('in'), '5s'))"};
  x.house.off("in");
  x.run();
  x.house.on("in");
  x.run();
  CAF_CHECK_EQUAL(x.wants("q"), "on");
  x.pass(3s);
  x.house.off("in");
  x.run();
  x.house.on("in");
  x.run();
  x.pass(1999ms);
  CAF_CHECK_EQUAL(x.wants("q"), "on");
  x.pass(1ms);
  CAF_CHECK_EQUAL(x.wants("q"), "off");
}

CAF_TEST(latches and triggers and hysteresis) {
  struct row {
    bool a;
    bool b;
    double x;
    const char* sr;
    const char* rs;
    const char* up;
    const char* down;
    const char* hot;
  };
  virtual_rule x{"local a, b, t = on('a'), on('b'), get('t')\n"
                 "set('sr', SR('1', a, b)) set('rs', RS('1', a, b))\n"
                 "set('up', R_TRIG('1', a)) set('down', F_TRIG('1', a))\n"
                 "set('hot', hysteresis('1', t, 20, 22))"};
  const row rows[] = {
    {false, false, 21, "off", "off", "off", "off", "off"},
    {true, false, 22, "on", "on", "on", "off", "on"},
    {true, false, 21, "on", "on", "off", "off", "on"},
    {false, false, 21, "on", "on", "off", "on", "on"},
    {true, true, 20, "on", "off", "on", "off", "off"},
    {false, true, 21, "off", "off", "off", "on", "off"},
  };
  for (const auto& r : rows) {
    x.house.change("a", value::digital(r.a));
    x.house.change("b", value::digital(r.b));
    x.house.change("t", value::analog(r.x));
    x.run();
    CAF_CHECK_EQUAL(x.wants("sr"), r.sr);
    CAF_CHECK_EQUAL(x.wants("rs"), r.rs);
    CAF_CHECK_EQUAL(x.wants("up"), r.up);
    CAF_CHECK_EQUAL(x.wants("down"), r.down);
    CAF_CHECK_EQUAL(x.wants("hot"), r.hot);
  }
}

CAF_TEST(an error inside a block tells the line of the rule) {
  virtual_rule x{"local a = 1\nlocal b = TON('x', true, 'soon')"};
  CAF_CHECK(!x.run().ok);
  CAF_CHECK_EQUAL(x.rule->last().error_line, 2);
  virtual_rule y{"\n\nhysteresis('x', 'warm', 1, 2)"};
  CAF_CHECK(!y.run().ok);
  CAF_CHECK_EQUAL(y.rule->last().error,
                  "rule/test line 3: attempt to compare number with string");
}
