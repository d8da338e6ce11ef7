#define CAF_SUITE daemon_desired

#include "apps/daemon/desired.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <thread>
#include <utility>

using namespace troupe;
using namespace troupe::daemon;

namespace {

/// A store whose thread commits all the time, as the store unit does.
struct desired_fixture {
  desired_fixture() {
    auto opened = storage::replicated_store::open(storage::make_memory_engine(disk), {}, system_clocks());
    CAF_REQUIRE(static_cast<bool>(opened));
    store = std::move(*opened);
    thread = std::thread{[this] {
      while (!done) {
        store->work();
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    }};
    house = std::make_unique<desired>(*store, system_clocks(), "attic");
  }

  ~desired_fixture() {
    done = true;
    thread.join();
  }

  std::uint64_t write(const std::vector<document>& wanted, const std::string& text) {
    auto revision = house->write(house->documents(), wanted, "anna", text);
    CAF_REQUIRE(static_cast<bool>(revision));
    return *revision;
  }

  std::shared_ptr<storage::memory_disk> disk = std::make_shared<storage::memory_disk>();
  std::unique_ptr<storage::store> store;
  std::atomic<bool> done{false};
  std::thread thread;
  std::unique_ptr<desired> house;
};

document lamp(int line) {
  return make_document("channel", "hall/lamp",
                       {{"bus", "sim"}, {"line", "out." + std::to_string(line)}, {"direction", "output"}});
}

const document bus = make_document("bus", "sim", {{"driver", "sim"}});

} // namespace

CAF_TEST_FIXTURE_SCOPE(desired_tests, desired_fixture)

CAF_TEST(what was written is read again and a write that changes nothing makes no revision) {
  CAF_CHECK_EQUAL(write({bus, lamp(1)}, "first"), 1u);
  const auto all = house->documents();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK(all[0] == bus);
  CAF_CHECK(all[1] == lamp(1));
  CAF_CHECK_EQUAL(write({lamp(1), bus}, "the same in another order"), 0u);
  CAF_CHECK_EQUAL(house->history(10).size(), 1u);
}

CAF_TEST(I1 a change leaves alone what another node wrote while it was being checked) {
  write({bus, lamp(1)}, "first");
  const auto before = house->documents();
  // Its documents come by replication, without a word to this one.
  desired elsewhere{*store, system_clocks(), "attic"};
  auto fan = make_document("channel", "bath/fan", {{"bus", "sim"}, {"line", "out.9"}, {"direction", "output"}});
  CAF_REQUIRE(elsewhere.write(before, {bus, lamp(2), fan}, "bob", "a lamp moved and a fan more"));
  auto heater = make_document("channel", "bath/heater", {{"bus", "sim"}, {"line", "out.8"}, {"direction", "output"}});
  CAF_REQUIRE(house->write(before, {bus, lamp(1), heater}, "anna", "a heater more"));
  const std::vector<document> all{bus, fan, heater, lamp(2)};
  CAF_CHECK(house->documents() == all);
  CAF_REQUIRE(house->write(all, {bus, fan, heater}, "anna", "no lamp"));
  CAF_CHECK_EQUAL(*house->write(all, {bus, fan, heater}, "bob", "no lamp, asked at the same time"), 0u);
  CAF_CHECK(*house->at_revision(2) == std::vector<document>({bus, fan, lamp(2)}));
}

CAF_TEST(every kept revision can be reached again) {
  const std::vector<std::vector<document>> states{{}, {bus}, {bus, lamp(1)}, {bus, lamp(2)}, {bus}, {}};
  for (std::size_t i = 1; i < states.size(); ++i)
    CAF_REQUIRE_EQUAL(write(states[i], "step"), i);
  for (std::size_t i = 0; i < states.size(); ++i) {
    CAF_MESSAGE("revision " << i);
    const auto then = house->at_revision(i);
    CAF_REQUIRE(static_cast<bool>(then));
    CAF_CHECK(*then == states[i]);
  }
  CAF_CHECK(!house->at_revision(6));
}

CAF_TEST(a change that is refused in part changes nothing) {
  write({bus, lamp(1)}, "first");
  auto huge = make_document("rule", "zz", {{"lua", std::string(storage::max_payload_bytes, '-')}});
  const auto done = house->write(house->documents(), {bus, lamp(2), huge}, "anna", "too much at once");
  CAF_REQUIRE(!done);
  CAF_CHECK(done.why().code == errc::over_limit);
  const auto all = house->documents();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK(all[1] == lamp(1));
  CAF_CHECK_EQUAL(house->history(10).size(), 1u);
}

CAF_TEST(the history of a house has those of all nodes and says whose each is) {
  write({bus, lamp(1)}, "first");
  desired boiler{*store, system_clocks(), "boiler"};
  CAF_REQUIRE(boiler.write({}, {bus}, "bob", "a bus"));
  std::this_thread::sleep_for(std::chrono::milliseconds{2}); // of one millisecond the order is the nodes'
  write({bus, lamp(2)}, "second");
  const auto all = desired::history_of_all(*store, 10);
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  CAF_CHECK_EQUAL(all[0].value("node", "") + "/" + all[0]["revision"].dump() + " " + all[0].value("text", ""), "attic/2 second");
  int of_boiler = 0;
  for (const auto& x : all)
    of_boiler += x.value("node", "") == "boiler" && x["revision"] == 1 && x.value("who", "") == "bob";
  CAF_CHECK_EQUAL(of_boiler, 1);
  CAF_CHECK_EQUAL(desired::history_of_all(*store, 1).size(), 1u);
}

CAF_TEST(history tells who and what and keeps the newest fifty) {
  for (int i = 1; i <= 55; ++i)
    write({bus, lamp(i)}, "lamp to " + std::to_string(i));
  const auto all = house->history(100);
  CAF_REQUIRE_EQUAL(all.size(), desired::kept_revisions);
  CAF_CHECK_EQUAL(all[0].value("revision", 0), 55);
  CAF_CHECK_EQUAL(all[0].value("who", ""), "anna");
  CAF_CHECK_EQUAL(all[0].value("text", ""), "lamp to 55");
  CAF_CHECK_EQUAL(all.back().value("revision", 0), 6);
  // The oldest state that can be reached stood before the oldest revision.
  CAF_CHECK((*house->at_revision(5))[1] == lamp(5));
  const auto gone = house->at_revision(4);
  CAF_REQUIRE(!gone);
  CAF_CHECK(gone.why().code == errc::not_found);
}

CAF_TEST(a revision that another node drops at the same moment is no trouble) {
  for (int i = 1; i <= static_cast<int>(desired::kept_revisions); ++i)
    write({bus, lamp(i)}, "lamp to " + std::to_string(i));
  bool dropped = false;
  const auto feed = store->on_change(storage::slot_kind::map, "revision/attic/0000000001", [&](const auto& x, bool erased) {
    if (erased && !std::exchange(dropped, true))
      for (const auto& e : store->list(storage::slot_kind::map, "revision/attic/0000000001"))
        CAF_CHECK(e.key != x.key && store->erase(storage::slot_kind::map, e.key));
  });
  CAF_CHECK_EQUAL(write({bus}, "no lamp"), desired::kept_revisions + 1);
  CAF_CHECK(dropped);
}

CAF_TEST_FIXTURE_SCOPE_END()
