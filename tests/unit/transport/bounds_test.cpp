#define CAF_SUITE bounds
#include "tests/support/suite.hpp"

#include "cluster/membership/profile.hpp"
#include "cluster/transport/bounds.hpp"
#include "cluster/transport/transport.hpp"

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

CAF_TEST(what callers cost is bounded over time and not at once) {
  const mono_ns ms = 1'000'000, start = 50 * one_second;
  time_budget of{0.2, milliseconds{400}};
  CAF_CHECK(!of.is_spent(start));
  of.spend(milliseconds{399}, start);
  CAF_CHECK(!of.is_spent(start));
  of.spend(milliseconds{21}, start); // what is under way goes on
  CAF_CHECK(of.is_spent(start));
  CAF_CHECK(of.is_spent(start + 99 * ms));
  CAF_CHECK(!of.is_spent(start + 101 * ms));
  CAF_CHECK(!of.is_spent(start + 3600 * one_second));
  of.spend(milliseconds{401}, start + 3600 * one_second); // an hour of rest saves no more than the burst
  CAF_CHECK(of.is_spent(start + 3600 * one_second));
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

CAF_TEST(a dial is as patient as its profile) {
  struct {
    const char* profile;
    milliseconds connect, handshake, unacknowledged, forgotten;
  } table[] = {
    // The first is what `transport_limits` says by itself.
    {"lan", milliseconds{1100}, milliseconds{3000}, milliseconds{10'000}, milliseconds{20'000}},
    {"wan", milliseconds{12'000}, milliseconds{12'000}, milliseconds{32'000}, milliseconds{47'000}},
    {"radio", milliseconds{15'000}, milliseconds{15'000}, milliseconds{40'000}, milliseconds{56'000}},
    {"moon", milliseconds{1100}, milliseconds{3000}, milliseconds{10'000}, milliseconds{20'000}},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.profile);
    const auto limits = limits_for(patience_of(x.profile));
    CAF_CHECK_EQUAL(limits.connect_within.count(), x.connect.count());
    CAF_CHECK_EQUAL(limits.handshake_within.count(), x.handshake.count());
    CAF_CHECK_EQUAL(limits.unacknowledged_within.count(), x.unacknowledged.count());
    const auto pace = profile::named(x.profile);
    CAF_CHECK_EQUAL(pace.dial_forgotten.count(), x.forgotten.count());
    // A dial ends by its own limits before anybody takes it for lost.
    CAF_CHECK(limits.resolve_within + limits.connect_within + 2 * limits.handshake_within < pace.dial_forgotten);
    // A silent link is given up before TCP does it, and after it is judged.
    CAF_CHECK(pace.given_up_after > pace.down_after);
    CAF_CHECK(pace.given_up_after < limits.unacknowledged_within);
    // Who listens ends a half-open connection before TCP gives it up.
    CAF_CHECK(limits.handshake_within < limits.unacknowledged_within);
  }
  CAF_CHECK(limits_for(patience_of("lan")).connect_within == transport_limits{}.connect_within);
  CAF_CHECK(limits_for(patience_of("lan")).handshake_within == transport_limits{}.handshake_within);
}
