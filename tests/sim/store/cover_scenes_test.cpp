#undef CAF_SUITE
#define CAF_SUITE cover_scenes
#include <caf/test/dsl.hpp>

#include "storage/read.hpp"
#include "storage/ring.hpp"
#include "tests/support/store_room.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

// What a power cut takes from a board whose counters a server keeps, at the pace of nodes:
// told after 200 ms, on the server's disk within 1 s, check points every 10 s or every 60 s.

namespace {

/// "a" counts ten pulses a second; "server" hangs on a battery.
struct house : test::store_room {
  std::uint64_t pulses = 0;

  explicit house(const std::vector<std::string>& names) {
    settings = [](store_options& o) {
      const store_options usual;
      o.others_sync = usual.others_sync;
      o.others_counters_sync = usual.others_counters_sync;
      o.counters_to_engine_every = usual.counters_to_engine_every;
      o.checkpoint_every = usual.checkpoint_every;
    };
    for (const auto& name : names) {
      open(name);
      belongs(name, name == "server" ? power_supply{"ups", true} : power_supply{});
    }
    for (const auto& x : names)
      for (const auto& y : names)
        if (x < y)
          link(x, y);
    run(130s); // at rest, the first minutes are over
  }
  /// Ends right after a pulse.
  void run(milliseconds x) {
    for (; x > 0ms; x -= 100ms) {
      pass(100ms);
      all["a"].store->counted("water", ++pulses);
    }
  }
  std::uint64_t raw(const std::string& at) { return all[at].store->counter("water").raw; }
  store_stats stats(const std::string& of) { return all[of].store->stats(); }
  std::uint64_t pages() { return read_ring(all["a"].disk->ring("ring"), node_hash("a")).highest_number; }
  void run_until_page() {
    const auto before = pages();
    for (int i = 0; i < 1000 && pages() == before; ++i)
      run(100ms);
  }
  /// These lose their power now, and start again.
  std::uint64_t lost_by_cut_of(const std::vector<std::string>& names) {
    const auto before = links;
    for (const auto& name : names)
      open(name);
    for (const auto& [x, y] : before)
      if (x < y && !links.contains({x, y}))
        link(x, y);
    pass(3s);
    CAF_CHECK_EQUAL(raw("a"), raw("server"));
    return pulses - raw("a");
  }
};

} // namespace

CAF_TEST(I3 all power fails and of a covered board twelve pulses are lost at most) {
  std::uint64_t most = 0;
  for (int i = 0; i < 12; ++i) { // at another moment of the server's second each time
    house it{{"a", "server"}};
    it.run(20s + i * 100ms);
    CAF_REQUIRE_EQUAL(it.stats("a").covered_by, "server");
    CAF_REQUIRE(it.stats("a").checkpoint_every == 60s);
    most = std::max(most, it.lost_by_cut_of({"a", "server"}));
  }
  CAF_MESSAGE("at most " << most);
  CAF_CHECK(most <= 12);
  CAF_CHECK(most >= 8); // it is the server's second that is lost, and not less by luck
}

CAF_TEST(I3 only the board dies and three pulses are lost at most) {
  for (int i = 0; i < 6; ++i) {
    house it{{"a", "server"}};
    it.run(20s + i * 100ms);
    CAF_REQUIRE_EQUAL(it.stats("a").covered_by, "server");
    CAF_CHECK(it.lost_by_cut_of({"a"}) <= 3);
  }
}

CAF_TEST(a covered board writes a page a minute and one at once when its cover ends) {
  house it{{"a", "server"}};
  const auto first = it.pages();
  it.run(600s);
  CAF_CHECK_EQUAL(it.pages() - first, 10u);
  CAF_CHECK(it.stats("server").covers == std::vector<std::string>{"a"});
  const std::string document = std::string{member_prefix} + "server";
  const struct {
    const char* what;
    std::function<void()> ends, begins;
    milliseconds within;
  } rows[] = {
    {"the link ends", [&] { it.cut("a", "server"); }, [&] { it.link("a", "server"); }, 100ms},
    {"the server's disk hangs", [&] { it.all["server"].works = false; }, [&] { it.all["server"].works = true; }, 2300ms},
    {"the server hangs on the same supply", [&] { it.belongs("server", {"", true}); }, [&] { it.belongs("server", {"ups", true}); }, 200ms},
    {"it is no server any more", [&] { it.belongs("server", {"ups", false}); }, [&] { it.belongs("server", {"ups", true}); }, 200ms},
    {"it is removed", [&] { (void)it.all["a"].store->erase(slot_kind::map, document); }, [&] { it.belongs("server", {"ups", true}); }, 100ms},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    it.run_until_page();
    const auto before = it.pages();
    it.run(30s);
    CAF_REQUIRE_EQUAL(it.pages(), before);
    x.ends();
    it.run(x.within);
    CAF_CHECK_EQUAL(it.pages(), before + 1);
    CAF_CHECK_EQUAL(it.stats("a").covered_by, "");
    it.run(25s);
    CAF_CHECK_EQUAL(it.pages(), before + 3); // and then every 10 s
    x.begins();
    it.run(130s);
    CAF_CHECK_EQUAL(it.stats("a").covered_by, "server");
  }
}

/// It has all of it in RAM, and so has b: that is not what a cover is.
CAF_TEST(I3 a server whose disk does not keep up covers nobody) {
  house it{{"a", "b", "server"}};
  it.all["server"].works = false;
  it.run(60s);
  CAF_CHECK(it.raw("server") + 3 >= it.pulses);
  CAF_CHECK_EQUAL(it.stats("a").uncovered_why, "server has not confirmed within 2 s what is counted here");
  CAF_CHECK(it.lost_by_cut_of({"a", "b", "server"}) <= 100);
}

CAF_TEST(a server in the same power domain keeps the pace of other members) {
  house it{{"a", "server"}};
  it.run(10s);
  auto commits = it.stats("server").commits;
  it.run(60s);
  CAF_CHECK(it.stats("server").commits - commits >= 55u); // it covers
  it.belongs("server", {"", true});
  it.run(40s);
  commits = it.stats("server").commits;
  it.run_until_page();
  const auto before = it.pages();
  it.run(59s);
  CAF_CHECK(it.stats("server").commits - commits <= 3u);
  CAF_CHECK_EQUAL(it.pages() - before, 5u);
  CAF_CHECK(it.stats("server").covers.empty());
}
