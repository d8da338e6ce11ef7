#undef CAF_SUITE
#define CAF_SUITE counter_unit

#include "actors/bus/make.hpp"
#include "actors/counter/make.hpp"
#include "actors/protocol/channel.hpp"
#include "tests/support/unit_bench.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

struct fixture : unit_bench {
  std::shared_ptr<bus_desk> desk = std::make_shared<bus_desk>("main", clock);
  counter_config config;

  fixture() : fixture(std::make_shared<storage::memory_disk>()) {}
  explicit fixture(std::shared_ptr<storage::memory_disk> d) : unit_bench(std::move(d)) {
    config.name = "water";
    config.line.line = "7";
    config.line.edges = edge_kind::rising;
    config.line.max_rate_hz = 10;
    config.pulses_per_unit = 10;
    config.unit = "l";
    config.rate_unit = "l/s";
    start("bus/main", make_bus(*all, desk, bus_config{}, [this](const bus_config&) {
            return open_fake(hw);
          }));
  }

  void start_counter() {
    start("water", make_counter(*all, desk, config));
    tell("bus/main", wake_atom::value);
    tell("water", wake_atom::value);
  }

  void pulses(int n) {
    for (int i = 0; i < n; ++i)
      hw.edge("7", true, clock.now);
  }

  count_view view() { return ask<count_view>("water", view_counter{}); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(counters, fixture)

CAF_TEST(pulses become units and are told at most five times a second) {
  start_counter();
  pass(sec);
  const auto watched = live.get("water");
  int told = 0;
  struct counting : storage::watcher {
    explicit counting(int& n) : n_(n) {}
    void on_change(const std::string&) noexcept override { ++n_; }
    int& n_;
  };
  auto who = std::make_shared<counting>(told);
  live.watch("water", who);
  for (int i = 0; i < 1000; ++i) {
    pulses(2);
    tell("water", wake_atom::value);
    pass(ms);
  }
  pass(sec);
  CAF_CHECK_EQUAL(view().total_pulses, 2000u);
  CAF_CHECK_EQUAL(live.get("water")->val.real, 200.0);
  CAF_CHECK(told >= 4);
  CAF_CHECK(told <= 7);
}

CAF_TEST(a crash at any moment counts no pulse twice and loses none I3 I8) {
  start_counter();
  for (int i = 0; i < 500; ++i) {
    pulses(3);
    if (i % 3 == 0)
      pass(300 * ms);
    if (i % 2 == 0)
      tell("water", wake_atom::value);
    crash("water");
  }
  pass(sec);
  CAF_CHECK_EQUAL(view().raw_pulses, 1500u);
  CAF_CHECK_EQUAL(live.get("water")->missed_at_most, 0u);
}

CAF_TEST(a counter that is removed and added again goes on I3) {
  start_counter();
  pulses(10);
  pass(sec);
  tell("water", wake_atom::value);
  seats.at("water").inside->stop();
  seats.erase("water");
  desk->detach("water");
  tell("bus/main", wake_atom::value);
  start_counter();
  pulses(5);
  pass(sec);
  tell("water", wake_atom::value);
  CAF_CHECK_EQUAL(view().raw_pulses, 15u);
  CAF_CHECK_EQUAL(live.get("water")->missed_at_most, 1u); // no time, so one edge
}

CAF_TEST(a new life says what it may have missed I3) {
  auto shared = std::make_shared<storage::memory_disk>();
  {
    fixture before{shared};
    before.start_counter();
    before.pulses(10);
    before.pass(sec);
    before.tell("water", wake_atom::value);
    CAF_REQUIRE(static_cast<bool>(before.store->close()));
  }
  fixture f{shared};
  f.clock.now += 5 * sec; // since the stamp of the first start
  f.start_counter();
  const auto r = f.live.get("water");
  CAF_REQUIRE(r);
  CAF_CHECK_EQUAL(r->val.real, 1.0);
  CAF_CHECK(r->told_as != origin::change);
  CAF_CHECK_EQUAL(r->missed_at_most, 41u); // 51 may have happened, 10 were saved
  CAF_CHECK_EQUAL(r->gaps, 1u);
  CAF_CHECK_EQUAL(f.store->journal({.subject = "water", .kind = "gap"}).size(), 1u);
}

CAF_TEST(a gap is in the reading and in the journal) {
  start_counter();
  hw.gap("7", 17, false);
  pass(sec);
  tell("water", wake_atom::value);
  const auto r = live.get("water");
  CAF_CHECK_EQUAL(r->missed_at_most, 17u);
  CAF_CHECK_EQUAL(to_string(*r), "0 (good, gap)");
  CAF_CHECK_EQUAL(store->journal({.subject = "water", .kind = "gap"}).size(), 1u);
}

CAF_TEST(a total that makes no sense is refused) {
  start_counter();
  const struct {
    const char* what;
    set_total x;
  } rows[] = {
    {"negative", {"r1", -1, "anna"}},
    {"no number", {"r1", std::numeric_limits<double>::quiet_NaN(), "anna"}},
    {"beyond any meter", {"r1", 1e300, "anna"}},
    {"no request", {"", 5, "anna"}},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(ask<command_answer>("water", x.x).code == errc::invalid_argument);
  }
}

CAF_TEST(the rate is told beside the total) {
  start_counter();
  for (int i = 0; i < 600; ++i) {
    pulses(1);
    tell("water", wake_atom::value);
    pass(200 * ms);
  }
  const auto r = live.get("water/rate");
  CAF_REQUIRE(r);
  CAF_CHECK(std::abs(r->val.real - 0.5) < 0.05);
}

CAF_TEST(a quarantined counter says so and its pulses go on below it) {
  start_counter();
  counter_quarantine(*all, config)(true);
  CAF_CHECK(live.get("water")->why == reason::quarantined);
  pulses(10);
  crash("water"); // released: a new incarnation
  pass(sec);
  CAF_CHECK_EQUAL(view().raw_pulses, 10u);
  CAF_CHECK_EQUAL(to_string(*live.get("water")), "1 (good)");
}

CAF_TEST_FIXTURE_SCOPE_END()
