// The unit of a hot rule: its shadow runs while another node acts, speaks to
// nobody, and serves when the memory at the outputs is lost.

#undef CAF_SUITE
#define CAF_SUITE rule_unit_hot

#include "tests/unit/rule/unit_fixture.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;
using storage::severity;

namespace {

/// Outputs as the test says.
struct hand_authority final : authority {
  struct script {
    news next_news;
    bool active = false;
    carried left;
    std::uint64_t permits = 0;
  };
  explicit hand_authority(script& x) : to(x) {}

  news take() { return std::exchange(to.next_news, {}); }
  news begin(mono_ns) override { return take(); }
  news ready(mono_ns) override { return take(); }
  news on_letter(const ownership_letter&, mono_ns) override { return take(); }
  news on_time(mono_ns) override { return take(); }
  news look_again(mono_ns) override { return take(); }
  news hand_over(const std::string&, mono_ns) override { return take(); }
  news stop(mono_ns) override { return take(); }
  std::optional<mono_ns> next() const override { return {}; }
  bool acts() const override { return to.active; }
  std::optional<permit> permit_for(const std::string&, mono_ns) override {
    if (!to.active)
      return {};
    return permit{1, 1, ++to.permits, 1};
  }
  void leave(carried x) override { to.left = std::move(x); }
  void above(std::uint64_t) override {}
  json state(mono_ns) const override { return json::object(); }

  script& to;
};

constexpr const char* counting = R"(
if rising("button") then state.n = (state.n or 0) + 1 start("later", "30s") log("pressed") end
set("lamp", (state.n or 0) % 2 == 1))";

struct hot_fixture : unit_fixture {
  hand_authority::script outputs_say;
  std::uint64_t first_ = 1; ///< changes of the button at the start

  hot_fixture() {
    config.standby = redundancy::hot;
    config.outputs = {"lamp"};
    may_act = [this] { return std::make_unique<hand_authority>(outputs_say); };
    live_as_boiler();
    off("button");
    start(counting);
  }

  void live_as_boiler() { names.at_node("boiler", {}); }

  void tell(authority::news x) {
    outputs_say.next_news = std::move(x);
    caf::anon_send(actor, ownership_letter{});
    sched.run();
  }

  /// As attic leaves it, if it has seen as many edges more; the timer with 20 s left.
  std::string memory_of_attic(std::int64_t n, std::uint64_t edges, bool lamp, bool timer = false) {
    rule::rule_memory m;
    m.variables["n"] = value::integer(n);
    m.wishes["lamp"] = {value::digital(lamp), 10, 5000ms, 3, 0};
    m.positions["button"] = {live.find("button")->run, first_ + edges};
    if (timer)
      m.timers["later"] = {clock.now - 10'000'000'000, 30s, {}, 0};
    return to_json(m, {clock.now, clock.wall()}, {"boot of attic", rule::digest(counting)}).dump();
  }

  void attic_acts(std::int64_t n, std::uint64_t edges, bool lamp, bool timer = false) {
    authority::news x;
    x.seen = authority::acting{"attic", 3, memory_of_attic(n, edges, lamp, timer), 0};
    tell(std::move(x));
  }
  void still() {
    authority::news x;
    x.seen = authority::acting{"attic", 3, "", 0};
    tell(std::move(x));
  }
  void looks_for(std::chrono::milliseconds span) {
    for (; span.count() > 0; span -= 2s) {
      pass(2s);
      still();
    }
  }

  void takes_over(const std::string& carry, std::uint64_t left_round) {
    outputs_say.active = true;
    authority::news x;
    x.began = authority::taken{carry, carry.empty() ? -1 : 5, carry.empty() ? "" : "attic", 4, left_round};
    tell(std::move(x));
  }

  std::string sign() const {
    const auto row = live.find("shadow/test/boiler");
    return row ? to_string(row->now.val) : "-";
  }
  json view() const { return here->content->state(); }
  std::vector<std::string> journal(severity level) {
    std::vector<std::string> out;
    for (const auto& x : store.events)
      if (x.level == level)
        out.push_back(x.text);
    return out;
  }
  void press() {
    on("button");
    off("button");
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(hot_rules, hot_fixture)

CAF_TEST(I4: the shadow wants and logs as much as it likes and nobody hears of it) {
  CAF_CHECK_EQUAL(sign(), "unheard");
  attic_acts(0, 0, false);
  press();
  CAF_CHECK_EQUAL(view()["shadow"]["would_hold"]["lamp"], "on"); // it runs
  looks_for(60s);
  press();
  press();
  CAF_CHECK_EQUAL(sign(), "differs"); // and it even differs
  CAF_CHECK(lamp().empty());
  CAF_CHECK_EQUAL(outputs["lamp"].renewals, 0u);
  CAF_CHECK_EQUAL(outputs_say.permits, 0u);
  CAF_CHECK_EQUAL(outputs_say.left.order, 0u);
  CAF_CHECK(!store.get(storage::slot_kind::own, "rule/test"));
  CAF_CHECK(journal(severity::info).empty()); // what it logged
  CAF_CHECK(!live.find("rule/test"));
}

CAF_TEST(a difference is an alarm with the rule the output both values both nodes and since when) {
  attic_acts(0, 0, false);
  looks_for(8s);
  CAF_CHECK_EQUAL(sign(), "agrees");
  press(); // attic has not heard of it
  looks_for(12s);
  CAF_CHECK_EQUAL(sign(), "differs");
  const auto alarms = journal(severity::alarm);
  CAF_REQUIRE_EQUAL(alarms.size(), 1u);
  CAF_CHECK_EQUAL(store.events.back().subject, "rule/test");
  for (const auto* part : {"lamp", "node attic acts and has off", "node boiler would have on", "for 6 s"})
    CAF_CHECK(alarms[0].find(part) != std::string::npos);
  const auto row = live.find("shadow/test/boiler");
  CAF_REQUIRE(row && row->why && row->why->size() == 2);
  CAF_CHECK_EQUAL((*row->why)[0].text, "off");
  CAF_CHECK_EQUAL((*row->why)[1].text, "on");
  CAF_CHECK((*row->why)[0].at > 0);
}

CAF_TEST(a memory at the outputs goes before that of the shadow) {
  attic_acts(0, 0, false);
  looks_for(8s);
  press();
  takes_over(memory_of_attic(5, 2, true), 3);
  CAF_REQUIRE_EQUAL(lamp().size(), 1u);
  CAF_CHECK_EQUAL(lamp()[0].val, value::digital(true));
  CAF_CHECK_EQUAL(view()["state"]["n"], "5");
  CAF_CHECK_EQUAL(sign(), "-"); // who acts has no shadow
}

CAF_TEST(I7: with no memory at the outputs that of the shadow serves with its timers) {
  attic_acts(4, 0, false, true); // 20 s left
  looks_for(8s);
  CAF_CHECK_EQUAL(sign(), "agrees");
  // What the store has is older: it would be one press behind, and its timer late.
  (void)store.put(storage::slot_kind::own, "rule/test", R"({"round": 3})");
  press();
  takes_over("", 0);
  CAF_CHECK_EQUAL(view()["state"]["n"], "5");
  CAF_REQUIRE(!lamp().empty());
  CAF_CHECK_EQUAL(lamp().back().val, value::digital(true));
  CAF_CHECK_EQUAL(view()["timers"]["later"]["left_ms"], 30'000); // begun by that press
}

CAF_TEST(the store serves where the shadow is not believed) {
  rule::rule_memory m;
  m.variables["n"] = value::integer(9);
  auto document = to_json(m, {clock.now, clock.wall()}, {"", rule::digest(counting)});
  document["round"] = 3;
  attic_acts(4, 0, false);
  (void)store.put(storage::slot_kind::own, "rule/test", document.dump());
  takes_over("", 0); // it has not settled yet
  CAF_CHECK_EQUAL(view()["state"]["n"], "9");
}

CAF_TEST(who acted and lost its outputs goes on where it was if they have forgotten) {
  takes_over("", 0);
  press();
  CAF_CHECK_EQUAL(view()["state"]["n"], "1");
  outputs_say.active = false;
  authority::news x;
  x.ended = "lamp has started again";
  tell(std::move(x));
  CAF_CHECK_EQUAL(sign(), "unheard");
  press(); // in its mind
  const auto before = lamp().size();
  takes_over("", 0);
  CAF_CHECK_EQUAL(view()["state"]["n"], "2");
  CAF_CHECK(lamp().size() > before);
}

CAF_TEST(a warm rule has no shadow) {
  end();
  config.standby = redundancy::warm;
  add_output("lamp");
  start(counting);
  attic_acts(0, 0, false);
  CAF_CHECK(!view().contains("shadow"));
  CAF_CHECK_EQUAL(sign(), "-");
}

CAF_TEST(an ordered stop and a crash take the sign away) {
  attic_acts(0, 0, false);
  CAF_CHECK_EQUAL(sign(), "settles");
  here->content->stop();
  CAF_CHECK_EQUAL(sign(), "-");
}

CAF_TEST_FIXTURE_SCOPE_END()
