// No press of a button is lost or counted twice by a rule of another node.

#undef CAF_SUITE
#define CAF_SUITE edges

#include "tests/e2e/cluster/three_nodes.hpp"

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// Attic's finger presses attic's button as fast as it can; boiler counts.
struct edges_fixture : three_nodes {
  static constexpr int presses = 600; // more than a tail holds, two edges each

  edges_fixture() {
    begin();
    const auto counting = boiler.troupe({"add", "rule", "count", "node=boiler", "lua="
      "if rising('attic/button') then state.n = (state.n or 0) + 1 end\n"
      "if falling('attic/button') then state.m = (state.m or 0) + 1 end\n"
      "if rising('attic/button') and falling('attic/button') then state.merged = true end\n"
      "if changed('boiler/lamp') then\n"
      "  log('rises ' .. (state.n or 0) .. ' falls ' .. (state.m or 0) .. (state.merged and ' merged' or ''))\n"
      "end"});
    CAF_REQUIRE_EQUAL(counting.exit, 0);
    CAF_REQUIRE(within(10s, [&] { return boiler.troupe({"get", "rule/count"}).exit == 0; }));
  }

  void press(int times, const std::string& pause) {
    const auto text = "if not state.n then state.n = 0 start('t', '100ms') end\n"
                      "if fired('t') and state.n < " + std::to_string(2 * times) + " then\n"
                      "  state.n = state.n + 1\n"
                      "  set('attic/finger', state.n % 2 == 1)\n"
                      "  start('t', '" + pause + "')\n"
                      "end";
    const auto said = attic.troupe({"add", "rule", "press", "node=attic", "outputs=[attic/finger]", "lua=" + text});
    CAF_MESSAGE(said.err);
    CAF_REQUIRE_EQUAL(said.exit, 0);
  }

  /// Changes of the button, as its own node counts them.
  [[nodiscard]] int changes() const { return attic.ask({"get", "attic/button"}).value("changes", -1); }

  /// What the rule has counted: it says so when this lamp is switched.
  std::string counted() {
    lamp_ = !lamp_;
    CAF_CHECK_EQUAL(boiler.troupe({"set", "boiler/lamp", lamp_ ? "on" : "off"}).exit, 0);
    std::string text;
    CAF_CHECK(within(5s, [&] {
      int said = 0;
      for (const auto& x : boiler.ask({"log", "rule/count"}))
        if (x.value("text", "").starts_with("rises ")) {
          text = x.value("text", "");
          ++said;
        }
      return said == asked_ + 1;
    }));
    ++asked_;
    return text;
  }

  void each_counted() {
    CAF_MESSAGE("the finger rests");
    int before = 0;
    CAF_REQUIRE(within(60s, [&] {
      const auto now = changes();
      const bool rests = now > presses && now == before;
      before = now;
      return rests && !within(1s, [&] { return changes() != now; });
    }));
    const auto edges = changes();
    CAF_MESSAGE(edges << " edges");
    CAF_CHECK_EQUAL(counted(), "rises " + std::to_string(edges / 2) + " falls " + std::to_string(edges / 2));
  }

private:
  bool lamp_ = false;
  int asked_ = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(edges_tests, edges_fixture)

CAF_TEST(each of many fast presses is counted once) {
  press(presses, "1ms");
  each_counted();
}

CAF_TEST(also when the rule crashes and its node freezes meanwhile) {
  press(presses, "4ms");
  for (int i = 0; i < 2; ++i) {
    (void)within(300ms, [] { return false; });
    CAF_CHECK_EQUAL(boiler.troupe({"kill", "rule/count"}).exit, 0);
    boiler.freeze();
    (void)within(300ms, [] { return false; });
    boiler.thaw();
  }
  each_counted();
}

CAF_TEST(also when the link between them is cut for a moment and the node of the rule is killed) {
  press(presses, "10ms");
  const auto lost = links_lost(attic);
  (void)within(1s, [] { return false; });
  boiler.freeze(); // until the others give it up: the link ends
  CAF_CHECK(within(8s, [&] { return links_lost(attic) > lost; }));
  boiler.thaw();
  REQUIRE_AGREE(all);
  boiler.kill();
  boiler.start();
  REQUIRE_AGREE(all);
  each_counted();
}

CAF_TEST_FIXTURE_SCOPE_END()
