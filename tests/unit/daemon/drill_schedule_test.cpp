#define CAF_SUITE drill_schedule
#include "tests/support/suite.hpp"

#include "apps/daemon/drill_clock.hpp"
#include "apps/daemon/drill_schedule.hpp"

#include <set>

using namespace troupe;
using namespace troupe::daemon;

namespace {

constexpr wall_ms hour = 3'600'000, begin = 1'000 * hour;

drill_config hourly(const std::string& target = "cellar") {
  drill_config x;
  x.name = "night";
  x.kind = drill_kind::stop_node;
  x.target = target;
  x.every = milliseconds{hour};
  return x;
}

/// One node's schedule on a clock that is moved by hand.
struct schedule_fixture {
  wall_ms now = begin;
  std::vector<configured_drill> configured{{hourly(), begin + 5000}};
  std::vector<std::string> living{"cellar", "attic", "boiler"};
  std::set<std::pair<std::string, wall_ms>> done;
  std::vector<wall_ms> begun, missed; ///< when each was due
  bool busy = false, broken = false;
  drill_schedule attic{"attic", {[this] { return now; }, [this] { return configured; }, [this] { return living; },
                                 [this](const std::string& name, wall_ms due) { return done.contains({name, due}); },
                                 [this](const drill_config&, wall_ms due) {
                                   if (!busy)
                                     begun.push_back(due);
                                   return !busy;
                                 },
                                 [this](const drill_config&, wall_ms due) { missed.push_back(due); }, [this] { return broken; }}};

  void at(wall_ms x) {
    now = begin + x;
    attic.look();
  }
};

} // namespace

CAF_TEST(who drives a drill) {
  CAF_CHECK_EQUAL(driver_of(hourly("cellar"), {"cellar", "boiler", "attic"}), "attic");
  CAF_CHECK_EQUAL(driver_of(hourly("attic"), {"cellar", "boiler", "attic"}), "boiler");
  CAF_CHECK_EQUAL(driver_of(hourly("attic"), {"attic"}), "");
  // Neither an end of a link nor an actor's node is lost.
  auto x = hourly("attic");
  x.kind = drill_kind::cut_link;
  CAF_CHECK_EQUAL(driver_of(x, {"boiler", "attic"}), "attic");
}

CAF_TEST(when it may begin) {
  const auto x = hourly();
  CAF_CHECK(due_now(x, begin + 5, begin - 1) == begin);
  CAF_CHECK(!due_now(x, begin + drill_grace.count() + 1, begin - 1)); // too late
  CAF_CHECK(!due_now(x, begin + 5, begin + 2)); // written after its time
}

CAF_TEST(when it is due the next time) {
  auto x = hourly();
  CAF_CHECK(next_due(x, begin + 5) == begin + hour);
  x.every = milliseconds{0};
  CAF_CHECK(!next_due(x, begin));
  for (const auto* at : {"03:00", "Sun 03:00", "Wed 23:59"}) {
    x.at = at;
    for (wall_ms now = begin; now < begin + 8 * 24 * hour; now += 7 * hour) {
      const auto next = next_due(x, now);
      CAF_REQUIRE(next);
      CAF_CHECK(*next > now && *next <= now + 8 * 24 * hour);
      CAF_CHECK(latest_due(x, *next) == next);
      CAF_CHECK(latest_due(x, *next - 1) <= now); // none between
    }
  }
}

CAF_TEST_FIXTURE_SCOPE(schedules, schedule_fixture)

CAF_TEST(it begins once at its time) {
  at(5000); // known from now on
  CAF_CHECK(begun.empty());
  at(hour - 1);
  CAF_CHECK(begun.empty());
  at(hour + 1);
  at(hour + 2000);
  CAF_CHECK_EQUAL(begun, (std::vector<wall_ms>{begin + hour}));
  at(2 * hour);
  CAF_CHECK_EQUAL(begun.size(), 2u);
}

CAF_TEST(another node has begun it) {
  at(5000);
  done.insert({"night", begin + hour});
  at(hour + 1);
  CAF_CHECK(begun.empty());
}

CAF_TEST(who is second begins it when the first is gone) {
  living.push_back("aaron");
  at(5000);
  at(hour + 1);
  CAF_CHECK(begun.empty());
  living.pop_back();
  at(hour + 4000);
  CAF_CHECK_EQUAL(begun.size(), 1u);
}

CAF_TEST(who comes back within the grace makes what waits) {
  // The first drill killed this node, which is the one to drive the second.
  at(hour + 30'000);
  CAF_CHECK_EQUAL(begun, (std::vector<wall_ms>{begin + hour}));
}

CAF_TEST(who drives at the end of the grace tells of it) {
  living.push_back("aaron"); // the one to drive it, which is busy, and then gone
  at(hour + 1);
  living.pop_back();
  busy = true;
  at(hour + 4000);
  CAF_CHECK(begun.empty() && missed.empty());
  at(hour + drill_grace.count() + 1);
  CAF_CHECK_EQUAL(missed, (std::vector<wall_ms>{begin + hour}));
}

CAF_TEST(who does not drive at the end of the grace leaves it to who does) {
  living.push_back("aaron");
  at(hour + 1);
  at(hour + drill_grace.count() + 1);
  CAF_CHECK(missed.empty());
}

CAF_TEST(it waits for another drill but not for ever) {
  at(5000);
  busy = true;
  at(hour + 1);
  CAF_CHECK(begun.empty());
  busy = false;
  at(hour + 60'000);
  CAF_CHECK_EQUAL(begun.size(), 1u);
  busy = true;
  at(2 * hour + 1);
  at(2 * hour + 60'000);
  busy = false;
  at(2 * hour + drill_grace.count() + 1);
  CAF_CHECK_EQUAL(begun.size(), 1u);
  CAF_CHECK_EQUAL(missed, (std::vector<wall_ms>{begin + 2 * hour})); // told, and once
  at(2 * hour + drill_grace.count() + 2000);
  CAF_CHECK_EQUAL(missed.size(), 1u);
}

CAF_TEST(nothing begins by a clock that a drill set wrong) {
  at(5000);
  broken = true;
  at(hour + 1);
  CAF_CHECK(begun.empty());
}

CAF_TEST(a stamp that is ahead of the clock keeps none back) {
  configured[0].written = begin + 2 * hour;
  at(5000);
  at(hour + 1);
  CAF_CHECK_EQUAL(begun, (std::vector<wall_ms>{begin + hour}));
}

CAF_TEST(who changes it after its time does not mean now) {
  at(5000);
  at(hour - 1);
  now = begin + hour + 1;
  configured[0].what.limit = milliseconds{450};
  configured[0].written = now;
  attic.look();
  CAF_CHECK(begun.empty());
  configured.clear();
  at(2 * hour + 1);
  CAF_CHECK(begun.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a clock that a drill sets wrong is right again by itself) {
  drill_clock x;
  const auto off = [&] { return x.wall() - system_clocks().wall(); };
  const auto mono = x.mono();
  x.shift(milliseconds{-hour}, milliseconds{60'000});
  CAF_CHECK(off() < -hour + 1000 && off() > -hour - 1000);
  CAF_CHECK(x.mono() - mono < 10 * one_second);
  x.shift(milliseconds{-hour}, milliseconds{0});
  CAF_CHECK(off() < 1000 && off() > -1000);
}
