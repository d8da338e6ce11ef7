#undef CAF_SUITE
#define CAF_SUITE input_port

#include "actors/bus/port.hpp"
#include "tests/support/unit_bench.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

struct port_fixture {
  moved_clock clock;
  input_port port{4, clock};
  int woken = 0;
  std::vector<drivers::edge> edges;

  port_fixture() {
    port.set_waker(std::make_shared<const std::function<void()>>([this] { ++woken; }));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ports, port_fixture)

CAF_TEST(a storm of edges wakes once until it is drained I11) {
  for (int i = 0; i < 1000; ++i)
    port.on_edge({i % 2 == 0, i, static_cast<std::uint32_t>(i + 1)});
  CAF_CHECK_EQUAL(woken, 1);
  const auto seen = port.drain(edges);
  CAF_CHECK_EQUAL(seen.rising, 500u);
  CAF_CHECK_EQUAL(seen.falling, 500u);
  port.on_edge({true, 1000, 1001});
  CAF_CHECK_EQUAL(woken, 2);
}

CAF_TEST(over its bound the ring drops the oldest and the counts stay exact I11) {
  for (int i = 1; i <= 10; ++i)
    port.on_edge({true, i, 0});
  const auto seen = port.drain(edges);
  CAF_CHECK_EQUAL(seen.rising, 10u);
  CAF_CHECK_EQUAL(seen.dropped, 6u);
  CAF_REQUIRE_EQUAL(edges.size(), 4u);
  for (int i = 0; i < 4; ++i)
    CAF_CHECK_EQUAL(edges[static_cast<std::size_t>(i)].at, 7 + i);
}

CAF_TEST(news that waits wakes a consumer that comes later) {
  port.on_edge({true, 1, 1});
  port.set_waker({}); // its consumer crashed before it drained
  port.set_waker(std::make_shared<const std::function<void()>>([this] { woken += 10; }));
  CAF_CHECK_EQUAL(woken, 11);
}

CAF_TEST(the time without a driver is a gap of at most what the rate allows) {
  const struct {
    const char* what;
    double max_rate_hz;
    mono_ns away;
    std::uint64_t missed;
  } rows[] = {
    {"no time at all still hides one edge", 1000, 0, 1},
    {"a millisecond at 1 kHz", 1000, ms, 2},
    {"a second at 1 kHz", 1000, sec, 1001},
    {"an hour at one pulse a second", 1, 3600 * sec, 3601},
    {"half a second at one pulse a second", 1, sec / 2, 1},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    input_port p{0, clock};
    p.opened(false, 0, x.max_rate_hz, clock.now);
    CAF_CHECK_EQUAL(p.look().gaps, 0u);
    p.closed({errc::device_lost, "gone"}, clock.now);
    p.opened(false, 0, x.max_rate_hz, clock.now + x.away);
    CAF_CHECK_EQUAL(p.look().missed_at_most, x.missed);
    CAF_CHECK_EQUAL(p.look().gaps, 1u);
  }
}

CAF_TEST(a line that is lost under the driver begins its gap at once) {
  port.opened(true, 0, 10, clock.now);
  port.on_lost({errc::device_lost, "unplugged"});
  clock.now += 2 * sec;
  port.closed({errc::device_lost, "unplugged"}, clock.now);
  clock.now += sec;
  port.opened(true, 0, 10, clock.now);
  CAF_CHECK_EQUAL(port.look().missed_at_most, 31u);
}

CAF_TEST(a level that was read does not overrule an edge that came after it) {
  const auto seen = port.look().edges();
  port.on_edge({true, 5, 1});
  port.opened(false, seen, 10, clock.now);
  CAF_CHECK(port.look().level == std::optional{true});
}

CAF_TEST(a gap that the driver saw adds its bound and its level) {
  port.on_gap({17, true, 3});
  port.on_gap({4, false, 4});
  CAF_CHECK_EQUAL(port.look().missed_at_most, 21u);
  CAF_CHECK_EQUAL(port.look().gaps, 2u);
  CAF_CHECK(port.look().level == std::optional{false});
}

CAF_TEST(a counter counts the edges of its kind) {
  for (int i = 0; i < 5; ++i)
    port.on_edge({i % 2 == 0, i, 0});
  const auto seen = port.look();
  CAF_CHECK_EQUAL(seen.pulses(edge_kind::rising), 3u);
  CAF_CHECK_EQUAL(seen.pulses(edge_kind::falling), 2u);
  CAF_CHECK_EQUAL(seen.pulses(edge_kind::both), 5u);
  CAF_CHECK_EQUAL(seen.pulses(edge_kind::none), 3u);
}

CAF_TEST(a failed poll keeps the last sample and says why) {
  port.sampled(21.5, 7);
  port.sampled(error{errc::bus_timeout, "late"}, 8);
  const auto seen = port.look();
  CAF_CHECK(seen.sample == std::optional{21.5});
  CAF_CHECK_EQUAL(seen.sampled_at, 7);
  CAF_CHECK(seen.sample_trouble.code == errc::bus_timeout);
}

CAF_TEST_FIXTURE_SCOPE_END()
