#undef CAF_SUITE
#define CAF_SUITE store_trouble
#include <caf/test/dsl.hpp>

#include "storage/replicated_store.hpp"
#include "tests/support/faulty_engine.hpp"
#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

struct fixture {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::shared_ptr<test::disk_trouble> trouble = std::make_shared<test::disk_trouble>();
  test::hand_clock clock;
  test::outcomes told;
  std::vector<std::unique_ptr<store>> dead;
  std::unique_ptr<store> it;

  store_options options() {
    store_options out;
    out.node = "attic";
    out.ring_path = "pulse.ring";
    return out;
  }
  status try_open() {
    auto x = replicated_store::open(test::make_faulty_engine(disk, trouble), options(), clock);
    if (!x)
      return x.why();
    it = std::move(*x);
    return {};
  }
  void open() { CAF_REQUIRE(try_open()); }
  void power_cut() {
    dead.push_back(std::move(it));
    disk->crash();
  }
  void pass(milliseconds x) {
    clock.pass(x);
    it->work();
  }
  void durably(const std::string& key, const std::string& value) {
    CAF_REQUIRE(it->put(slot_kind::map, key, value, told.next()));
    it->work();
  }
  std::string text(slot_kind kind, const std::string& key) {
    auto x = it->get(kind, key);
    return x ? x->payload : "-";
  }
  std::string text(const std::string& key) { return text(slot_kind::map, key); }
  bool journal_says(const std::string& words) {
    for (const auto& x : it->journal({}))
      if (x.text.find(words) != std::string::npos)
        return true;
    return false;
  }
  void fail_next_commit(errc code = errc::io_error, bool comes_back = false) {
    trouble->fail_commits = {trouble->commits + 1};
    trouble->code = code;
    trouble->comes_back = comes_back;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(store_trouble_tests, fixture)

CAF_TEST(I1 a failed write is written again at once and its writers wait until it is safe) {
  open();
  durably("a", "1");
  const auto before = it->stats().stream;
  std::vector<std::string> seen;
  auto keep = it->on_change(slot_kind::map, "", [&](const entry& x, bool erased) {
    seen.push_back(x.key + "=" + (erased ? "-" : x.payload));
  });
  fail_next_commit();
  CAF_CHECK(it->put(slot_kind::map, "a", "2", told.next()));
  CAF_CHECK(it->put(slot_kind::map, "b", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.all().size(), 1u); // neither good nor bad yet
  CAF_CHECK_EQUAL(text("a"), "2");
  CAF_CHECK_EQUAL(text("b"), "2");
  CAF_CHECK_EQUAL(it->stats().reopens, 1u);
  CAF_CHECK_EQUAL(it->stats().stream, before); // RAM goes on, so the stream does
  it->work();
  CAF_CHECK_EQUAL(told.good(), 3u);
  CAF_CHECK_EQUAL(seen, (std::vector<std::string>{"a=2", "b=2"})); // nothing was taken back
  durably("c", "3");
  pass(10ms); // where two wrote, the next one waits a moment for company
  CAF_CHECK_EQUAL(told.good(), 4u);
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "2");
  CAF_CHECK_EQUAL(text("b"), "2");
  CAF_CHECK_EQUAL(text("c"), "3");
  CAF_CHECK(journal_says("write error"));
}

CAF_TEST(a write that fails twice within seconds is told as open and works on in RAM) {
  open();
  durably("a", "1");
  trouble->fail_commits = {trouble->commits + 1, trouble->commits + 3}; // the one between names the stream
  CAF_CHECK(it->put(slot_kind::map, "a", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.open(), 0u);
  it->work();
  CAF_CHECK_EQUAL(told.open(), 1u);
  CAF_CHECK(told.all().back().why().context.find("not stored yet") != std::string::npos);
  CAF_CHECK(it->stats().degraded);
  CAF_CHECK_EQUAL(text("a"), "2");
  CAF_CHECK(!it->put(slot_kind::map, "b", "1", told.next()));
  for (int i = 0; i < 5; ++i)
    pass(1s);
  CAF_CHECK(!it->stats().degraded);
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "2"); // it was stored after all
}

CAF_TEST(I1 a power cut between a failed write and its repetition loses only what nobody was told) {
  for (const bool comes_back : {false, true}) {
    disk = std::make_shared<memory_disk>();
    told = {};
    open();
    durably("a", "1");
    fail_next_commit(errc::io_error, comes_back);
    CAF_CHECK(it->put(slot_kind::map, "a", "2", told.next()));
    it->work();
    CAF_CHECK_EQUAL(told.good(), 1u);
    power_cut();
    open();
    CAF_CHECK_EQUAL(text("a"), comes_back ? "2" : "1");
  }
}

CAF_TEST(a failed write that comes back is written once more and is one entry) {
  open();
  durably("a", "1");
  fail_next_commit(errc::io_error, true);
  CAF_CHECK(it->put(slot_kind::map, "a", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(text("a"), "2");
  it->work();
  CAF_CHECK_EQUAL(told.good(), 2u);
  durably("a", "3");
  CAF_CHECK_EQUAL(disk->content(family::byseq).size(), disk->content(family::slot).size());
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "3");
  CAF_CHECK(!it->get(slot_kind::map, "a")->conflict);
}

CAF_TEST(facts of this node survive a failed commit whether it comes back or not) {
  for (const bool comes_back : {false, true}) {
    disk = std::make_shared<memory_disk>();
    open();
    CAF_CHECK(it->put(slot_kind::own, "rule/night", "armed"));
    journal_event event;
    event.kind = "output";
    event.subject = "hall/lamp";
    event.text = "off -> on";
    it->append(event);
    it->counted("water", 40);
    fail_next_commit(errc::io_error, comes_back);
    pass(1s);
    CAF_CHECK_EQUAL(it->stats().reopens, 1u);
    it->counted("water", 42);
    pass(1s);
    pass(10min);
    CAF_CHECK_EQUAL(it->counter("water").total, 42u);
    CAF_CHECK_EQUAL(text(slot_kind::own, "rule/night"), "armed");
    power_cut();
    open();
    CAF_CHECK_EQUAL(text(slot_kind::own, "rule/night"), "armed");
    CAF_CHECK_EQUAL(it->counter("water").total, 42u);
    journal_query about;
    about.subject = "hall/lamp";
    CAF_CHECK_EQUAL(it->journal(about).size(), 1u);
  }
}

CAF_TEST(I9 a full disk refuses configuration with a way out while the rest goes on) {
  open();
  durably("a", "1");
  trouble->refuse_writes = true;
  trouble->code = errc::disk_full;
  CAF_CHECK(it->put(slot_kind::map, "a", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(told.open(), 1u);
  CAF_CHECK(it->stats().degraded);
  CAF_CHECK_EQUAL(text("a"), "2"); // it works, and says that it is not stored
  const auto refused = it->put(slot_kind::map, "b", "1", told.next());
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::disk_full);
  CAF_CHECK(refused.why().context.find("scripted disk") != std::string::npos);
  CAF_CHECK(refused.why().context.find("Free space") != std::string::npos);
  CAF_CHECK(it->put(slot_kind::own, "rule/night", "armed"));
  it->counted("water", 7);
  pass(10s); // the ring is preallocated: check points go on
  CAF_CHECK_EQUAL(it->counter("water").provisional, 0u);
  const auto tries = trouble->opens;
  for (int i = 0; i < 600; ++i)
    pass(1s);
  CAF_CHECK(trouble->opens - tries < 30u); // with back-off
  trouble->refuse_writes = false;
  for (int i = 0; i < 61; ++i)
    pass(1s);
  CAF_CHECK(!it->stats().degraded);
  CAF_CHECK(journal_says("writes again"));
  CAF_CHECK_EQUAL(text("a"), "2");
  durably("b", "1");
  CAF_CHECK_EQUAL(told.good(), 2u);
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "2");
  CAF_CHECK_EQUAL(text("b"), "1");
  CAF_CHECK_EQUAL(text(slot_kind::own, "rule/night"), "armed");
  CAF_CHECK_EQUAL(it->counter("water").total, 7u);
}

CAF_TEST(a disk that is read-only from the start shows what it holds) {
  open();
  durably("a", "1");
  CAF_CHECK(it->close());
  trouble->refuse_writes = true;
  open();
  CAF_CHECK(it->stats().degraded);
  CAF_CHECK_EQUAL(text("a"), "1");
  CAF_CHECK(!it->put(slot_kind::map, "b", "1"));
  CAF_CHECK(it->put(slot_kind::own, "rule/night", "armed"));
  trouble->refuse_writes = false;
  for (int i = 0; i < 10; ++i)
    pass(1s);
  CAF_CHECK(!it->stats().degraded);
  durably("b", "1");
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "1");
  CAF_CHECK_EQUAL(text("b"), "1");
  CAF_CHECK_EQUAL(text(slot_kind::own, "rule/night"), "armed");
}

CAF_TEST(a damaged database is moved aside and counters come back from the ring) {
  open();
  durably("a", "1");
  it->counted("water", 40);
  pass(10s);
  power_cut();
  trouble->corrupt_open = true;
  open();
  CAF_CHECK_EQUAL(trouble->moved, 1u);
  CAF_CHECK_EQUAL(text("a"), "-");
  CAF_CHECK_EQUAL(it->counter("water").total, 40u);
  CAF_CHECK(journal_says("damaged"));
  it->counted("water", 2);
  pass(10s);
  power_cut();
  open();
  CAF_CHECK_EQUAL(it->counter("water").total, 42u);
}

CAF_TEST(one flipped bit in a slot is damage and not another value) {
  open();
  durably("a", "1");
  power_cut();
  const auto slots = disk->content(family::slot);
  CAF_REQUIRE(!slots.empty());
  auto [key, value] = *slots.begin();
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 4);
  disk->tamper(family::slot, key, value);
  open();
  CAF_CHECK_EQUAL(trouble->moved, 1u);
  CAF_CHECK_EQUAL(text("a"), "-");
  CAF_CHECK(journal_says("check sum"));
}

CAF_TEST(damage found after a write error is healed from RAM) {
  open();
  durably("a", "1");
  it->counted("water", 40);
  fail_next_commit();
  trouble->corrupt_open = true;
  CAF_CHECK(it->put(slot_kind::map, "b", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(trouble->moved, 1u);
  CAF_CHECK_EQUAL(text("a"), "1");
  CAF_CHECK_EQUAL(text("b"), "2");
  it->work();
  CAF_CHECK_EQUAL(told.good(), 2u);
  durably("c", "3");
  pass(10min);
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "1");
  CAF_CHECK_EQUAL(text("b"), "2");
  CAF_CHECK_EQUAL(text("c"), "3");
  CAF_CHECK_EQUAL(it->counter("water").total, 40u);
}

/// The damage is found, and the new database cannot be made at once.
CAF_TEST(I1 a damaged database on a full disk is written anew when there is room) {
  open();
  durably("a", "1");
  CAF_REQUIRE_EQUAL(told.good(), 1u);
  fail_next_commit(errc::disk_full);
  trouble->refuse_writes = trouble->corrupt_open = true;
  CAF_CHECK(it->put(slot_kind::map, "b", "2", told.next()));
  it->work();
  CAF_CHECK_EQUAL(trouble->moved, 1u);
  CAF_CHECK(it->stats().degraded);
  trouble->refuse_writes = false;
  pass(1min);
  CAF_CHECK(!it->stats().degraded);
  durably("c", "3");
  power_cut();
  open();
  CAF_CHECK_EQUAL(text("a"), "1");
  CAF_CHECK_EQUAL(text("b"), "2");
  CAF_CHECK_EQUAL(text("c"), "3");
}

CAF_TEST(a failing ring is an alarm and its counts reach the database) {
  open();
  trouble->ring_fails = true;
  it->counted("water", 5);
  pass(10s);
  CAF_CHECK(journal_says("counter ring"));
  CAF_CHECK_EQUAL(it->counter("water").provisional, 5u);
  pass(61s);
  CAF_CHECK_EQUAL(it->counter("water").provisional, 0u);
  power_cut();
  open();
  CAF_CHECK_EQUAL(it->counter("water").total, 5u);
}

CAF_TEST(a rolled back database is noticed by its ring) {
  open();
  durably("a", "1");
  const auto old = std::make_shared<memory_disk>();
  for (auto where : {family::slot, family::byseq, family::jrn, family::meta})
    for (const auto& [key, value] : disk->content(where))
      old->tamper(where, key, value);
  durably("a", "2");
  it->counted("water", 5);
  pass(10s);
  CAF_CHECK(it->close());
  old->write_ring("pulse.ring", 0, disk->ring("pulse.ring"));
  disk = old;
  open();
  CAF_CHECK(journal_says("older than the counter ring"));
  CAF_CHECK_EQUAL(it->counter("water").total, 5u);
}

CAF_TEST_FIXTURE_SCOPE_END()
