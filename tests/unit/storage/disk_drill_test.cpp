#define CAF_SUITE disk_drill
#include "tests/support/suite.hpp"

#include "storage/disk_drill.hpp"
#include "storage/memory/memory_engine.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::storage;

namespace {

struct disk_fixture {
  std::shared_ptr<memory_disk> medium = std::make_shared<memory_disk>();
  std::shared_ptr<disk_drill> drill = std::make_shared<disk_drill>();
  std::unique_ptr<engine> disk = drillable(make_memory_engine(medium), drill);

  disk_fixture() { CAF_REQUIRE(disk->open(access::read_write)); }

  status write(const std::string& key) {
    batch x;
    x.put(family::slot, key, "v");
    return disk->commit(x, true);
  }
  std::string keys() {
    std::string out;
    (void)disk->scan(family::slot, "", [&](auto key, auto) { out += key; });
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(disk_drills, disk_fixture)

CAF_TEST(a full disk refuses until it is opened again with room) {
  CAF_CHECK(write("a"));
  drill->fill(milliseconds{60'000});
  const auto refused = write("b");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::disk_full);
  CAF_CHECK_EQUAL(keys(), "a"); // reading goes on, and nothing came to the medium
  (void)disk->close();
  CAF_CHECK(!disk->open(access::read_write));
  CAF_CHECK(disk->open(access::read_only));
  drill->end();
  CAF_CHECK_EQUAL(drill->met().refused, 2u);
  CAF_CHECK(!write("c")); // as the contract says: a failed commit stays failed
  (void)disk->close();
  CAF_CHECK(disk->open(access::read_write));
  CAF_CHECK(write("d"));
  CAF_CHECK_EQUAL(keys(), "ad");
}

CAF_TEST(a disk is full for so long and no longer) {
  drill->fill(milliseconds{50});
  CAF_CHECK(!write("a"));
  std::this_thread::sleep_for(milliseconds{60});
  (void)disk->close();
  CAF_CHECK(disk->open(access::read_write));
  CAF_CHECK(write("b"));
}

CAF_TEST(a slow disk takes longer and loses nothing) {
  auto ring = disk->open_ring("ring");
  CAF_REQUIRE(ring);
  drill->slow(milliseconds{60'000}, milliseconds{30});
  const auto begun = system_clocks().mono();
  CAF_CHECK(write("a"));
  CAF_CHECK((*ring)->write(0, std::string(4096, 'x'))); // fits also on a full disk, but takes as long
  CAF_CHECK(system_clocks().mono() - begun >= to_ns(milliseconds{60}));
  CAF_CHECK_EQUAL(drill->met().slowed, 2u);
  CAF_CHECK_EQUAL(drill->met().refused, 0u);
  CAF_CHECK_EQUAL(keys(), "a");
  drill->end();
  CAF_CHECK(write("b"));
  CAF_CHECK_EQUAL(drill->met().slowed, 2u);
}

CAF_TEST(who waits goes on when the drill ends) {
  drill->slow(milliseconds{60'000}, milliseconds{60'000});
  std::thread ends{[this] {
    while (drill->met().slowed == 0)
      std::this_thread::yield();
    drill->end();
  }};
  CAF_CHECK(write("a"));
  ends.join();
}

CAF_TEST_FIXTURE_SCOPE_END()
