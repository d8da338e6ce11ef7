// What is done only once all members can, and what rests on disk until then.

#undef CAF_SUITE
#define CAF_SUITE features
#include <caf/test/dsl.hpp>

#include "storage/bytes.hpp"
#include "storage/features.hpp"
#include "storage/layout.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/store_bench.hpp"
#include "tests/support/times.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

using test::now;
using test::in_1970;

using names = std::vector<std::string>;

std::string in_words(const std::vector<feature_view>& all) {
  std::string out;
  for (const auto& x : all) {
    out += fmt::format("{}{}{}{}{}", out.empty() ? "" : "; ", x.name, x.on ? " on" : "", x.known ? "" : " unknown", x.is_due() ? " due" : "");
    for (const auto& who : x.waits_for)
      out += fmt::format(" -{}", who);
  }
  return out;
}

} // namespace

CAF_TEST(what is on and what waits for whom) {
  struct row {
    const char* what;
    names known;
    listed_features members;
    std::set<std::string> on;
    std::string is;
  };
  const std::vector<row> table{
    {"a house of one", {"x"}, {{"a", {"x"}}}, {}, "x due"},
    {"all know it", {"x"}, {{"a", {"x"}}, {"b", {"x", "y"}}}, {}, "x due; y unknown -a"},
    {"one is older than features", {"x"}, {{"a", {"x"}}, {"b", {}}}, {}, "x -b"},
    {"one is older than this one", {"x", "y"}, {{"a", {"x", "y"}}, {"b", {"x"}}}, {}, "x due; y -b"},
    {"it is on", {"x"}, {{"a", {"x"}}, {"b", {"x"}}}, {"x"}, "x on"},
    {"it stays on when one comes that does not know it", {"x"}, {{"a", {"x"}}, {"b", {}}}, {"x"}, "x on -b"},
    {"this program is the old one", {}, {{"a", {}}, {"b", {"x"}}}, {"x"}, "x on unknown -a"},
    {"nobody is left who knows what is on", {}, {{"a", {}}}, {"x"}, "x on unknown -a"},
    {"all list what this program does not know", {}, {{"a", {"x"}}, {"b", {"x"}}}, {}, "x unknown"},
    {"nobody is heard of", {"x"}, {}, {}, "x due"},
  };
  for (const auto& r : table) {
    CAF_MESSAGE(r.what);
    CAF_CHECK_EQUAL(in_words(judge_features(r.known, r.members, r.on)), r.is);
  }
}

namespace {

struct fixture {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  test::hand_clock clock;
  std::unique_ptr<replicated_store> it;

  void open(bool clustered) {
    it.reset();
    store_options how;
    how.node = "boiler";
    how.clustered = clustered;
    how.synchronised = [] { return false; };
    auto x = replicated_store::open(make_memory_engine(disk), how, clock);
    CAF_REQUIRE(x);
    it = std::move(*x);
  }
  std::uint64_t format() const {
    const auto all = disk->content(family::meta);
    return byte_reader{all.at(std::string{layout::format_key})}.u64();
  }
  /// How many events that correlate rest on the disk.
  std::size_t correlating() const {
    std::size_t n = 0;
    journal_query q;
    q.kind = "clock";
    for (const auto& x : it->journal(q))
      n += x.correlates ? 1 : 0;
    return n;
  }
  journal_event first_note() const {
    journal_query q;
    q.kind = "note";
    const auto all = it->journal(q);
    CAF_REQUIRE(!all.empty());
    return all.front();
  }
  void begin_in_1970(bool clustered) {
    clock.set_wall(in_1970);
    open(clustered);
    journal_event x;
    x.kind = "note";
    it->append(std::move(x));
    clock.pass(10s);
    it->heard_clock("attic", {now, clock_quality::ntp});
    it->work();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(feature_tests, fixture)

CAF_TEST(among members nothing new is written before all can read it and then what waited is) {
  begin_in_1970(true);
  CAF_CHECK_EQUAL(format(), layout::oldest_format);
  CAF_CHECK_EQUAL(it->take_snapshot().format, layout::oldest_format);
  CAF_CHECK_EQUAL(correlating(), 0u);
  CAF_CHECK_EQUAL(first_note().at, in_1970);
  CAF_CHECK(first_note().uncertain);
  CAF_CHECK(it->put(slot_kind::map, "sys/feature/journal-times", "{}"));
  clock.pass(5s);
  it->work();
  clock.pass(1s);
  it->work();
  CAF_CHECK_EQUAL(format(), layout::format);
  CAF_CHECK_EQUAL(it->take_snapshot().format, layout::format);
  CAF_CHECK_EQUAL(correlating(), 1u);
  CAF_CHECK_EQUAL(first_note().at, now - 10'000);
  CAF_CHECK(!first_note().uncertain);
  open(true); // and so it stays
  CAF_CHECK_EQUAL(format(), layout::format);
  CAF_CHECK_EQUAL(first_note().at, now - 10'000);
}

CAF_TEST(a node alone is all members itself) {
  begin_in_1970(false);
  CAF_CHECK_EQUAL(format(), layout::format);
  CAF_CHECK_EQUAL(correlating(), 1u);
  CAF_CHECK_EQUAL(first_note().at, now - 10'000);
}

CAF_TEST(a database of the version before is opened in place and one of a later version is not) {
  open(true);
  CAF_CHECK(it->put(slot_kind::map, "a", "b"));
  it->work();
  CAF_CHECK(it->close());
  CAF_REQUIRE_EQUAL(format(), layout::oldest_format); // as the version before has written it
  open(false);
  CAF_CHECK_EQUAL(it->get(slot_kind::map, "a")->payload, "b");
  CAF_CHECK(it->close());
  disk->tamper(family::meta, std::string{layout::format_key}, layout::number(layout::format + 1));
  store_options how;
  const auto refused = replicated_store::open(make_memory_engine(disk), how, clock);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::unsupported);
  disk->tamper(family::meta, std::string{layout::format_key}, layout::number(layout::oldest_format - 1));
  CAF_CHECK(!replicated_store::open(make_memory_engine(disk), how, clock));
}

CAF_TEST_FIXTURE_SCOPE_END()
