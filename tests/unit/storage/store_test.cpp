#undef CAF_SUITE
#define CAF_SUITE store
#include <caf/test/dsl.hpp>

#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

struct store_fixture {
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
    auto x = replicated_store::open(make_memory_engine(disk), options(), clock);
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

CAF_TEST_FIXTURE_SCOPE(store_tests, store_fixture)

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

CAF_TEST(I3 a power cut at every start leaves one slot per key and a total that holds) {
  for (int i = 0; i < 30; ++i) {
    open();
    CAF_CHECK_EQUAL(it->counter("water").total, static_cast<std::uint64_t>(i) * 3);
    it->counted("water", 3);
    CAF_CHECK(it->put(slot_kind::own, "rule/night", std::to_string(i)));
    pass(1s);
    pass(10min);
    pass(1s);
    pass(1s);
    power_cut();
  }
  open();
  it->work();
  CAF_CHECK(disk->content(family::slot).size() < 8u);
  CAF_CHECK(disk->content(family::meta).size() < 25u);
}

CAF_TEST(I6 what was written before this open is restored and what is written now is not) {
  open();
  CAF_CHECK(it->put(slot_kind::map, "a", "1"));
  CAF_CHECK(!it->get(slot_kind::map, "a")->restored);
  it->work();
  CAF_CHECK(it->close());
  open();
  int told_changes = 0;
  auto keep = it->on_change(slot_kind::map, "", [&](const entry&, bool) { ++told_changes; });
  CAF_CHECK(it->get(slot_kind::map, "a")->restored);
  it->work();
  CAF_CHECK_EQUAL(told_changes, 0);
  CAF_CHECK(it->put(slot_kind::map, "a", "1")); // the same again
  CAF_CHECK_EQUAL(told_changes, 0);
  CAF_CHECK(it->get(slot_kind::map, "a")->restored);
  CAF_CHECK(it->put(slot_kind::map, "a", "2"));
  CAF_CHECK_EQUAL(told_changes, 1);
  CAF_CHECK(!it->get(slot_kind::map, "a")->restored);
}

CAF_TEST(a clock set back a year does not set the stamps back and is noted) {
  open();
  CAF_CHECK(it->put(slot_kind::map, "a", "1"));
  it->work();
  const auto before = it->get(slot_kind::map, "a")->stamp;
  CAF_CHECK(it->close());
  clock.set_wall(clock.wall() - 365ll * 24 * 3600 * 1000);
  open();
  CAF_CHECK(it->put(slot_kind::map, "a", "2"));
  CAF_CHECK(before < it->get(slot_kind::map, "a")->stamp);
  CAF_CHECK_EQUAL(text("a"), "2");
  bool noted = false;
  for (const auto& x : it->journal({}))
    noted = noted || x.text.find("behind the last known time") != std::string::npos;
  CAF_CHECK(noted);
}

CAF_TEST(the journal keeps so many events and their numbers go on) {
  auto few = options();
  few.journal_events = 100;
  auto x = replicated_store::open(make_memory_engine(disk), few, clock);
  CAF_REQUIRE(x);
  it = std::move(*x);
  for (int i = 0; i < 500; ++i) {
    journal_event event;
    event.text = std::to_string(i);
    it->append(event);
    pass(1s);
  }
  journal_query all;
  all.newest = 1000;
  CAF_CHECK(it->journal(all).size() <= 101u);
  pass(1s);
  CAF_CHECK(disk->content(family::jrn).size() <= 102u);
  const auto last = it->journal(all).back();
  CAF_CHECK_EQUAL(last.text, "499");
  power_cut();
  open();
  CAF_CHECK_EQUAL(it->journal(all).back().seq, last.seq);
  it->append({});
  CAF_CHECK_EQUAL(it->journal(all).back().seq, last.seq + 1);
}

CAF_TEST(an alarm is durable at once and an ordinary event within a second) {
  open();
  journal_event event;
  event.text = "ordinary";
  it->append(event);
  CAF_CHECK(it->work() > clock.mono());
  CAF_CHECK_EQUAL(disk->content(family::jrn).size(), 0u);
  event.level = severity::alarm;
  event.text = "leak";
  it->append(event);
  it->work();
  CAF_CHECK_EQUAL(disk->content(family::jrn).size(), 2u);
  event.level = severity::info;
  it->append(event);
  CAF_CHECK(it->work() <= clock.mono() + 1'000'000'000);
}

CAF_TEST(a chattering fault is counted and not written a thousand times) {
  open();
  journal_event event;
  event.text = "bus lost";
  for (int i = 0; i < 1000; ++i)
    it->append(event);
  pass(1s);
  const auto all = it->journal({});
  CAF_CHECK_EQUAL(all.size(), 6u);
  CAF_CHECK(all.back().text.find("995 more times") != std::string::npos);
}

CAF_TEST(setting a counter twice with one request changes it once) {
  open();
  it->counted("water", 40);
  CAF_CHECK(it->set_counter("water", 1000, "r1", told.next()));
  it->work();
  it->counted("water", 42);
  CAF_CHECK(it->set_counter("water", 1000, "r1", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.good(), 2u);
  CAF_CHECK_EQUAL(it->counter("water").total, 1002u);
  CAF_CHECK_EQUAL(it->counter("water").raw, 42u);
  power_cut();
  open();
  CAF_CHECK(it->counter("water").total >= 1000u);
  CAF_CHECK(it->set_counter("water", 1000, "r1", told.next()));
  it->work();
  it->counted("water", 1);
  CAF_CHECK(it->counter("water").total >= 1001u);
}

CAF_TEST(more than the disk can follow is refused and told) {
  auto small = options();
  small.max_pending_ops = 10;
  auto x = replicated_store::open(make_memory_engine(disk), small, clock);
  CAF_REQUIRE(x);
  it = std::move(*x);
  status last;
  for (int i = 0; i < 20; ++i)
    last = it->put(slot_kind::map, "k" + std::to_string(i), "v");
  CAF_REQUIRE(!last);
  CAF_CHECK(last.why().code == errc::over_limit);
  it->work();
  CAF_CHECK(it->put(slot_kind::map, "later", "v"));
}

CAF_TEST(many writes between two commits cost one) {
  open();
  const auto before = it->stats().commits;
  for (int i = 0; i < 100; ++i)
    CAF_CHECK(it->put(slot_kind::map, "k" + std::to_string(i), "v", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.good(), 100u);
  CAF_CHECK_EQUAL(it->stats().commits, before + 1);
}

CAF_TEST(an erased entry is gone from RAM and disk) {
  open();
  CAF_CHECK(it->put(slot_kind::map, "a", "1"));
  it->work();
  CAF_CHECK(it->erase(slot_kind::map, "a", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.good(), 1u);
  CAF_CHECK_EQUAL(text("a"), "-");
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "-");
  CAF_CHECK(it->erase(slot_kind::map, "a").why().code == errc::not_found);
  it->work();
  CAF_CHECK(it->put(slot_kind::map, "b", "1"));
  it->work();
  CAF_CHECK_EQUAL(disk->content(family::slot).size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
