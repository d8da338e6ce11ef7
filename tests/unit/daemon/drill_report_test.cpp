#define CAF_SUITE drill_report
#include "tests/support/suite.hpp"

#include "apps/daemon/drill_report.hpp"

using namespace troupe;
using namespace troupe::daemon;

namespace {

constexpr mono_ns ms = 1'000'000, start = 50'000 * ms;

struct drill_report_fixture {
  drill_plan plan;
  drill_seen seen;

  drill_report_fixture() {
    plan.kind = drill_kind::stop_node;
    plan.target = "attic";
    plan.length = milliseconds{5000};
    seen.fault_at = start;
    seen.ended_at = start + 9000 * ms;
    seen.concerned = {{"roam", "attic", "normal", {"attic", "boiler"}, {"cellar/lamp"}}};
  }

  void fact(int at, const std::string& kind, const std::string& subject, const std::string& text, const std::string& node = "cellar") {
    seen.facts.push_back({start + at * ms, node, kind, subject, text});
  }
  void takeover(int noticed, int chosen, int commands, const std::string& output = "cellar/lamp") {
    fact(commands, "effect", output, "rule/roam: node boiler commands (round 7)"); // in any order
    fact(noticed, "vacant", output, "rule/roam: nobody acts: node attic was silent for 400 ms");
    fact(chosen, "owner", output, "rule/roam: node boiler acts (round 7): node attic was silent for 400 ms");
  }
  [[nodiscard]] drill_result result() const { return evaluate(plan, seen); }
  [[nodiscard]] std::string why() const {
    std::string out;
    for (const auto& x : result().why)
      out += x + "; ";
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(drill_reports, drill_report_fixture)

CAF_TEST(a takeover in time) {
  takeover(401, 403, 420);
  const auto x = result();
  CAF_CHECK(x.passed);
  CAF_CHECK_EQUAL(x.detected_ms.value_or(0), 401);
  CAF_CHECK_EQUAL(x.decided_ms.value_or(0), 403);
  CAF_CHECK_EQUAL(x.effective_ms.value_or(0), 420);
  CAF_REQUIRE_EQUAL(x.takeovers.size(), 1u);
  CAF_CHECK_EQUAL(x.takeovers[0].to, "boiler");
  CAF_CHECK_EQUAL(x.late, 0u);
  CAF_CHECK_EQUAL(why(), "");
}

CAF_TEST(what fails a takeover) {
  CAF_CHECK_EQUAL(why(), "roam for cellar/lamp: its output noticed nothing; ");
  fact(401, "vacant", "cellar/lamp", "rule/roam: nobody acts: node attic was silent for 400 ms");
  CAF_CHECK_EQUAL(why(), "roam for cellar/lamp: nobody took over; ");
  fact(403, "owner", "cellar/lamp", "rule/roam: node boiler acts (round 7): ...");
  CAF_CHECK_EQUAL(why(), "roam for cellar/lamp: the successor never commanded it; ");
  fact(502, "effect", "cellar/lamp", "rule/roam: node boiler commands (round 7)");
  CAF_CHECK_EQUAL(why(), "roam for cellar/lamp: took 502 ms, at most 450 ms were allowed; ");
  CAF_CHECK_EQUAL(result().late, 1u);
  plan.limit = milliseconds{600};
  CAF_CHECK_EQUAL(why(), "");
}

CAF_TEST(the slowest of several outputs counts) {
  seen.concerned[0].outputs.push_back("cellar/fan");
  takeover(401, 402, 410);
  takeover(405, 407, 440, "cellar/fan");
  CAF_CHECK_EQUAL(result().effective_ms.value_or(0), 440);
  CAF_CHECK_EQUAL(result().detected_ms.value_or(0), 405);
  CAF_CHECK(result().passed);
}

CAF_TEST(what was before the fault and what another rule did is nothing of it) {
  takeover(-400, -390, -380);
  fact(10, "vacant", "cellar/lamp", "rule/other: nobody acts: node attic was silent for 400 ms");
  fact(12, "owner", "cellar/lamp", "rule/other: node boiler acts (round 2)");
  CAF_CHECK_EQUAL(why(), "roam for cellar/lamp: its output noticed nothing; ");
}

CAF_TEST(a hand-back later is not the takeover) {
  takeover(401, 403, 420);
  fact(7000, "owner", "cellar/lamp", "rule/roam: node attic acts (round 8): node boiler handed it to attic");
  fact(7002, "effect", "cellar/lamp", "rule/roam: node attic commands (round 8)");
  CAF_CHECK_EQUAL(result().takeovers[0].to, "boiler");
  CAF_CHECK_EQUAL(result().effective_ms.value_or(0), 420);
}

CAF_TEST(outputs that went safe) {
  takeover(401, 403, 420);
  fact(402, "output", "cellar/fan", "on -> off by the safe state");
  fact(1402, "output", "cellar/fan", "off -> on by rule/roam");
  fact(1500, "output", "cellar/bell", "on -> off by the safe state");
  const auto x = result();
  CAF_REQUIRE_EQUAL(x.safe.size(), 2u);
  CAF_CHECK_EQUAL(x.safe[0].value, "off");
  CAF_CHECK_EQUAL(x.safe[0].for_ms.value_or(0), 1000);
  CAF_CHECK(!x.safe[1].for_ms);
  CAF_CHECK_EQUAL(why(), "cellar/fan went to its safe state for 1000 ms; cellar/bell went to its safe state; ");
  plan.even_so = true;
  CAF_CHECK(result().passed);
}

CAF_TEST(edges that a rule passed over) {
  takeover(401, 403, 420);
  fact(-5000, "rule", "rule/roam", "does not act on 7 edges of cellar/button: older than 10 s", "boiler");
  fact(430, "rule", "rule/roam", "does not act on 3 edges of cellar/button: older than 10 s", "boiler");
  CAF_CHECK_EQUAL(result().edges_lost, 3u);
  CAF_CHECK_EQUAL(why(), "rules did not act on 3 edges of their inputs; `troupe log --kind rule` says which; ");
}

CAF_TEST(counters and a house that is not whole again) {
  takeover(401, 403, 420);
  seen.counters = {{"water", {100, 120}}, {"power", {7, 5}}};
  seen.still_ill = {"node attic is down"};
  seen.broken_off = "by anna";
  CAF_CHECK_EQUAL(why(), "power shows less than before; not whole again: node attic is down; broken off: by anna; ");
}

CAF_TEST(an actor that starts again) {
  plan.kind = drill_kind::kill_actor;
  plan.target = "cellar/lamp";
  seen.concerned.clear();
  CAF_CHECK_EQUAL(why(), "cellar/lamp was not started again; ");
  fact(4, "restart", "cellar/lamp", "incarnation 2 runs, nobody served for 0.100 ms");
  CAF_CHECK(result().passed);
  CAF_CHECK_EQUAL(result().restarted_ms.value_or(0), 4);
  seen.facts[0].at += 100 * ms;
  CAF_CHECK_EQUAL(why(), "cellar/lamp ran again after 104 ms, at most 30 ms were allowed; ");
}

CAF_TEST(a later start of the same actor takes over without a vacancy) {
  plan.kind = drill_kind::kill_actor;
  plan.target = "rule/roam";
  fact(5, "restart", "rule/roam", "incarnation 2 runs, nobody served for 0.100 ms");
  fact(6, "owner", "cellar/lamp", "rule/roam: node attic acts (round 8), a later start of its actor");
  fact(9, "effect", "cellar/lamp", "rule/roam: node attic commands (round 8)");
  CAF_CHECK(result().passed);
  CAF_CHECK_EQUAL(result().detected_ms.value_or(0), 6);
  CAF_CHECK_EQUAL(result().effective_ms.value_or(0), 9);
}

CAF_TEST(when others said that it was down and there again) {
  takeover(401, 403, 420);
  fact(300, "node", "attic", "suspect -> alive: silent to this node for 300 ms, but boiler hears it");
  CAF_CHECK(!result().down_ms && !result().back_ms);
  fact(1200, "node", "attic", "alive -> suspect: silent for 1000 ms", "boiler");
  fact(2100, "node", "attic", "suspect -> down: silent for 2000 ms", "boiler");
  fact(5400, "node", "attic", "down -> alive: it is linked", "boiler");
  CAF_CHECK_EQUAL(result().down_ms.value_or(0), 2100);
  CAF_CHECK_EQUAL(result().back_ms.value_or(0), 5400);
}

CAF_TEST(a report is bounded) {
  takeover(401, 403, 420);
  for (int i = 0; i < 5000; ++i)
    fact(i, "owner", "cellar/lamp", std::string(1000, 'x'));
  const auto told = to_json(plan, seen, result()).dump();
  CAF_CHECK(told.size() < 64 * 1024);
}

CAF_TEST(limits by kind and class) {
  const auto limit = [](drill_kind kind, const char* pace) {
    drill_plan x;
    x.kind = kind;
    return drill_limit(x, pace).count();
  };
  CAF_CHECK_EQUAL(limit(drill_kind::stop_node, "critical"), 90);
  CAF_CHECK_EQUAL(limit(drill_kind::stop_node, "fast"), 200);
  CAF_CHECK_EQUAL(limit(drill_kind::cut_link, "normal"), 450);
  CAF_CHECK_EQUAL(limit(drill_kind::cut_link, "slow"), 2600);
  CAF_CHECK_EQUAL(limit(drill_kind::kill_node, "slow"), 30);
}

CAF_TEST_FIXTURE_SCOPE_END()
