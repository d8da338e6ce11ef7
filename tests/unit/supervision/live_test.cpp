#undef CAF_SUITE
#define CAF_SUITE supervision_live

#include "tests/unit/supervision/probe.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

CAF_TEST(ten thousand crashes lose no queued message and disturb no sibling I8) {
  ledger mine, others;
  live_tree t{tireless(supervisor_of("house", {worker("a", mine), worker("b", others)}))};
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
