#define CAF_SUITE bounds
#include "tests/support/suite.hpp"

#include "cluster/transport/bounds.hpp"

using namespace troupe;
using namespace troupe::cluster;

CAF_TEST(half open connections are bounded in all and per address) {
  half_open_table table{5, 2};
  CAF_CHECK_EQUAL(table.admit("a"), "");
  CAF_CHECK_EQUAL(table.admit("a"), "");
  CAF_CHECK(table.admit("a").find("from this address") != std::string::npos);
  CAF_CHECK_EQUAL(table.admit("b"), "");
  CAF_CHECK_EQUAL(table.admit("c"), "");
  CAF_CHECK_EQUAL(table.admit("d"), "");
  CAF_CHECK(table.admit("e").find("at most 5") != std::string::npos);
  table.release("a");
  CAF_CHECK_EQUAL(table.admit("e"), "");
  table.release("unknown");
  CAF_CHECK_EQUAL(table.count(), 5u);
}

CAF_TEST(a flood of refusals becomes a sum) {
  refusal_meter meter{2};
  const mono_ns second = 1'000'000'000, start = 50 * second;
  CAF_CHECK(meter.note(start).tell);
  CAF_CHECK(meter.note(start).tell);
  for (int i = 0; i < 7; ++i)
    CAF_CHECK(!meter.note(start + i).tell);
  CAF_CHECK_EQUAL(meter.take_unsaid(start + second / 2), 0u);
  auto next = meter.note(start + second);
  CAF_CHECK(next.tell);
  CAF_CHECK_EQUAL(next.unsaid, 7u);
  meter.note(start + second);
  meter.note(start + second);
  CAF_CHECK(meter.owes());
  CAF_CHECK_EQUAL(meter.take_unsaid(start + 2 * second), 1u);
  CAF_CHECK_EQUAL(meter.take_unsaid(start + 9 * second), 0u);
}
