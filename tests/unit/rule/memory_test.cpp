#include "tests/unit/rule/virtual_rule.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_memory
#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

namespace {

constexpr milliseconds year = 365 * 24h;

/// A timer of 10 minutes, 4 of them gone, meets an absence.
struct absence_row {
  const char* what;
  const char* missed;
  milliseconds away;
  bool reboot;
  milliseconds wall_jump;
  bool fires_at_once;
  double left; ///< seconds; -1: not running
};

} // namespace

CAF_TEST(timers go on after a restart with their missed policy - I7) {
  const absence_row rows[] = {
    {"short absence", "run", 1min, false, 0ms, false, 300},
    {"missed, run", "run", 20min, false, 0ms, true, -1},
    {"missed, skip", "skip", 20min, false, 0ms, false, -1},
    {"missed by 14 of at most 30 minutes", "30m", 20min, false, 0ms, true, -1},
    {"missed by 54 of at most 30 minutes", "30m", 60min, false, 0ms, false, -1},
    {"not missed, skip", "skip", 1min, false, 0ms, false, 300},
    {"reboot, short absence", "run", 1min, true, 0ms, false, 300},
    {"reboot, missed", "run", 20min, true, 0ms, true, -1},
    {"clock set back a year, same boot", "run", 1min, false, -year, false, 300},
    {"clock set back a year, reboot", "run", 1min, true, -year, false, 360},
    {"clock back in 1970, reboot", "run", 1min, true, milliseconds{-1'799'999'000'000}, false, 360},
    {"clock forward a year, same boot", "skip", 1min, false, year, false, 300},
    {"clock forward a year, reboot", "run", 1min, true, year, true, -1},
    {"clock back 10 s during 20 minutes, reboot", "run", 20min, true, -10s, true, -1},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.what);
    virtual_rule x{std::string("if not state.begun then state.begun = true\n"
                               "start('t', '10m', {missed = '") + r.missed + "'}) end\n"
                   "state.fired = fired('t') or state.fired or false\nstate.left = remaining('t')"};
    x.run();
    x.pass(4min);
    x.restart(r.away, r.reboot, r.wall_jump);
    x.run();
    CAF_CHECK_EQUAL(x.variable("fired"), r.fires_at_once ? "on" : "off");
    const auto left = x.rule->memory().variables.find("left");
    const double seconds = left == x.rule->memory().variables.end() ? -1 : left->second.number();
    CAF_CHECK_EQUAL(seconds, r.left);
    if (r.left < 0)
      continue;
    x.pass(milliseconds{static_cast<int>(r.left * 1000) - 1});
    CAF_CHECK_EQUAL(x.variable("fired"), "off");
    x.pass(1ms);
    CAF_CHECK_EQUAL(x.variable("fired"), "on");
  }
}

CAF_TEST(a wall clock that jumps while the rule runs changes no timer) {
  virtual_rule x{"if not state.begun then state.begun = true start('t', '10m') end\n"
                 "state.fired = fired('t') or state.fired or false"};
  x.run();
  x.pass(1min);
  x.now.wall -= year.count();
  x.pass(4min);
  x.now.wall += 3 * year.count();
  x.pass(5min - 1ms);
  CAF_CHECK_EQUAL(x.variable("fired"), "off");
  x.pass(1ms);
  CAF_CHECK_EQUAL(x.variable("fired"), "on");
}

CAF_TEST(a condition goes on after a restart if nothing interrupted it - I7) {
  struct absence {
    const char* what;
    const char* missed;
    milliseconds away;
    bool toggled;
    const char* at_once;
    milliseconds then; ///< until it is true
  };
  const absence rows[] = {
    {"short", "run", 1min, false, "off", 5min},
    {"passed meanwhile", "run", 20min, false, "on", 0ms},
    {"passed meanwhile, skip starts over", "skip", 20min, false, "off", 10min},
    {"interrupted meanwhile", "run", 20min, true, "off", 10min},
  };
  for (const auto& r : rows) {
    CAF_MESSAGE(r.what);
    virtual_rule x{std::string("set('alarm', held('window', '10m', {missed = '") + r.missed + "'}))"};
    x.house.on("window");
    x.run();
    x.pass(4min);
    x.restart(r.away);
    if (r.toggled) {
      x.house.off("window");
      x.house.on("window");
    }
    x.run();
    CAF_CHECK_EQUAL(x.wants("alarm"), r.at_once);
    if (r.then == 0ms)
      continue;
    x.pass(r.then - 1ms);
    CAF_CHECK_EQUAL(x.wants("alarm"), "off");
    x.pass(1ms);
    CAF_CHECK_EQUAL(x.wants("alarm"), "on");
  }
}

CAF_TEST(state and wishes survive a restart and restored inputs are no edges - I6) {
  virtual_rule x{"if rising('button') then state.n = (state.n or 0) + 1\n"
                 "set('lamp', state.n % 2 == 1) end"};
  x.house.off("button");
  x.run();
  x.house.on("button");
  x.run();
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
  x.restart(1min);
  x.house.rows["button"].now.told_as = origin::restore;
  x.run();
  CAF_CHECK_EQUAL(x.variable("n"), "1");
  CAF_CHECK_EQUAL(x.wants("lamp"), "on");
  const auto again = x.rule->restored_wishes(x.now);
  CAF_REQUIRE_EQUAL(again.size(), 1u);
  CAF_CHECK_EQUAL(again[0].story.back().kind, "restore");
}

CAF_TEST(wishes of another text and of outputs no longer allowed are dropped) {
  virtual_rule x{"set('lamp', true) set('fan', true) state.n = 1"};
  x.run();
  x.config.outputs = {"fan"};
  x.restart(1s);
  CAF_CHECK_EQUAL(x.wants("lamp") + x.wants("fan"), "-on");
  const auto saved = to_json(x.rule->memory(), x.now, {"b", "text"});
  const auto other = memory_from_json(saved, x.now, {"b", "another"});
  CAF_REQUIRE(other);
  CAF_CHECK(other.value().wishes.empty());
  CAF_CHECK_EQUAL(other.value().variables.size(), 1u);
}

CAF_TEST(the stored form comes back as it was) {
  rule_memory memory;
  memory.variables = {{"a", value::integer(-7)}, {"b", value::analog(2)},
                      {"c", value::digital(true)}, {"d", value::text("\"x\" °C")}};
  memory.timers["t"] = {5'000'000'000, 10min, {missed_policy::kind::younger, 30min}, 0};
  memory.windows["w"] = {6'000'000'000, 1min, {missed_policy::kind::skip, 0ms}, 42};
  memory.wishes["lamp"] = {value::digital(true), 3, 60s, 12, 1'800'000'000'000};
  const moment now{9'000'000'000, 1'800'000'000'000};
  const auto text = to_json(memory, now, {"boot", "text"}).dump();
  auto back = memory_from_json(nlohmann::json::parse(text), now, {"boot", "text"});
  CAF_REQUIRE(back);
  CAF_CHECK(back.value() == memory);
  const auto document = nlohmann::json::parse(text);
  CAF_CHECK_EQUAL(document["timers"]["t"]["until"].get<wall_ms>(), now.wall + 600'000 - 4'000);
}

CAF_TEST(a damaged memory is refused and not guessed at) {
  const moment now{1, 1};
  for (const char* text :
       {"null", "{}", "[]", R"({"version":2})", R"({"version":"x"})",
        R"({"version":1,"boot":"b","text":"t","mono":1,"wall":1,"state":{},"timers":{"t":{}},"windows":{},"wishes":{}})",
        R"({"version":1,"boot":7,"text":"t","mono":1,"wall":1,"state":{},"timers":{},"windows":{},"wishes":{}})"}) {
    const auto made = memory_from_json(nlohmann::json::parse(text), now, {"b", "t"});
    CAF_CHECK(!made);
    if (!made)
      CAF_CHECK(made.why().code == errc::corrupt);
  }
}

CAF_TEST(the digest of a text is the same in every build) {
  CAF_CHECK_EQUAL(digest(""), "cbf29ce484222325");
  CAF_CHECK_EQUAL(digest("a"), "af63dc4c8601ec8c");
}
