#undef CAF_SUITE
#define CAF_SUITE supervision_shell

#include "actors/supervision/fault.hpp"
#include "tests/unit/supervision/probe.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// One tree in virtual time.
struct shell_stage : test_coordinator_fixture<> {
  ledger book;
  directory names;
  memory told;
  std::unique_ptr<root> top;

  void begin(child_spec spec, limits bounds = {}) {
    top = start_root(sys, std::move(spec), told, names, system_clocks(), {}, bounds);
    consume_messages();
  }
  ~shell_stage() override {
    if (top) {
      caf::anon_send(top->handle(), order{order::kind::stop, 0, {}});
      consume_messages();
      top.reset();
    }
  }
  std::size_t pass(caf::timespan t) {
    advance_time(t);
    return consume_messages();
  }
  caf::actor a() { return names.find("a"); }
};

child_spec one(ledger& book) {
  auto x = supervisor_of("house", {worker("a", book)});
  x.backoff.jitter = 0;
  return x;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(shell_tests, shell_stage)

CAF_TEST(the second crash waits fifty milliseconds with its messages) {
  begin(one(book));
  auto self_ = a();
  anon_send(a(), crash_atom::value);
  consume_messages();
  CAF_CHECK_EQUAL(book.made.load(), 2);
  anon_send(a(), crash_atom::value);
  anon_send(a(), work_atom::value, 1);
  consume_messages();
  CAF_CHECK_EQUAL(book.made.load(), 2);
  CAF_CHECK(names.lookup("a")->life->state == run_state::waiting);
  pass(49ms);
  CAF_CHECK_EQUAL(book.worked.load(), 0);
  pass(1ms);
  CAF_CHECK_EQUAL(book.made.load(), 3);
  CAF_CHECK_EQUAL(book.worked.load(), 1);
  CAF_CHECK(a() == self_);
}

CAF_TEST(the mailbox of a waiting actor is bounded and the oldest goes I11) {
  begin(one(book), {.waiting_mailbox = 3});
  anon_send(a(), crash_atom::value);
  consume_messages();
  anon_send(a(), crash_atom::value);
  auto refused = self->request(a(), caf::infinite, work_atom::value, 1);
  for (int i = 2; i <= 5; ++i)
    anon_send(a(), work_atom::value, i);
  consume_messages();
  refused.receive([](int) { CAF_FAIL("served"); },
                  [](const caf::error& e) { CAF_CHECK(from_caf(e).code == errc::over_limit); });
  pass(50ms);
  CAF_CHECK_EQUAL(book.worked.load(), 3); // 3, 4 and 5
  CAF_CHECK_EQUAL(book.out_of_order.load(), 0);
  auto listed = top->list();
  CAF_CHECK_EQUAL(listed[0]["dropped"], 2);
  CAF_CHECK_EQUAL(listed[0]["mailbox"], 0);
}

CAF_TEST(the mailbox of a running actor is bounded and the newest goes I11) {
  begin(one(book), {.running_mailbox = 3});
  for (int i = 1; i <= 5; ++i)
    anon_send(a(), work_atom::value, i);
  auto refused = self->request(a(), caf::infinite, work_atom::value, 6);
  CAF_CHECK_EQUAL(top->list()[0]["mailbox"], 3);
  consume_messages();
  refused.receive([](int) { CAF_FAIL("served"); },
                  [](const caf::error& e) { CAF_CHECK(from_caf(e).code == errc::over_limit); });
  CAF_CHECK_EQUAL(book.worked.load(), 3); // 1, 2 and 3
  CAF_CHECK_EQUAL(book.out_of_order.load(), 0);
  CAF_CHECK_EQUAL(top->list()[0]["dropped"], 3);
  CAF_CHECK_EQUAL(top->list()[0]["mailbox"], 0);
  // There is room again.
  anon_send(a(), work_atom::value, 7);
  consume_messages();
  CAF_CHECK_EQUAL(book.worked.load(), 4);
}

CAF_TEST(a full mailbox is told once and once again when it has room I11) {
  begin(one(book), {.running_mailbox = 4});
  for (int round = 0; round < 2; ++round) {
    for (int i = 1; i <= 50; ++i)
      anon_send(a(), work_atom::value, i);
    pass(1s);
    pass(1s);
    CAF_CHECK_EQUAL(told.count("overfull a"), round + 1);
    CAF_CHECK_EQUAL(told.count("has room a"), round + 1);
  }
}

CAF_TEST(orders and urgent messages and bells enter a full mailbox I11) {
  begin(one(book), {.running_mailbox = 2});
  for (int i = 1; i <= 10; ++i)
    anon_send(a(), work_atom::value, i);
  anon_send<caf::message_priority::high>(a(), work_atom::value, 0);
  anon_send(a(), done_atom::value); // a lone atom: its sender would wait for ever
  CAF_CHECK_EQUAL(top->list()[0]["dropped"], 8);
  consume_messages();
  CAF_CHECK_EQUAL(book.worked.load(), 3);
  CAF_CHECK_EQUAL(book.made.load(), 2); // it ended as the bell told it, and came back
  // Not even bells come in without end.
  for (int i = 0; i < 100; ++i)
    anon_send(a(), crash_atom::value);
  CAF_CHECK_EQUAL(top->list()[0]["mailbox"], 4);
}

CAF_TEST(messages put aside and crashes are counted right I11) {
  struct picky : unit {
    explicit picky(bool& o) : open(o) {}
    caf::message_handler messages() override {
      return {[this](int) -> caf::result<void> {
                if (!open)
                  return caf::skip;
                return caf::unit;
              },
              [this](done_atom) { open = true; },
              [](crash_atom) { throw std::runtime_error("boom"); }};
    }
    bool& open;
  };
  bool open = false;
  auto spec = tireless(one(book));
  spec.children[0].make = [&](unit_context&) { return std::make_unique<picky>(open); };
  begin(std::move(spec));
  const auto mailbox = [&] { return top->list()[0]["mailbox"].get<int>(); };
  for (int i = 0; i < 3; ++i)
    anon_send(a(), i);
  consume_messages();
  CAF_CHECK_EQUAL(mailbox(), 3);
  anon_send(a(), crash_atom::value);
  consume_messages();
  CAF_CHECK_EQUAL(mailbox(), 3);
  anon_send(a(), done_atom::value);
  anon_send(a(), crash_atom::value); // the next incarnation looks at them again
  consume_messages();
  CAF_CHECK_EQUAL(mailbox(), 0);
}

CAF_TEST(a timer dies with its incarnation) {
  begin(one(book));
  anon_send(a(), crash_atom::value, 100); // arms it
  anon_send(a(), crash_atom::value);
  consume_messages();
  CAF_CHECK_EQUAL(book.made.load(), 2);
  pass(1s);
  CAF_CHECK_EQUAL(book.timers.load(), 0);
  anon_send(a(), crash_atom::value, 100);
  consume_messages();
  pass(100ms);
  CAF_CHECK_EQUAL(book.timers.load(), 1);
}

CAF_TEST(a unit finds itself under its name when it starts) {
  struct looker : unit {
    looker(unit_context& ctx, directory& names, bool& found) {
      found = names.find(ctx.name()) == caf::actor_cast<caf::actor>(ctx.self());
    }
    caf::message_handler messages() override { return {}; }
  };
  bool found = false;
  auto spec = one(book);
  spec.children[0].make = [&](unit_context& ctx) {
    return std::make_unique<looker>(ctx, names, found);
  };
  begin(std::move(spec));
  CAF_CHECK(found);
}

CAF_TEST(a quarantined child is tried again after five minutes) {
  auto spec = one(book);
  spec.intensity.restarts = 0;
  begin(std::move(spec));
  anon_send(a(), crash_atom::value);
  consume_messages();
  CAF_CHECK(names.lookup("a")->life->state == run_state::quarantined);
  CAF_CHECK_EQUAL(told.count("quarantined a"), 1);
  anon_send(a(), work_atom::value, 1); // dropped and counted
  consume_messages();
  auto listed = top->list();
  CAF_CHECK_EQUAL(listed[0]["dropped"], 1);
  pass(299s);
  CAF_CHECK_EQUAL(book.made.load(), 1);
  pass(1s);
  CAF_CHECK_EQUAL(book.made.load(), 2);
  CAF_CHECK_EQUAL(told.count("released a"), 1);
}

CAF_TEST(a unit that is done leaves if it is temporary and rests if it is transient) {
  auto spec = one(book);
  spec.children[0].when = restart::temporary;
  spec.children.push_back(worker("b", book));
  spec.children[1].when = restart::transient;
  begin(std::move(spec));
  anon_send(names.find("a"), done_atom::value);
  anon_send(names.find("b"), done_atom::value);
  consume_messages();
  CAF_CHECK(!names.find("a"));
  CAF_CHECK(!names.find("b"));
  auto tree = top->tree();
  CAF_REQUIRE_EQUAL(tree["children"].size(), 1u);
  CAF_CHECK_EQUAL(tree["children"][0]["name"], "b");
  CAF_CHECK_EQUAL(tree["children"][0]["state"], "stopped");
}

CAF_TEST(a hundred idle actors are left in peace) {
  std::vector<child_spec> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(worker("w" + std::to_string(i), book));
  begin(supervisor_of("house", std::move(many)));
  CAF_CHECK_EQUAL(book.made.load(), 100);
  std::size_t woken = 0;
  for (int i = 0; i < 60; ++i)
    woken += pass(1s);
  CAF_MESSAGE(woken << " messages in a minute");
  CAF_CHECK(woken <= 60 * 11 + 10); // a sweep each second, a round of pings each ten
  for (auto& row : names.list())
    CAF_CHECK_EQUAL(row.life->pinged_at.load(), 0);
}


CAF_TEST_FIXTURE_SCOPE_END()
