#undef CAF_SUITE
#define CAF_SUITE supervision_core

#include "actors/supervision/core.hpp"

#include <caf/test/dsl.hpp>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::supervision;
using namespace std::chrono_literals;

namespace {

constexpr mono_ns second = 1'000'000'000;

mono_ns in(std::chrono::nanoseconds x) {
  return 100 * second + x.count();
}

/// "start a, start b; kill c" for the actions since the last call.
struct core_stage {
  core mind;
  std::map<child_key, std::string> names;
  std::map<std::string, child_key> keys;

  explicit core_stage(core::rules r) : mind(r) {}

  child_key add(const std::string& id, restart when = restart::permanent, bool own_thread = false) {
    auto k = mind.add({id, when, 1000ms, own_thread}, in(0s));
    names[k] = id;
    keys[id] = k;
    return k;
  }
  std::string said() {
    std::string text;
    for (auto& x : mind.take()) {
      text += text.empty() ? "" : ", ";
      text += to_string(x.what);
      if (x.child != 0)
        text += " " + names[x.child];
      if (x.what == action::kind::grant)
        text += fmt::format(" {}", x.count);
    }
    return text;
  }
  /// Answers every start and stop until nothing is left to be done; @returns
  /// what was done without the grants.
  std::string play(mono_ns now) {
    std::string text;
    for (auto actions = mind.take(); !actions.empty(); actions = mind.take())
      for (auto& x : actions) {
        if (x.what == action::kind::grant)
          continue;
        text += text.empty() ? "" : ", ";
        text += to_string(x.what) + (x.child != 0 ? " " + names[x.child] : "");
        if (x.what == action::kind::start)
          mind.started(x.child, now);
        if (x.what == action::kind::stop)
          mind.stopped(x.child, now);
      }
    return text;
  }
  void crash(const std::string& id, mono_ns now) {
    mind.ended(keys[id], end::crashed, "boom", now);
  }
};

core::rules rules(strategy how) {
  core::rules r;
  r.how = how;
  r.backoff.jitter = 0;
  return r;
}

} // namespace

CAF_TEST(the restart matrix cell by cell) {
  struct row {
    restart when;
    end how;
    fate becomes;
  };
  const row table[] = {
    {restart::permanent, end::normal, fate::again},
    {restart::permanent, end::shutdown, fate::again},
    {restart::permanent, end::crashed, fate::again},
    {restart::permanent, end::killed, fate::again},
    {restart::permanent, end::hung, fate::again},
    {restart::permanent, end::start_failed, fate::again},
    {restart::transient, end::normal, fate::rest},
    {restart::transient, end::shutdown, fate::rest},
    {restart::transient, end::crashed, fate::again},
    {restart::transient, end::killed, fate::again},
    {restart::transient, end::hung, fate::again},
    {restart::transient, end::start_failed, fate::again},
    {restart::temporary, end::normal, fate::forget},
    {restart::temporary, end::shutdown, fate::forget},
    {restart::temporary, end::crashed, fate::forget},
    {restart::temporary, end::killed, fate::forget},
    {restart::temporary, end::hung, fate::forget},
    {restart::temporary, end::start_failed, fate::forget},
  };
  for (auto& x : table) {
    CAF_MESSAGE(to_string(x.when) << " that ends " << to_string(x.how));
    CAF_CHECK_EQUAL(to_string(decide_fate(x.when, x.how)), std::string{to_string(x.becomes)});
    // The same cell through the core: what is done with the child.
    core_stage s{rules(strategy::one_for_one)};
    auto k = s.add("a", x.when, true);
    if (x.how == end::start_failed)
      s.said(); // still starting
    else
      s.play(in(0s));
    if (x.how == end::hung)
      s.mind.hung(k, "in a call", in(1s));
    else
      s.mind.ended(k, x.how, "why", in(1s));
    std::string expected = x.how == end::hung ? "abandon a, " : "";
    expected += x.becomes == fate::again  ? "start a"
                : x.becomes == fate::rest ? "rest a"
                                          : "forget a";
    CAF_CHECK_EQUAL(s.said(), expected);
  }
}

CAF_TEST(each strategy concerns its siblings in its order) {
  struct row {
    strategy how;
    const char* fails;
    const char* then;
  };
  const row table[] = {
    {strategy::one_for_one, "a", "start a"},
    {strategy::one_for_one, "b", "start b"},
    {strategy::one_for_one, "d", "start d"},
    {strategy::one_for_all, "a", "stop d, stop c, stop b, start a, start b, start c, start d"},
    {strategy::one_for_all, "b", "stop d, stop c, stop a, start a, start b, start c, start d"},
    {strategy::one_for_all, "d", "stop c, stop b, stop a, start a, start b, start c, start d"},
    {strategy::rest_for_one, "a", "stop d, stop c, stop b, start a, start b, start c, start d"},
    {strategy::rest_for_one, "b", "stop d, stop c, start b, start c, start d"},
    {strategy::rest_for_one, "d", "start d"},
  };
  for (auto& x : table) {
    CAF_MESSAGE(to_string(x.how) << ", " << x.fails << " fails");
    core_stage s{rules(x.how)};
    for (auto id : {"a", "b", "c", "d"})
      s.add(id);
    CAF_CHECK_EQUAL(s.play(in(0s)), "start a, start b, start c, start d");
    s.crash(x.fails, in(1s));
    CAF_CHECK_EQUAL(s.play(in(1s)), x.then);
  }
}

CAF_TEST(in a group a start waits for the one before it) {
  core_stage s{rules(strategy::rest_for_one)};
  s.add("a");
  s.add("b");
  CAF_CHECK_EQUAL(s.said(), "start a");
  CAF_CHECK(!s.mind.settled());
  s.mind.started(s.keys["a"], in(1s));
  CAF_CHECK_EQUAL(s.said(), "start b");
  s.mind.started(s.keys["b"], in(1s));
  CAF_CHECK(s.mind.settled());
}

CAF_TEST(a temporary sibling does not come back with its group) {
  core_stage s{rules(strategy::one_for_all)};
  s.add("a");
  s.add("t", restart::temporary);
  s.play(in(0s));
  s.crash("a", in(1s));
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop t, forget t, start a");
}

CAF_TEST(a sibling that crashes while its group stops counts as stopped) {
  core_stage s{rules(strategy::one_for_all)};
  for (auto id : {"a", "b", "c"})
    s.add(id);
  s.play(in(0s));
  s.crash("a", in(1s));
  CAF_CHECK_EQUAL(s.said(), "stop c");
  s.crash("c", in(1s));
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop b, start a, start b, start c");
}

CAF_TEST(pauses grow from none and are forgiven) {
  core_stage s{rules(strategy::one_for_one)};
  s.add("a");
  CAF_CHECK_EQUAL(s.said(), "start a");
  s.mind.started(s.keys["a"], in(0s));
  CAF_CHECK_EQUAL(s.said(), "grant a 1"); // the first restart comes at once
  s.crash("a", in(1s));
  CAF_CHECK_EQUAL(s.said(), "start a");
  s.mind.started(s.keys["a"], in(1s));
  CAF_CHECK_EQUAL(s.said(), "grant a 0");
  s.crash("a", in(2s));
  CAF_CHECK_EQUAL(s.said(), "");
  CAF_CHECK_EQUAL(*s.mind.due(), in(2s + 50ms));
  s.mind.tick(in(2s + 49ms));
  CAF_CHECK_EQUAL(s.said(), "");
  s.mind.tick(in(2s + 50ms));
  CAF_CHECK_EQUAL(s.said(), "start a");
  s.mind.started(s.keys["a"], in(3s));
  CAF_CHECK_EQUAL(s.said(), "");
  // A minute without a failure: the first restart comes at once again.
  s.mind.tick(in(62s));
  CAF_CHECK_EQUAL(s.said(), "grant a 1");
}

CAF_TEST(too many failures quarantine the child and leave the others alone) {
  core_stage s{rules(strategy::one_for_one)};
  s.add("a");
  s.add("b");
  s.play(in(0s));
  for (int i = 1; i <= 5; ++i) {
    s.crash("a", in(i * 1s));
    s.mind.tick(in(i * 1s + 900ms));
    CAF_CHECK_EQUAL(s.play(in(i * 1s + 900ms)), "start a");
  }
  s.crash("a", in(6s));
  CAF_CHECK_EQUAL(s.said(), "quarantine a");
  CAF_CHECK(s.mind.state_of(s.keys["b"]) == core::phase::up);
  // The slow try, and no second chance in it.
  CAF_CHECK_EQUAL(*s.mind.due(), in(6s + 300s));
  s.mind.tick(in(306s));
  CAF_CHECK_EQUAL(s.play(in(306s)), "start a");
  s.crash("a", in(307s));
  CAF_CHECK_EQUAL(s.said(), "quarantine a");
  // By hand it starts afresh: with a pause-free restart again.
  s.mind.release_child(s.keys["a"], in(308s));
  CAF_CHECK_EQUAL(s.play(in(308s)), "start a");
  s.crash("a", in(309s));
  CAF_CHECK_EQUAL(s.play(in(309s)), "start a");
}

CAF_TEST(a probation that lasts a minute is passed) {
  auto r = rules(strategy::one_for_one);
  r.intensity.restarts = 1;
  core_stage s{r};
  s.add("a");
  s.play(in(0s));
  s.crash("a", in(1s));
  s.play(in(1s));
  s.crash("a", in(2s));
  CAF_CHECK_EQUAL(s.said(), "quarantine a");
  s.mind.tick(in(302s));
  CAF_CHECK_EQUAL(s.play(in(302s)), "start a");
  s.mind.tick(in(361s)); // the last failure is long forgiven, the trial is not over
  s.crash("a", in(361s));
  CAF_CHECK_EQUAL(s.said(), "quarantine a");
  s.mind.tick(in(661s));
  CAF_CHECK_EQUAL(s.play(in(661s)), "start a");
  s.mind.tick(in(721s));
  s.crash("a", in(722s));
  CAF_CHECK_EQUAL(s.said(), "grant a 1, start a");
}

CAF_TEST(who was quarantined by hand waits for a hand) {
  core_stage s{rules(strategy::one_for_one)};
  auto k = s.add("a");
  s.play(in(0s));
  s.mind.quarantine_child(k, "by hand", in(1s));
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop a, quarantine a");
  CAF_CHECK(!s.mind.due());
  s.mind.release_child(k, in(2s));
  CAF_CHECK_EQUAL(s.play(in(2s)), "start a");
}

CAF_TEST(who depends on a quarantined child is held and comes back with it) {
  auto r = rules(strategy::rest_for_one);
  r.intensity.restarts = 0;
  core_stage s{r};
  for (auto id : {"a", "b", "c"})
    s.add(id);
  s.play(in(0s));
  s.crash("b", in(1s));
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop c, quarantine b, quarantine c");
  CAF_CHECK(s.mind.state_of(s.keys["a"]) == core::phase::up);
  s.mind.release_child(s.keys["c"], in(2s)); // asks for c, means what holds it
  CAF_CHECK_EQUAL(s.play(in(2s)), "start b, start c");
}

CAF_TEST(removing the culprit frees those that it held) {
  auto r = rules(strategy::one_for_all);
  r.intensity.restarts = 0;
  core_stage s{r};
  for (auto id : {"a", "b"})
    s.add(id);
  s.play(in(0s));
  s.crash("a", in(1s));
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop b, quarantine a, quarantine b");
  s.mind.remove_child(s.keys["a"], in(2s));
  CAF_CHECK_EQUAL(s.play(in(2s)), "forget a, start b");
}

CAF_TEST(with escalate the failures of all children count and the reason survives) {
  auto r = rules(strategy::one_for_one);
  r.intensity = {.restarts = 2, .period = 10s, .escalate = true, .retry_quarantined = 0ms};
  core_stage s{r};
  for (auto id : {"a", "b", "c"})
    s.add(id);
  s.play(in(0s));
  s.crash("a", in(1s));
  s.crash("b", in(2s));
  s.play(in(2s));
  s.mind.ended(s.keys["c"], end::crashed, "no disk", in(3s));
  CAF_CHECK(s.mind.ending());
  std::string reason;
  std::string done;
  for (auto actions = s.mind.take(); !actions.empty(); actions = s.mind.take())
    for (auto& x : actions) {
      if (x.what == action::kind::stop)
        s.mind.stopped(x.child, in(3s));
      if (x.what != action::kind::grant)
        done += std::string{to_string(x.what)} + s.names[x.child] + " ";
      reason = x.why;
    }
  CAF_CHECK_EQUAL(done, "forgetc stopb forgetb stopa forgeta failed ");
  CAF_CHECK_EQUAL(reason, "'c' crashed: no disk (limit: 2 in 10 s)");
}

CAF_TEST(failures spread wider than the period never escalate) {
  auto r = rules(strategy::one_for_one);
  r.intensity = {.restarts = 2, .period = 10s, .escalate = true, .retry_quarantined = 0ms};
  r.backoff.second = 0ms;
  core_stage s{r};
  s.add("a");
  s.play(in(0s));
  for (int i = 0; i < 50; ++i) {
    s.crash("a", in(i * 5s + 5s));
    CAF_CHECK_EQUAL(s.play(in(i * 5s + 5s)), "start a");
  }
}

CAF_TEST(a hung child is replaced if it has its own thread else it is marked) {
  core_stage s{rules(strategy::one_for_one)};
  auto own = s.add("bus", restart::permanent, true);
  auto shared = s.add("rule");
  s.play(in(0s));
  s.mind.hung(own, "in a call", in(1s));
  CAF_CHECK_EQUAL(s.said(), "abandon bus, start bus");
  s.mind.hung(shared, "in a loop", in(1s));
  CAF_CHECK_EQUAL(s.said(), "");
  CAF_CHECK(s.mind.marked_hung(shared));
  s.mind.answered(shared);
  CAF_CHECK(!s.mind.marked_hung(shared));
}

CAF_TEST(a hung child without a thread makes an escalating supervisor fail) {
  auto r = rules(strategy::one_for_one);
  r.intensity.escalate = true;
  core_stage s{r};
  auto k = s.add("rule");
  s.play(in(0s));
  s.mind.hung(k, "in a loop", in(1s));
  CAF_CHECK_EQUAL(s.said(), "stop rule");
  s.mind.tick(in(2s));
  CAF_CHECK_EQUAL(s.said(), "kill rule");
  s.mind.tick(in(3s));
  CAF_CHECK_EQUAL(s.said(), "abandon rule, forget rule, failed");
}

CAF_TEST(the ordered stop goes from last to first and ends what does not) {
  core_stage s{rules(strategy::one_for_one)};
  for (auto id : {"a", "b", "c"})
    s.add(id);
  s.play(in(0s));
  s.mind.stop_all(in(1s));
  CAF_CHECK_EQUAL(s.said(), "stop c");
  s.mind.stopped(s.keys["c"], in(1s));
  CAF_CHECK_EQUAL(s.said(), "forget c, stop b");
  s.mind.tick(in(2s)); // b did not stop within its second
  CAF_CHECK_EQUAL(s.said(), "kill b");
  s.mind.ended(s.keys["b"], end::killed, "", in(2s));
  CAF_CHECK_EQUAL(s.said(), "forget b, stop a");
  s.mind.tick(in(3s));
  CAF_CHECK_EQUAL(s.said(), "kill a");
  s.mind.tick(in(4s)); // in a call: it cannot even be killed
  CAF_CHECK_EQUAL(s.said(), "abandon a, forget a, finished");
}

CAF_TEST(by hand) {
  struct row {
    const char* what;
    void (*hand)(core&, child_key);
    const char* then;
  };
  const row table[] = {
    {"restart", [](core& c, child_key k) { c.restart_child(k, in(1s)); }, "stop a, start a"},
    {"kill", [](core& c, child_key k) { c.kill_child(k, in(1s)); }, "kill a"},
    {"remove", [](core& c, child_key k) { c.remove_child(k, in(1s)); }, "stop a, forget a"},
    {"quarantine", [](core& c, child_key k) { c.quarantine_child(k, "x", in(1s)); },
     "stop a, quarantine a"},
    {"release of a healthy one", [](core& c, child_key k) { c.release_child(k, in(1s)); }, ""},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    core_stage s{rules(strategy::one_for_one)};
    auto k = s.add("a");
    s.add("b");
    s.play(in(0s));
    x.hand(s.mind, k);
    CAF_CHECK_EQUAL(s.play(in(1s)), x.then);
  }
}

CAF_TEST(a hand on the button ends a pause) {
  core_stage s{rules(strategy::one_for_one)};
  s.add("a");
  s.play(in(0s));
  s.crash("a", in(1s));
  s.play(in(1s));
  s.crash("a", in(1s));
  CAF_CHECK_EQUAL(s.said(), "");
  s.mind.restart_child(s.keys["a"], in(1s));
  CAF_CHECK_EQUAL(s.said(), "start a");
}

CAF_TEST(a finished transient child rests and can be started by hand) {
  core_stage s{rules(strategy::one_for_one)};
  auto k = s.add("a", restart::transient);
  s.play(in(0s));
  s.mind.ended(k, end::normal, "", in(1s));
  CAF_CHECK_EQUAL(s.said(), "rest a");
  s.mind.tick(in(100s));
  CAF_CHECK_EQUAL(s.said(), "");
  s.mind.restart_child(k, in(101s));
  CAF_CHECK_EQUAL(s.said(), "start a");
}

CAF_TEST(a restart that spent its grant counts like any other) {
  auto r = rules(strategy::one_for_one);
  r.backoff.second = 0ms;
  core_stage s{r};
  auto k = s.add("a");
  CAF_CHECK_EQUAL(s.said(), "start a");
  s.mind.started(k, in(0s));
  CAF_CHECK_EQUAL(s.said(), "grant a 5");
  for (int left = 4; left >= 0; --left) {
    s.mind.ended(k, end::crashed, "boom", in(1s), true);
    CAF_CHECK_EQUAL(s.said(), ""); // it has spent what it had been given
  }
  s.mind.ended(k, end::crashed, "boom", in(1s), false);
  CAF_CHECK_EQUAL(s.said(), "quarantine a");
}

CAF_TEST(a grant spent beyond the limit is taken back) {
  auto r = rules(strategy::one_for_one);
  r.intensity.restarts = 0;
  core_stage s{r};
  auto k = s.add("a");
  s.play(in(0s));
  s.mind.ended(k, end::crashed, "boom", in(1s), true);
  CAF_CHECK_EQUAL(s.play(in(1s)), "stop a, quarantine a");
}
