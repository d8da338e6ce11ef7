#undef CAF_SUITE
#define CAF_SUITE supervision_live

#include "actors/supervision/fault.hpp"
#include "tests/unit/supervision/probe.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

CAF_TEST(ten thousand crashes lose no queued message and disturb no sibling I8) {
  ledger mine, others;
  limits bounds;
  bounds.running_mailbox = 50'000; // all of them at once
  live_tree t{tireless(supervisor_of("house", {worker("a", mine), worker("b", others)})), bounds};
  CAF_REQUIRE(eventually([&] { return mine.made == 1 && others.made == 1; }));
  auto a = t.names.find("a");
  auto b = t.names.find("b");
  caf::scoped_actor self{t.system};
  const int crashes = 10'000;
  for (int i = 1; i <= crashes; ++i) {
    self->send(a, crash_atom::value);
    self->send(a, work_atom::value, i);
    self->send(b, work_atom::value, i);
  }
  CAF_CHECK(eventually([&] { return mine.worked == crashes && others.worked == crashes; }, 60s));
  CAF_CHECK_EQUAL(mine.worked.load(), crashes);
  CAF_CHECK_EQUAL(mine.out_of_order.load(), 0);
  CAF_CHECK_EQUAL(mine.made.load(), crashes + 1);
  CAF_CHECK_EQUAL(others.made.load(), 1);
  CAF_CHECK_EQUAL(others.out_of_order.load(), 0);
  CAF_CHECK(t.names.find("a") == a);
  CAF_CHECK_EQUAL(t.names.lookup("b")->life->incarnation.load(), 1u);
  CAF_CHECK_EQUAL(t.names.lookup("a")->life->crashes.load(), static_cast<unsigned>(crashes));
  CAF_CHECK(eventually([&] { return t.told.restarts == crashes; }));
  auto dead = t.top->post_mortems("a");
  CAF_REQUIRE_EQUAL(dead.size(), 5u);
  CAF_CHECK_EQUAL(dead[0]["error"], "boom");
  CAF_CHECK_EQUAL(dead[0]["message"], "('crash')");
  CAF_CHECK(!dead[0]["last_messages"].empty());
}

CAF_TEST(a queue outlives pauses and quarantine refuses by name) {
  ledger book;
  auto spec = supervisor_of("house", {worker("a", book)});
  spec.backoff = {.first = 20ms, .second = 20ms, .longest = 20ms, .factor = 1, .jitter = 0,
                  .forgiven_after = 60s};
  spec.intensity.restarts = 2;
  bool quarantined = false;
  spec.children[0].on_quarantine = [&](bool entered) { quarantined = entered; };
  live_tree t{std::move(spec)};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  auto a = t.names.find("a");
  caf::scoped_actor self{t.system};
  for (int i = 1; i <= 2; ++i) {
    self->send(a, crash_atom::value);
    self->send(a, work_atom::value, i);
  }
  CAF_CHECK(eventually([&] { return book.worked == 2; }));
  CAF_CHECK_EQUAL(book.made.load(), 3);
  CAF_CHECK(t.names.find("a") == a);
  self->send(a, crash_atom::value);
  CAF_CHECK(eventually([&] { return t.told.count("quarantined a") == 1; }));
  CAF_CHECK(quarantined);
  self->request(a, 5s, work_atom::value, 3)
    .receive([&](int) { CAF_FAIL("answered"); },
             [&](const caf::error& e) {
               CAF_CHECK(from_caf(e).code == errc::quarantined);
               CAF_CHECK(from_caf(e).context.find("boom") != std::string::npos);
             });
  CAF_CHECK(t.names.lookup("a")->life->state == run_state::quarantined);
  // Released by hand it works again, and the alarm ends.
  CAF_CHECK(t.top->act("a", child_order::kind::release));
  CAF_CHECK(!quarantined);
  self->request(a, 5s, work_atom::value, 4).receive([&](int) {}, [&](const caf::error&) {
    CAF_FAIL("refused");
  });
  CAF_CHECK_EQUAL(t.told.count("released a"), 1);
}

CAF_TEST(a hung call is found at its deadline replaced and fenced) {
  ledger book;
  auto bus = worker("bus", book);
  bus.detached = true;
  bus.answer_within = 200ms;
  live_tree t{tireless(supervisor_of("house", {bus})), {.sweep_every = 50ms, .ping_every = 10s}};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  ledger listening;
  CAF_REQUIRE(t.top->add("house", worker("listener", listening)));
  auto old = t.names.find("bus");
  caf::scoped_actor self{t.system};
  auto begun = std::chrono::steady_clock::now();
  self->send(old, block_atom::value, t.names.find("listener"));
  CAF_REQUIRE(eventually([&] { return book.made == 2; }));
  auto took = std::chrono::steady_clock::now() - begun;
  CAF_CHECK(took >= 200ms);
  CAF_CHECK(took < 4s);
  CAF_CHECK(t.names.find("bus") != old);
  CAF_CHECK(t.names.find("bus"));
  self->request(t.names.find("bus"), 5s, work_atom::value, 1)
    .receive([](int) {}, [](const caf::error&) { CAF_FAIL("the new one does not serve"); });
  CAF_CHECK_EQUAL(t.told.count("hung bus, replaced"), 1);
  CAF_CHECK_EQUAL(t.names.lookup("bus")->life->incarnation.load(), 2u);
  auto dead = t.top->post_mortems("bus");
  CAF_CHECK_EQUAL(dead[0]["how"], "hung");
  // Its call returns: what it says then is nobody's business any more.
  book.let_go = true;
  self->monitor(old);
  self->receive([](const caf::down_msg&) {}, caf::after(5s) >> [] { CAF_FAIL("still there"); });
  self->request(t.names.find("listener"), 5s, work_atom::value, 2)
    .receive([](int) {}, [](const caf::error&) { CAF_FAIL("no answer"); });
  CAF_CHECK_EQUAL(listening.worked.load(), 1);
  CAF_CHECK(t.top->stop(5s));
}

CAF_TEST(a hung child without a thread of its own is marked until it answers) {
  ledger book;
  auto rule = worker("rule", book);
  rule.answer_within = 100ms;
  live_tree t{tireless(supervisor_of("house", {rule})), {.sweep_every = 50ms, .ping_every = 10s}};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  CAF_CHECK(t.top->act("rule", child_order::kind::hang, 400ms)); // the drill
  CAF_CHECK(eventually([&] { return t.told.count("hung rule") == 1; }));
  CAF_CHECK(t.names.lookup("rule")->life->state == run_state::hung);
  CAF_CHECK(eventually([&] { return t.told.count("recovered rule") == 1; }));
  CAF_CHECK(t.names.lookup("rule")->life->state == run_state::running);
  CAF_CHECK_EQUAL(book.made.load(), 1);
}

CAF_TEST(the reason survives from the actor to the end of the process) {
  ledger book;
  auto inner = supervisor_of("rules", {worker("rule/x", book)});
  inner.intensity = {.restarts = 1, .period = 60s, .escalate = true, .retry_quarantined = 0ms};
  inner.backoff.second = 0ms;
  auto outer = supervisor_of("house", {std::move(inner)});
  outer.intensity = {.restarts = 0, .period = 60s, .escalate = true, .retry_quarantined = 0ms};
  live_tree t{std::move(outer)};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  auto x = t.names.find("rule/x");
  caf::anon_send(x, crash_atom::value);
  caf::anon_send(x, crash_atom::value);
  CAF_REQUIRE(t.top->wait(10s));
  auto kept = t.top->failure();
  CAF_REQUIRE(kept);
  CAF_CHECK_EQUAL(t.failure, *kept);
  CAF_CHECK_EQUAL(t.failure,
                  "'rules' crashed: supervisor 'rules' gave up: 'rule/x' crashed: boom "
                  "(limit: 1 in 60 s) (limit: 0 in 60 s)");
  CAF_CHECK(!t.names.find("rule/x"));
  CAF_CHECK(t.top->stop(5s));
}

CAF_TEST(a failed supervisor comes back with the children that were added later) {
  ledger book;
  auto inner = supervisor_of("rules", {worker("a", book)});
  inner.intensity = {.restarts = 0, .period = 60s, .escalate = true, .retry_quarantined = 0ms};
  live_tree t{supervisor_of("house", {std::move(inner)})};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  CAF_CHECK(t.top->add("rules", worker("b", book)));
  caf::anon_send(t.names.find("a"), crash_atom::value);
  CAF_CHECK(eventually([&] { return book.made == 4; }));
  CAF_CHECK(eventually([&] { return t.names.find("a") && t.names.find("b"); }));
  CAF_CHECK_EQUAL(t.told.count("escalated rules"), 1);
}

CAF_TEST(a killed child is replaced under its name) {
  ledger book;
  live_tree t{supervisor_of("house", {worker("a", book)})};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  auto before = t.names.find("a");
  CAF_CHECK(t.top->act("a", child_order::kind::kill));
  CAF_CHECK(t.names.find("a") != before);
  caf::scoped_actor self{t.system};
  self->request(t.names.find("a"), 5s, work_atom::value, 1)
    .receive([](int n) { CAF_CHECK_EQUAL(n, 1); }, [](const caf::error&) { CAF_FAIL("dead"); });
  CAF_CHECK_EQUAL(t.names.lookup("a")->life->incarnation.load(), 2u);
}

CAF_TEST(children come and go while the others run on) {
  ledger book, others;
  live_tree t{supervisor_of("house", {worker("a", others)})};
  CAF_REQUIRE(eventually([&] { return others.made == 1; }));
  CAF_CHECK(t.top->add("house", worker("b", book)));
  auto twice = t.top->add("house", worker("b", book));
  CAF_CHECK(!twice && twice.why().code == errc::conflict);
  CAF_CHECK(t.top->act("b", child_order::kind::remove));
  CAF_CHECK(!t.names.find("b"));
  CAF_CHECK(t.top->act("b", child_order::kind::remove).why().code == errc::not_found);
  book.starts_to_fail = 1;
  auto failing = t.top->add("house", worker("c", book));
  CAF_CHECK(failing || failing.why().context.find("no line") != std::string::npos);
  CAF_CHECK(eventually([&] { return book.told().back() == "start c"; })); // tried again
  CAF_CHECK_EQUAL(others.made.load(), 1);
}

CAF_TEST(started top down and stopped bottom up) {
  ledger book;
  auto inner = supervisor_of("inner", {worker("b", book), worker("c", book)});
  auto outer = supervisor_of("house", {worker("a", book), std::move(inner), worker("d", book)});
  outer.how = strategy::rest_for_one;
  outer.children[1].how = strategy::rest_for_one;
  live_tree t{std::move(outer)};
  CAF_REQUIRE(eventually([&] { return book.told().size() == 4; }));
  auto tree = t.top->tree();
  CAF_CHECK_EQUAL(tree["name"], "house");
  CAF_CHECK_EQUAL(tree["children"][1]["children"][1]["name"], "c");
  CAF_CHECK_EQUAL(tree["children"][2]["state"], "running");
  CAF_CHECK(t.top->stop(5s));
  const std::vector<std::string> order = {"start a", "start b", "start c", "start d",
                                          "stop d",  "stop c",  "stop b",  "stop a"};
  CAF_CHECK(book.told() == order);
}

CAF_TEST(a tapped actor shows its messages and a viewed one its state) {
  ledger book;
  live_tree t{supervisor_of("house", {worker("a", book)})};
  CAF_REQUIRE(eventually([&] { return book.made == 1; }));
  caf::scoped_actor self{t.system};
  auto a = t.names.find("a");
  CAF_CHECK(t.top->tap("a", true));
  self->request(a, 5s, work_atom::value, 7).receive([](int) {}, [](const caf::error&) {});
  CAF_CHECK_EQUAL(t.told.count("tap a: ('work', 7)"), 1);
  t.top->tap("a", false);
  self->request(a, 5s, view_state{})
    .receive([](const std::string& x) { CAF_CHECK_EQUAL(x, "{\"mine\":1}"); },
             [](const caf::error&) { CAF_FAIL("no state"); });
}

CAF_TEST(a crash in a response handler or a timer restarts in place too) {
  ledger book, other;
  live_tree t{tireless(supervisor_of("house", {worker("a", book), worker("b", other)}))};
  CAF_REQUIRE(eventually([&] { return book.made == 1 && other.made == 1; }));
  auto a = t.names.find("a");
  caf::anon_send(a, ask_atom::value, t.names.find("b"));
  CAF_CHECK(eventually([&] { return book.made == 2; }));
  caf::anon_send(a, crash_atom::value, 1);
  CAF_CHECK(eventually([&] { return book.made == 3; }));
  CAF_CHECK(t.names.find("a") == a);
  CAF_CHECK_EQUAL(t.told.count("crashed a: choked on the answer"), 1);
  CAF_CHECK(eventually([&] { return t.told.count("crashed a: timer") == 1; }));
  auto dead = t.top->post_mortems("a");
  CAF_CHECK_EQUAL(dead[0]["message"], "timer 1");
}

CAF_TEST(who sits in a call at the stop is named so that the process can leave) {
  ledger book;
  auto bus = worker("bus", book);
  bus.detached = true;
  bus.stop_within = 50ms;
  live_tree t{supervisor_of("house", {bus, worker("a", book)})};
  CAF_REQUIRE(eventually([&] { return book.made == 2; }));
  caf::anon_send(t.names.find("bus"), block_atom::value, t.names.find("a"));
  std::this_thread::sleep_for(20ms); // into the call
  auto begun = std::chrono::steady_clock::now();
  auto stopped = t.top->stop(10s);
  CAF_CHECK(std::chrono::steady_clock::now() - begun < 5s);
  CAF_REQUIRE(!stopped);
  CAF_CHECK(stopped.why().code == errc::timed_out);
  CAF_CHECK(stopped.why().context.find("bus") != std::string::npos);
  book.let_go = true; // or the actor system would wait for ever, as it says
  CAF_CHECK(eventually([&] { return t.top->stop(1s).why().code == errc::none; }));
}
