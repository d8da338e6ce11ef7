// Edges on their way from a button of one node to a rule of another.
#define CAF_SUITE edges
#include "tests/support/suite.hpp"

#include "actors/rule/engine.hpp"
#include "cluster/link/accept.hpp"
#include "cluster/link/feed.hpp"
#include "cluster/link/mirror.hpp"

#include <rapidcheck.h>

#include <deque>

using namespace troupe;
using namespace troupe::cluster;

namespace {

class edges_clock final : public clock_source {
public:
  explicit edges_clock(mono_ns from) : now(from) {}
  mono_ns now;
  [[nodiscard]] mono_ns mono() const override { return now; }
  [[nodiscard]] wall_ms wall() const override { return 1'800'000'000'000 + now / 1'000'000; }
};

/// A node where the rule may run, and its link to the buttons' node.
struct rule_node final : rule::house_view {
  explicit rule_node(const clock_source& clock) : live(clock), in(live, clock, {}) {}
  storage::live_table live;
  mirror in;
  std::deque<reading_batch> wire;
  std::optional<reading_batch> last;
  std::unique_ptr<feed> out;

  std::optional<storage::live_table::row> find(const std::string& name) const override { return live.find(name); }
  std::vector<storage::edge> edges_since(const std::string& name, const storage::edge_position& after) const override {
    return live.edges_since(name, after);
  }
};

constexpr const char* buttons[] = {"x", "y"};

struct edges_world {
  edges_clock here{1000 * one_second};
  edges_clock there{50 * one_second};
  storage::live_table ours{here};
  std::map<std::string, reading> shown;
  std::map<std::string, std::string> pressed; ///< what happened, "+-+"
  std::unique_ptr<rule_node> house = std::make_unique<rule_node>(there);
  std::unique_ptr<rule_node> other = std::make_unique<rule_node>(there); ///< would take over
  std::unique_ptr<rule::engine> rule;
  std::string stored;

  edges_world() {
    for (const auto* name : buttons)
      show(name, false, origin::refresh);
    for (int i = 0; i < 2; ++i) {
      link();
      deliver();
      std::swap(house, other);
    }
    start_rule();
    run();
    store();
  }

  [[nodiscard]] rule::moment now() const { return {there.now, there.wall()}; }

  void show(const std::string& name, bool on, origin how) {
    auto& r = shown[name];
    r.val = value::digital(on);
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = how;
    r.changed_wall = here.wall();
    if (how == origin::change) {
      ++r.changes;
      pressed[name] += on ? '+' : '-';
    }
    ours.publish(name, r);
    for (auto* node : {house.get(), other.get()})
      if (node->out)
        node->out->changed(name);
  }
  void toggle(const std::string& name) { show(name, !shown[name].val.is_on(), origin::change); }

  void link() {
    house->wire.clear(); // what was under way is lost
    house->in.lost("board");
    house->in.linked("board");
    house->out = std::make_unique<feed>(ours, here, [to = house.get()](reading_batch x) { to->wire.push_back(std::move(x)); });
    house->out->begin();
  }

  void take(const reading_batch& x) {
    RC_ASSERT(static_cast<bool>(accept(x)));
    for (const auto& row : x.rows)
      RC_ASSERT(static_cast<bool>(accept(row)));
    (void)house->in.take("board", x);
  }
  void deliver_one() {
    auto& wire = house->wire;
    if (wire.empty())
      return;
    house->last = wire.front();
    wire.pop_front();
    take(*house->last);
    house->out->taken(house->last->seq);
  }
  void deliver() {
    while (!house->wire.empty())
      deliver_one();
  }
  /// It came twice.
  void repeat() {
    if (house->last && house->last->is == reading_batch::place::news)
      take(*house->last);
  }

  void store() { stored = to_json(rule->memory(), now(), {}).dump(); }
  void start_rule() {
    rule_config config;
    config.name = "test";
    config.lua = "for _, n in ipairs{'x', 'y'} do\n"
                 "  local s = (rising(n) and '+' or '') .. (falling(n) and '-' or '')\n"
                 "  if s ~= '' then\n"
                 "    state[n] = (state[n] or '') .. s\n"
                 "    if on(n) ~= (s == '+') then error('it shows another value') end\n"
                 "  end\n"
                 "end";
    auto made = rule::engine::make(config);
    RC_ASSERT(static_cast<bool>(made));
    rule = std::move(*made);
    if (!stored.empty()) {
      auto memory = rule::memory_from_json(nlohmann::json::parse(stored), now(), {});
      RC_ASSERT(static_cast<bool>(memory));
      rule->restore(std::move(*memory));
    }
    (void)rule->probe(now(), *house);
  }
  void run_once() {
    (void)rule->run_now(now(), *house);
    RC_ASSERT(rule->last().ok);
  }
  void run() {
    do
      run_once();
    while (rule->pending());
  }
  void new_process() {
    house = std::make_unique<rule_node>(there);
    start_rule();
    link();
  }
  /// What the other node has heard may be behind what the rule has acted on.
  void take_over() {
    store();
    std::swap(house, other);
    start_rule();
  }
  void pass(mono_ns x) {
    here.now += x;
    there.now += x;
  }

  void play(int what) {
    switch (what) {
    case 0:
    case 1: toggle("x"); break;
    case 2: toggle("y"); break;
    case 3:
      for (int i = 0; i < 7; ++i)
        toggle(buttons[i % 2]);
      break;
    case 4:
    case 5: deliver_one(); break;
    case 6: repeat(); break;
    case 7: link(); break;
    case 8:
    case 9: run_once(); break;
    case 10: store(); break;
    case 11: start_rule(); break; // a crash: what was not stored happens again
    case 12:
      store();
      start_rule();
      break;
    case 13: new_process(); break;
    case 14: pass(3'000'000); break;
    case 15: house->in.lost("board"); break;
    case 16: house->out->breathe(); break;
    case 17:
      show("x", shown["x"].val.is_on(), origin::refresh); // measured again
      break;
    case 18:
    case 19: take_over(); break;
    default: deliver(); break;
    }
  }

  [[nodiscard]] std::string seen(const std::string& name) const {
    const auto found = rule->memory().variables.find(name);
    return found == rule->memory().variables.end() ? "" : found->second.words;
  }
};

} // namespace

CAF_TEST(each edge in the tail is acted on exactly once and in order) {
  const bool holds = rc::check("any order of presses, batches lost and repeated, restarts and takeovers", [] {
    const auto acts = *rc::gen::resize(100, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 21))); // short ones find nothing
    edges_world all;
    for (const int what : acts)
      all.play(what);
    all.link();
    all.deliver();
    all.run();
    for (const auto* name : buttons)
      RC_ASSERT(all.seen(name) == all.pressed[name]);
    RC_ASSERT(all.rule->edges_passed_over() == 0u);
  });
  CAF_CHECK(holds);
}

CAF_TEST(a row brings the edges since the one before and a new link all of them) {
  edges_world all;
  const auto numbers = [&](const reading_batch& x) {
    std::string out;
    for (const auto& row : x.rows)
      if (row.name == "x")
        for (const auto& one : row.edges)
          out += std::to_string(one.changes) + (one.on ? "+" : "-");
    return out;
  };
  all.toggle("x");
  CAF_REQUIRE_EQUAL(all.house->wire.size(), 1u);
  CAF_CHECK_EQUAL(numbers(all.house->wire[0]), "1+");
  for (int i = 0; i < 5; ++i)
    all.toggle("x"); // the window closes meanwhile
  CAF_CHECK_EQUAL(all.house->wire.size(), feed::batches);
  std::string got;
  while (!all.house->wire.empty()) {
    got += numbers(all.house->wire.front()) + " ";
    all.deliver_one();
  }
  CAF_CHECK_EQUAL(got, "1+ 2- 3+ 4- 5+6- ");
  all.link();
  CAF_CHECK_EQUAL(numbers(all.house->wire[0]), "1+2-3+4-5+6-");
  all.deliver();
  CAF_MESSAGE("what is older than the tail goes no more, nor is it remembered what went");
  all.pass(storage::edge_tail::most_age + 1);
  all.house->out->breathe();
  all.toggle("x");
  CAF_CHECK_EQUAL(numbers(all.house->wire[0]), "7+");
  all.deliver();
  all.link();
  CAF_CHECK_EQUAL(numbers(all.house->wire[0]), "7+");
}

CAF_TEST(an edge travels with its age and the clocks do not) {
  edges_world all;
  all.toggle("x");
  all.pass(2 * one_second);
  all.link();
  all.deliver();
  const auto kept = all.house->live.edges_since("x", {});
  CAF_REQUIRE_EQUAL(kept.size(), 1u);
  CAF_CHECK_EQUAL(kept[0].at, all.there.now - 2 * one_second);
  CAF_CHECK_EQUAL(kept[0].wall, all.here.wall() - 2000);
  CAF_CHECK(kept[0].on);
  CAF_CHECK_EQUAL(all.house->live.find("x")->run, all.ours.find("x")->run);
}

CAF_TEST(edges that make no sense are not taken) {
  far_row good;
  good.name = "hall/button";
  good.now.val = value::digital(false);
  good.now.grade = quality::good;
  good.now.why = reason::none;
  good.now.changes = 9;
  good.run = 1;
  good.edges = {{8, 5, 1, true, quality::good, reason::none}, {9, 4, 1, false, quality::uncertain, reason::forced}};
  CAF_REQUIRE(accept(good));
  struct row {
    const char* what;
    std::function<void(far_row&)> damage;
    const char* says;
  };
  const row table[] = {
    {"of a number", [](auto& x) { x.now.val = value::integer(1); }, "edges of what has none"},
    {"of no run", [](auto& x) { x.run = 0; }, "edges of what has none"},
    {"without end", [](auto& x) { x.edges.resize(1'000'000); }, "1000000 edges; at most 640"},
    {"out of order", [](auto& x) { x.edges[1].changes = 8; }, "edge 8 after edge 8 of 9"},
    {"number 0", [](auto& x) { x.edges[0].changes = 0; }, "edge 0 after edge 0"},
    {"later than the row", [](auto& x) { x.edges[1].changes = 10; }, "edge 10 after edge 8 of 9"},
    {"of the future", [](auto& x) { x.edges[0].age_ns = -1; }, "-1 ns old"},
    {"of long ago", [](auto& x) { x.edges[0].age_ns = INT64_MAX; }, "those of the last 10 s are told"},
    {"before 1970", [](auto& x) { x.edges[0].wall = -1; }, "before 1970"},
    {"bad", [](auto& x) { x.edges[0].grade = quality::bad; }, "the quality of an edge 2 is none; the last is 1"},
    {"one after the last reason", [](auto& x) { x.edges[0].why = static_cast<reason>(14); }, "the reason 14 is none"},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    auto bad = good;
    x.damage(bad);
    const auto said = accept(bad);
    CAF_REQUIRE(!said);
    CAF_CHECK(said.why().context.starts_with("hall/button: "));
    CAF_CHECK(said.why().context.find(x.says) != std::string::npos);
  }
}
