// The last edges of a digital value: what is kept, and for how long.
#define CAF_SUITE edge_tail
#include "tests/support/suite.hpp"

#include "storage/live_table.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

class edge_tail_clock final : public clock_source {
public:
  mono_ns now = 1000 * one_second;
  [[nodiscard]] mono_ns mono() const override { return now; }
  [[nodiscard]] wall_ms wall() const override { return 1'800'000'000'000 + now / 1'000'000; }
};

reading shows(const value& x, std::uint64_t changes, origin how = origin::change, quality grade = quality::good) {
  reading r;
  r.val = x;
  r.grade = grade;
  r.why = reason::none;
  r.told_as = how;
  r.changes = changes;
  r.changed_wall = static_cast<wall_ms>(changes);
  return r;
}

reading lamp(bool on, std::uint64_t changes, origin how = origin::change, quality grade = quality::good) {
  return shows(value::digital(on), changes, how, grade);
}

struct edge_tail_fixture {
  edge_tail_clock clock;
  live_table live{clock};

  /// "6+ 7-": the edges after this number, in the present run.
  [[nodiscard]] std::string edges(const std::string& name, std::uint64_t after = 0) const {
    const auto row = live.find(name);
    std::string out;
    for (const auto& x : live.edges_since(name, {row ? row->run : 0, after}))
      out += (out.empty() ? "" : " ") + std::to_string(x.changes) + (x.on ? "+" : "-");
    return out;
  }

  [[nodiscard]] std::uint64_t run(const std::string& name) const { return live.find(name)->run; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(edge_tail_tests, edge_tail_fixture)

CAF_TEST(I6 an edge is a change of a digital value that may be trusted) {
  struct row {
    const char* what;
    reading after;
    const char* edges;
  };
  const row table[] = {
    {"a press", lamp(true, 6), "6+"},
    {"an uncertain one", lamp(true, 6, origin::change, quality::uncertain), "6+"},
    {"measured again", lamp(false, 5, origin::refresh), ""},
    {"restored", lamp(true, 5, origin::restore), ""},
    {"told as a refresh", lamp(true, 6, origin::refresh), ""},
    {"while it is bad", lamp(true, 6, origin::change, quality::bad), ""},
    {"the same count", lamp(true, 5), ""},
    {"a number", shows(value::integer(1), 6), ""},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    live.publish("a", lamp(false, 5));
    CAF_CHECK_EQUAL(edges("a"), ""); // first sight is none
    live.publish("a", x.after);
    CAF_CHECK_EQUAL(edges("a"), x.edges);
    live.remove("a");
  }
}

CAF_TEST(who has seen some asks for the rest) {
  live.publish("a", lamp(false, 5));
  for (std::uint64_t i = 6; i <= 9; ++i)
    live.publish("a", lamp(i % 2 == 0, i));
  CAF_CHECK_EQUAL(edges("a"), "6+ 7- 8+ 9-");
  CAF_CHECK_EQUAL(edges("a", 7), "8+ 9-");
  CAF_CHECK_EQUAL(edges("a", 9), "");
  CAF_CHECK_EQUAL(edges("a", 99), "");
  CAF_CHECK_EQUAL(live.edges_since("a", {run("a") + 1, 7}).size(), 4u); // of another run: all
  CAF_CHECK(live.edges_since("b", {}).empty());
}

CAF_TEST(a count that begins anew is another run and restarts in place are not) {
  live.publish("a", lamp(false, 5));
  live.publish("a", lamp(true, 6));
  const auto first = run("a");
  CAF_CHECK_NOT_EQUAL(first, 0u);
  live.publish("a", lamp(true, 6, origin::refresh)); // its actor restarted, and goes on
  CAF_CHECK_EQUAL(run("a"), first);
  live.publish("a", lamp(false, 1));
  CAF_CHECK_NOT_EQUAL(run("a"), first);
  CAF_CHECK_EQUAL(edges("a"), "");
  const auto second = run("a");
  live.remove("a");
  live.publish("a", lamp(false, 1));
  CAF_CHECK_NOT_EQUAL(run("a"), second);
  live_table another_process{clock};
  another_process.publish("a", lamp(false, 1));
  CAF_CHECK_NOT_EQUAL(another_process.find("a")->run, run("a"));
}

CAF_TEST(I6 edges of another node are merged by their numbers) {
  live_table::row row;
  row.name = "a";
  row.node = "board";
  row.run = 77;
  row.now = lamp(false, 9);
  const auto told = [](std::uint64_t first, std::uint64_t last) {
    std::vector<edge> out;
    for (auto i = first; i <= last; ++i)
      out.push_back({i, 0, 0, i % 2 == 0, quality::good, reason::none});
    return out;
  };
  CAF_CHECK(live.publish_from(row, told(6, 7)));
  CAF_CHECK(live.publish_from(row, told(5, 8))); // a picture repeats
  CAF_CHECK(live.publish_from(row));             // its node is lost
  CAF_CHECK(live.publish_from(row, told(9, 9)));
  CAF_CHECK_EQUAL(edges("a"), "6+ 7- 8+ 9-");
  row.run = 78;
  row.now = lamp(true, 4);
  CAF_CHECK(live.publish_from(row, told(4, 4)));
  CAF_CHECK_EQUAL(edges("a"), "4+");
  live.publish("a", lamp(true, 4)); // now this node has it
  CAF_CHECK_EQUAL(edges("a"), "");
  CAF_CHECK_NOT_EQUAL(run("a"), 78u);
}

CAF_TEST(I11 a tail is bounded in length and age) {
  live.publish("a", lamp(false, 0));
  for (std::uint64_t i = 1; i <= 1000; ++i)
    live.publish("a", lamp(i % 2 == 1, i));
  const auto kept = live.edges_since("a", {});
  CAF_REQUIRE_EQUAL(kept.size(), edge_tail::most);
  CAF_CHECK_EQUAL(kept.front().changes, 1001 - edge_tail::most);
  CAF_CHECK_EQUAL(kept.back().changes, 1000u);
  CAF_MESSAGE("a busy input, 200 a second, for a lease of the class slow and the time to claim");
  CAF_CHECK(edge_tail::most >= 200 * 3);
  clock.now += edge_tail::most_age;
  live.publish("a", lamp(true, 1001));
  CAF_CHECK_EQUAL(live.edges_since("a", {}).size(), edge_tail::most);
  clock.now += 1;
  live.publish("a", lamp(false, 1002));
  CAF_CHECK_EQUAL(edges("a"), "1001+ 1002-");
}

CAF_TEST(I11 the edges of all names together are bounded and one name takes none of another) {
  std::uint64_t changes = 0;
  const auto toggle = [&](const std::string& name, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i, ++changes)
      live.publish(name, lamp(changes % 2 == 1, changes));
  };
  const auto full = live_table::most_edges / edge_tail::most;
  for (std::size_t i = 0; i <= full + 2; ++i)
    toggle("n" + std::to_string(i), edge_tail::most + 1);
  std::size_t kept = 0;
  for (const auto& row : live.list())
    kept += live.edges_since(row.name, {}).size();
  CAF_CHECK(kept <= live_table::most_edges);
  CAF_CHECK(kept > live_table::most_edges - edge_tail::most);
  CAF_CHECK_EQUAL(live.edges_since("n0", {}).size(), edge_tail::most);
  CAF_MESSAGE("what is too old makes room");
  clock.now += edge_tail::most_age + 1;
  toggle("late", 11);
  CAF_CHECK_EQUAL(live.edges_since("late", {}).size(), 10u);
  CAF_CHECK(live.edges_since("n0", {}).empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
