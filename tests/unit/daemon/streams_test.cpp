#undef CAF_SUITE
#define CAF_SUITE daemon_streams

#include "apps/daemon/streams.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::daemon;

namespace {

struct streams_fixture {
  streams_fixture() {
    auto opened = storage::replicated_store::open(storage::make_memory_engine(disk), {}, system_clocks());
    CAF_REQUIRE(static_cast<bool>(opened));
    store = std::move(*opened);
    told = std::make_unique<streams>(live, *store, names, people, system_clocks());
  }

  void publish(quality grade, origin as) {
    reading x;
    x.val = value::digital(true);
    x.grade = grade;
    x.told_as = as;
    live.publish("lamp", x);
  }

  /// The qualities that the reader is told of, in order.
  static std::string heard(control::event_queue& by) {
    std::string out;
    for (auto& x : by.take(100))
      out += nlohmann::json::parse(x.data).value("quality", "") + " ";
    return out;
  }

  std::shared_ptr<storage::memory_disk> disk = std::make_shared<storage::memory_disk>();
  std::unique_ptr<storage::store> store;
  storage::live_table live;
  directory names;
  catalog people;
  std::unique_ptr<streams> told;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(streams_tests, streams_fixture)

CAF_TEST(the first refresh after the picture that changes the quality is told) {
  publish(quality::good, origin::restore);
  const auto watch = told->watch("");
  CAF_CHECK_EQUAL(heard(*watch), "good ");
  // As when the node that has it is lost before it changed once more.
  publish(quality::bad, origin::refresh);
  CAF_CHECK_EQUAL(heard(*watch), "bad ");
  publish(quality::bad, origin::refresh);
  CAF_CHECK_EQUAL(heard(*watch), "");
}

CAF_TEST(a refresh is held against what was told last however it was told) {
  publish(quality::good, origin::restore);
  const auto watch = told->watch("");
  publish(quality::bad, origin::change);
  publish(quality::good, origin::refresh);
  CAF_CHECK_EQUAL(heard(*watch), "good bad good ");
}

CAF_TEST(a name that comes with a refresh is told) {
  const auto watch = told->watch("");
  publish(quality::good, origin::refresh);
  CAF_CHECK_EQUAL(heard(*watch), "good ");
}

CAF_TEST_FIXTURE_SCOPE_END()
