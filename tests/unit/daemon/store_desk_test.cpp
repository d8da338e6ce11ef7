// What the daemon adds to a store that operators look into: backups that are
// fetched, journals of several nodes as one, names for hashes.

#undef CAF_SUITE
#define CAF_SUITE store_desk
#include <caf/test/dsl.hpp>

#include "apps/daemon/backup_desk.hpp"
#include "apps/daemon/log_merge.hpp"
#include "apps/daemon/node_names.hpp"
#include "storage/backup/reader.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"

using namespace troupe;
using namespace troupe::daemon;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct store_desk_fixture {
  test::hand_clock clock;
  std::unique_ptr<storage::replicated_store> disk;

  store_desk_fixture() {
    storage::store_options how;
    how.node = "attic";
    how.clustered = true;
    auto x = storage::replicated_store::open(storage::make_memory_engine(), how, clock);
    CAF_REQUIRE(x);
    disk = std::move(*x);
    for (int i = 0; i < 400; ++i)
      CAF_REQUIRE(disk->put(storage::slot_kind::map, "key/" + std::to_string(i), std::string(300, 'x')));
  }

  result<backup_desk::begun> begin(backup_desk& desk, const std::string& by = "anna") {
    return desk.begin(by, [this] { return disk->take_snapshot(); }, "1");
  }
};

json event(const std::string& node, int at, const std::string& text, int seq) {
  return {{"node", node}, {"at", at}, {"text", text}, {"seq", seq}};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(store_desk_tests, store_desk_fixture)

CAF_TEST(a backup is of the moment it was asked for and a lost answer can be had again) {
  backup_desk desk{clock};
  const auto begun = begin(desk);
  CAF_REQUIRE(begun);
  CAF_CHECK_EQUAL(begun->slots, 400u);
  CAF_CHECK(disk->put(storage::slot_kind::map, "later", "x"));
  storage::backup::reader all;
  std::uint64_t number = 0;
  for (;; ++number) {
    const auto x = desk.block("anna", begun->id, number);
    CAF_REQUIRE(x);
    if (x->empty())
      break;
    CAF_REQUIRE_EQUAL(*desk.block("anna", begun->id, number), *x);
    CAF_REQUIRE(all.feed(*x));
  }
  CAF_CHECK(number > 4); // blocks, not one lump
  CAF_CHECK(all.finish());
  CAF_CHECK_EQUAL(all.found().slots, 400u);
  CAF_CHECK_EQUAL(desk.open(), 0u);
  CAF_CHECK(!desk.block("anna", begun->id, number));
}

CAF_TEST(only who asked gets it and no block is passed over) {
  backup_desk desk{clock};
  const auto begun = begin(desk);
  CAF_REQUIRE(begun);
  CAF_CHECK(!desk.block("uwe", begun->id, 0));
  CAF_CHECK(!desk.block("anna", "0", 0));
  CAF_CHECK(!desk.block("anna", begun->id, 1));
  CAF_CHECK(desk.block("anna", begun->id, 0));
  CAF_CHECK(desk.block("anna", begun->id, 1));
  CAF_CHECK(!desk.block("anna", begun->id, 0)); // it is gone
}

CAF_TEST(I11 copies of the store are few and forgotten when nobody asks) {
  backup_desk desk{clock, 40ms};
  CAF_CHECK(begin(desk));
  CAF_CHECK(begin(desk));
  const auto third = begin(desk);
  CAF_REQUIRE(!third);
  CAF_CHECK(third.why().code == errc::over_limit);
  clock.pass(50ms);
  for (int i = 0; i < 1000 && desk.open() > 0; ++i) // its thread wakes by itself
    std::this_thread::sleep_for(5ms);
  CAF_CHECK_EQUAL(desk.open(), 0u);
  CAF_CHECK(begin(desk));
}

CAF_TEST(an event that its writer and an archive tell is told once) {
  const auto merged = [](std::vector<json> all, std::size_t newest = 0) {
    std::vector<std::string> out;
    for (const auto& x : merge_logs(std::move(all), newest))
      out.push_back(x.value("node", "") + ":" + x.value("text", ""));
    return out;
  };
  using texts = std::vector<std::string>;
  const auto own = json{event("attic", 1, "a", 1), event("attic", 3, "b", 2)};
  const auto archive = json{event("attic", 1, "a", 11), event("boiler", 2, "c", 12), event("attic", 3, "b", 13)};
  CAF_CHECK(merged({own, archive}) == (texts{"attic:a", "boiler:c", "attic:b"}));
  CAF_CHECK(merged({archive, own}) == (texts{"attic:a", "boiler:c", "attic:b"}));
  CAF_CHECK(merged({own, archive}, 2) == (texts{"boiler:c", "attic:b"}));
  // The same words by another node, and twice by one, are several events.
  CAF_CHECK(merged({json{event("attic", 1, "a", 1)}, json{event("boiler", 1, "a", 1)}}) == (texts{"attic:a", "boiler:a"}));
  const auto twice = json{event("attic", 1, "a", 1), event("attic", 1, "a", 2)};
  CAF_CHECK(merged({twice, json{event("attic", 1, "a", 9)}}) == (texts{"attic:a", "attic:a"}));
  CAF_CHECK(merged({json::array(), json::array()}).empty());
}

CAF_TEST(an event whose time only one teller knows is told once and at that time) {
  auto raw = event("boiler", 300, "a", 1), corrected = event("boiler", 9000, "a", 7);
  raw["uncertain"] = true;
  raw["clock"] = corrected["clock"] = "none";
  corrected["told_at"] = 300;
  const auto between = event("attic", 5000, "b", 1);
  for (const auto& all : std::vector<std::vector<json>>{{json{raw}, json{between, corrected}}, {json{between, corrected}, json{raw}}}) {
    const auto out = merge_logs(all, 0);
    CAF_REQUIRE_EQUAL(out.size(), 2u);
    CAF_CHECK_EQUAL(out[0]["text"], "b");
    CAF_CHECK_EQUAL(out[1]["at"], 9000);
    CAF_CHECK(!out[1].contains("uncertain"));
  }
  raw.erase("clock"); // by an archive of an earlier version
  raw.erase("uncertain");
  CAF_CHECK_EQUAL(merge_logs({json{raw}, json{corrected}}, 0).size(), 1u);
}

CAF_TEST(a hash is the name of a member or of who has documents) {
  CAF_CHECK(disk->put(storage::slot_kind::map, "sys/node/boiler", "{}"));
  CAF_CHECK(disk->put(storage::slot_kind::map, "desired/cellar/bus/sim", "{}"));
  node_names names{*disk, clock, "attic"};
  for (const auto* name : {"attic", "boiler", "cellar"})
    CAF_CHECK_EQUAL(names.of(storage::node_hash(name)), name);
  CAF_CHECK_EQUAL(names.of(0x1234567890abcdef), "node-12345678");
  CAF_CHECK(disk->put(storage::slot_kind::map, "sys/node/garage", "{}"));
  clock.pass(2s);
  CAF_CHECK_EQUAL(names.of(storage::node_hash("garage")), "garage");
}

CAF_TEST_FIXTURE_SCOPE_END()
