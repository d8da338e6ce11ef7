#undef CAF_SUITE
#define CAF_SUITE store
#include <caf/test/dsl.hpp>

#include "storage/memory/memory_engine.hpp"
#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  test::hand_clock clock;
  test::outcomes told;
  std::unique_ptr<store> it;

  store_options options() {
    store_options out;
    out.node = "attic";
    out.ring_path = "pulse.ring";
    return out;
  }
  void open() {
    auto x = store::open(make_memory_engine(disk), options(), clock);
    CAF_REQUIRE(x);
    it = std::move(*x);
  }
  void power_cut() {
    // The engine's copy of the disk stays; only what was synced is on it.
    [[maybe_unused]] auto* lost = it.release(); // a dead process writes nothing
    graveyard.emplace_back(lost);
    disk->crash();
  }
  void pass(milliseconds x) {
    clock.pass(x);
    it->work();
  }
  std::string text(const std::string& key) {
    auto x = it->get(slot_kind::map, key);
    return x ? x->payload : "-";
  }

  std::vector<std::unique_ptr<store>> graveyard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(store_tests, fixture)

CAF_TEST(I1 a durable write survives a power cut and one that was not told may not) {
  open();
  CAF_CHECK(it->put(slot_kind::map, "light/hall", "on", told.next()));
  CAF_CHECK_EQUAL(told.good(), 0u);
  it->work();
  CAF_CHECK_EQUAL(told.good(), 1u);
  CAF_CHECK(it->put(slot_kind::map, "light/attic", "on", told.next()));
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("light/hall"), "on");
  CAF_CHECK_EQUAL(text("light/attic"), "-");
  CAF_CHECK(it->get(slot_kind::map, "light/hall")->restored);
}

CAF_TEST(I3 a counter goes on after a power cut from its last check point) {
  open();
  it->counted("water", 40);
  pass(10s);
  CAF_CHECK_EQUAL(it->counter("water").provisional, 0u);
  it->counted("water", 45);
  CAF_CHECK_EQUAL(it->counter("water").total, 45u);
  CAF_CHECK_EQUAL(it->counter("water").provisional, 5u);
  power_cut();
  open();
  CAF_CHECK_EQUAL(it->counter("water").total, 40u);
  it->counted("water", 3);
  CAF_CHECK_EQUAL(it->counter("water").total, 43u);
  CAF_CHECK_EQUAL(it->counter("water").this_stream, 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()
