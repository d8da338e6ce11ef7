// Each edge of a digital input is acted on once and in order, also by the next
// life of a rule.
#include "actors/rule/engine.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_edges
#include <caf/test/dsl.hpp>

#include <stdexcept>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

namespace {

class edges_clock final : public clock_source {
public:
  mono_ns now = 1000 * one_second;
  [[nodiscard]] mono_ns mono() const override { return now; }
  [[nodiscard]] wall_ms wall() const override { return 1'800'000'000'000 + now / 1'000'000; }
};

/// A rule that reads the live table. What it says in `told` is what it saw.
struct edges_fixture : house_view {
  edges_clock clock;
  storage::live_table live{clock};
  rule_config config;
  std::unique_ptr<engine> rule;
  run_outcome last;
  std::map<std::string, reading> shown;

  std::optional<storage::live_table::row> find(const std::string& name) const override { return live.find(name); }
  std::vector<storage::edge> edges_since(const std::string& name, const storage::edge_position& after) const override {
    return live.edges_since(name, after);
  }

  edges_fixture() {
    // "a+" the edge, "a+-" both at once; behind it what the inputs showed.
    config.lua = "local function look(name)\n"
                 "  local s = (rising(name) and '+' or '') .. (falling(name) and '-' or '')\n"
                 "  return s ~= '' and ' ' .. name .. s or ''\n"
                 "end\n"
                 "local s = look('a') .. look('b')\n"
                 "if s ~= '' then\n"
                 "  state.told = (state.told or '') .. s .. '(' .. (on('a') and 1 or 0) .. (on('b') and 1 or 0) .. ')'\n"
                 "end\n"
                 "if on('broken') then error('broken') end";
    config.name = "test";
  }

  void show(const std::string& name, bool on, origin how = origin::change) {
    auto& r = shown[name];
    r.changes += how == origin::change && r.val != value::digital(on) ? 1 : 0;
    r.val = value::digital(on);
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = how;
    r.changed_wall = r.measured_wall = clock.wall();
    r.measured_at = clock.now;
    live.publish(name, r);
  }
  void on(const std::string& name) { show(name, true); }
  void off(const std::string& name) { show(name, false); }
  void pass(milliseconds x) { clock.now += to_ns(x); }

  /// A life of the rule, with this memory of an earlier one.
  void start(const std::string& memory = {}) {
    auto made = engine::make(config);
    if (!made)
      throw std::runtime_error(made.why().context);
    rule = std::move(*made);
    if (!memory.empty()) {
      auto known = memory_from_json(nlohmann::json::parse(memory), moment{clock.now, clock.wall()}, {});
      if (!known)
        throw std::runtime_error(known.why().context);
      rule->restore(std::move(*known));
    }
    (void)rule->probe({clock.now, clock.wall()}, *this);
  }
  [[nodiscard]] std::string memory() const { return to_json(rule->memory(), {clock.now, clock.wall()}, {}).dump(); }
  void restart() { start(memory()); }

  /// As the unit does. @returns how many runs it took
  int run() {
    int runs = 0;
    do {
      last = rule->run_now({clock.now, clock.wall()}, *this);
      CAF_REQUIRE(++runs < 2000);
    } while (rule->pending());
    CAF_CHECK(!rule->due(clock.now));
    return runs;
  }

  [[nodiscard]] std::string told() const {
    const auto found = rule->memory().variables.find("told");
    return found == rule->memory().variables.end() ? "" : found->second.words;
  }

  void begin() {
    off("a");
    off("b");
    off("broken");
    start();
    run();
    CAF_REQUIRE_EQUAL(told(), "");
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(edges_tests, edges_fixture)

CAF_TEST(each edge has a run that sees its input as it was after it) {
  begin();
  for (int i = 0; i < 2; ++i) {
    on("a");
    off("a");
  }
  CAF_CHECK_EQUAL(run(), 4);
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10) a-(00)");
  CAF_CHECK_EQUAL(run(), 1);
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10) a-(00)");
}

CAF_TEST(edges of several inputs come by the clock and then by name and others show what is now) {
  begin();
  on("b");
  pass(1ms);
  on("a");
  pass(1ms);
  off("b");
  pass(1ms);
  off("a");
  on("b");
  CAF_CHECK_EQUAL(run(), 5);
  CAF_CHECK_EQUAL(told(), " b+(01) a+(11) b-(00) a-(01) b+(01)");
}

CAF_TEST(the story of an edge is its own) {
  begin();
  live.publish("a", [&] {
    on("a");
    auto r = shown["a"];
    r.told_as = origin::refresh;
    return r;
  }(), std::make_shared<const std::vector<storage::step>>(1, storage::step{"operator", "a", "pressed", 1}));
  off("a");
  last = rule->run_now({clock.now, clock.wall()}, *this);
  CAF_CHECK(rule->pending());
  CAF_CHECK(rule->due(clock.now));
  const auto& steps = rule->last().trigger;
  CAF_REQUIRE_EQUAL(steps.size(), 1u);
  CAF_CHECK_EQUAL(steps[0].text, "off -> on");
}

CAF_TEST(a restart loses no edge and repeats none - I7) {
  begin();
  on("a");
  run();
  off("a");
  restart();
  on("a");
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10)");
  restart();
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10)");
  CAF_MESSAGE("a crash that lost the last second of memory acts again, on the memory of then");
  const auto old = memory();
  off("a");
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10) a-(00)");
  start(old);
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10) a-(00)");
}

CAF_TEST(a name that is first read in a run gives its edges of before to the next) {
  begin();
  on("b");
  off("b");
  config.lua = "if state.later and rising('b') then state.n = (state.n or 0) + 1 end state.later = true";
  auto kept = nlohmann::json::parse(memory());
  start(kept.dump());
  run();                   // reads no b
  CAF_CHECK_EQUAL(run(), 3); // the first begins without it
  CAF_REQUIRE(rule->memory().variables.contains("n"));
  CAF_CHECK_EQUAL(to_string(rule->memory().variables.at("n")), "1");
}

CAF_TEST(a memory of before this format sees no edge of before its start) {
  begin();
  on("a");
  auto old = nlohmann::json::parse(memory());
  old.erase("positions");
  off("a");
  start(old.dump());
  run();
  CAF_CHECK_EQUAL(told(), "");
  on("a");
  run();
  CAF_CHECK_EQUAL(told(), " a+(10)");
}

CAF_TEST(old edges are not acted on) {
  struct row {
    const char* what;
    milliseconds age;
    std::uint64_t passed;
    const char* told;
  };
  const row table[] = {
    {"young", 2999ms, 0, " a+(10) a-(00) a+(10)"},
    {"at the limit", 3000ms, 0, " a+(10) a-(00) a+(10)"},
    {"past it", 3001ms, 2, " a+(10)"},
    {"all of them", 6001ms, 3, ""},
  };
  config.edge_limit = 3000ms;
  for (const auto& x : table)
    for (const bool anew : {false, true}) {
      CAF_MESSAGE(x.what << (anew ? ", by the next life" : ""));
      live.remove("a");
      begin();
      on("a");
      off("a");
      pass(3000ms);
      on("a");
      pass(x.age - 3000ms > 0ms ? x.age - 3000ms : 0ms);
      if (x.age < 3000ms)
        clock.now -= to_ns(1ms);
      if (anew)
        restart();
      std::string journal;
      while (true) {
        last = rule->run_now({clock.now, clock.wall()}, *this);
        journal += last.passed_over;
        if (!rule->pending())
          break;
      }
      CAF_CHECK_EQUAL(told(), x.told);
      CAF_CHECK_EQUAL(rule->edges_passed_over(), x.passed);
      CAF_CHECK_EQUAL(journal.empty(), x.passed == 0);
      if (x.passed == 2)
        CAF_CHECK_EQUAL(journal, "does not act on 2 edges of a: 2 were older than its edge-limit of 3s (the oldest 3.0 s)");
      CAF_MESSAGE("and the next is as ever");
      const auto before = told();
      off("a");
      run();
      CAF_CHECK_EQUAL(told(), before + " a-(00)");
    }
}

CAF_TEST(edges that nobody kept are merged in a life and passed over by the next) {
  begin();
  const auto lots = [&] {
    for (std::size_t i = 0; i < storage::edge_tail::most + 5; ++i)
      show("a", !shown["a"].val.is_on());
  };
  lots();
  CAF_CHECK_EQUAL(run(), static_cast<int>(storage::edge_tail::most));
  CAF_CHECK(told().starts_with(" a+-(0") || told().starts_with(" a+-(1"));
  CAF_CHECK(told().find("+-", 6) == std::string::npos);
  CAF_CHECK_EQUAL(rule->edges_passed_over(), 0u);
  begin();
  on("a");
  run();
  const auto old = memory();
  lots();
  start(old);
  last = rule->run_now({clock.now, clock.wall()}, *this);
  CAF_CHECK_EQUAL(last.passed_over, "does not act on 5 edges of a: 5 of before this start are kept nowhere");
  CAF_CHECK(rule->pending());
  run();
  CAF_CHECK(told().find("+-") == std::string::npos);
  CAF_CHECK_EQUAL(rule->edges_passed_over(), 5u);
}

CAF_TEST(another run of the input is taken over as before - I6) {
  begin();
  on("a");
  run();
  const auto before = memory();
  live.remove("a"); // its process starts anew
  show("a", false, origin::restore);
  run();
  CAF_CHECK_EQUAL(told(), " a+(10)");
  on("a");
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a+(10)");
  CAF_MESSAGE("and by a rule that starts anew, too");
  start(before);
  run();
  CAF_CHECK_EQUAL(told(), " a+(10)");
}

CAF_TEST(a rule that took over acts on nothing that its node hears late) {
  begin();
  const auto late = *live.find("a");
  on("a");
  off("a");
  on("a");
  run();
  const auto carried = memory();
  const auto edges = live.edges_since("a", {late.run, 0});
  live.remove("a");
  auto row = late; // the other node has heard of none of them
  row.node = "board";
  const auto hears = [&](std::size_t n) {
    row.now.changes = late.now.changes + n;
    row.now.val = value::digital(n % 2 == 1);
    row.now.told_as = origin::change;
    CAF_CHECK(live.publish_from(row, std::span{edges}.first(n)));
  };
  hears(0);
  start(carried);
  CAF_CHECK_EQUAL(run(), 1);
  for (std::size_t n = 1; n <= 3; ++n) {
    hears(n);
    CAF_CHECK_EQUAL(run(), 1);
  }
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10)");
  const auto fourth = row.now.changes = late.now.changes + 4;
  row.now.val = value::digital(false);
  CAF_CHECK(live.publish_from(row, std::vector{storage::edge{fourth, clock.now, clock.wall(), false, quality::good, reason::none}}));
  run();
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00) a+(10) a-(00)");
}

CAF_TEST(an edge is acted on also if its input is bad now) {
  begin();
  on("a");
  off("a");
  auto lost = shown["a"];
  lost.grade = quality::bad;
  lost.why = reason::node_lost;
  lost.told_as = origin::refresh;
  live.publish("a", lost);
  CAF_CHECK_EQUAL(run(), 3); // and once for what is now
  CAF_CHECK_EQUAL(told(), " a+(10) a-(00)");
  CAF_CHECK(rule->inputs().at("a").now.grade == quality::bad);
}

CAF_TEST(a run that fails spends its edge) {
  begin();
  on("broken");
  run();
  CAF_CHECK(!rule->last().ok);
  on("a");
  run();
  CAF_CHECK(!rule->last().ok);
  CAF_CHECK_EQUAL(told(), "");
  off("broken");
  restart();
  run();
  CAF_CHECK_EQUAL(told(), "");
  off("a");
  run();
  CAF_CHECK_EQUAL(told(), " a-(00)");
}

CAF_TEST(positions survive the store and are bounded - I11) {
  rule_memory x;
  x.positions["hall/button"] = {UINT64_MAX, 17};
  const auto text = to_json(x, {}, {}).dump();
  const auto back = memory_from_json(nlohmann::json::parse(text), {}, {});
  CAF_REQUIRE(back);
  CAF_CHECK(back->positions == x.positions);
  for (std::size_t i = 0; i < 2 * max_inputs; ++i)
    x.positions["n" + std::to_string(i)] = {1, i};
  const auto many = memory_from_json(to_json(x, {}, {}), {}, {});
  CAF_REQUIRE(many);
  CAF_CHECK_EQUAL(many->positions.size(), max_inputs);
  CAF_MESSAGE("names that nobody reads any more make room");
  off("a");
  off("b");
  off("broken");
  start();
  rule->restore(rule_memory{*many});
  run();
  CAF_CHECK(rule->memory().positions.size() <= max_inputs);
  CAF_CHECK(rule->memory().positions.contains("a"));
}

CAF_TEST_FIXTURE_SCOPE_END()
