#undef CAF_SUITE
#define CAF_SUITE sightings

#include "cluster/discovery/sightings.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::cluster;

namespace {

sighting_key at(int interface, int family = 0) { return {interface, family, "x", "local"}; }

/// "attic: a:1 b:1; boiler lost"
std::string told(const std::vector<sightings::change>& changes) {
  std::string all;
  for (const auto& x : changes) {
    all += (all.empty() ? "" : "; ") + x.name + (x.addresses.empty() ? " lost" : ":");
    for (const auto& y : x.addresses)
      all += " " + y;
  }
  return all;
}

} // namespace

CAF_TEST(a node is its name with all its addresses) {
  sightings all;
  CAF_CHECK_EQUAL(told(all.saw(at(1), "attic", "b:1")), "attic: b:1");
  CAF_CHECK_EQUAL(told(all.saw(at(1), "attic", "b:1")), "");
  CAF_CHECK_EQUAL(told(all.saw(at(2), "attic", "b:1")), ""); // the same through another interface
  CAF_CHECK_EQUAL(told(all.saw(at(3), "attic", "a:1")), "attic: a:1 b:1");
  CAF_CHECK_EQUAL(told(all.gone(at(1))), "");
  CAF_CHECK_EQUAL(told(all.gone(at(2))), "attic: a:1");
  CAF_CHECK_EQUAL(told(all.saw(at(3), "attic", "c:1")), "attic: c:1"); // a new address
  CAF_CHECK_EQUAL(told(all.gone(at(3))), "attic lost");
  CAF_CHECK_EQUAL(told(all.gone(at(3))), "");
  CAF_CHECK_EQUAL(told(all.saw(at(3), "attic", "c:1")), "attic: c:1"); // back again
}

CAF_TEST(an announcement that changes its name is another node) {
  sightings all;
  all.saw(at(1), "attic", "a:1");
  CAF_CHECK_EQUAL(told(all.saw(at(1), "boiler", "a:1")), "attic lost; boiler: a:1");
}

CAF_TEST(a restarted daemon loses nobody who is still there) {
  sightings all;
  all.saw(at(1), "attic", "a:1");
  all.saw(at(1, 1), "attic", "b:1");
  all.saw(at(2), "boiler", "c:1");
  all.doubt();
  CAF_CHECK_EQUAL(told(all.saw(at(1), "attic", "a:1")), "");
  CAF_CHECK_EQUAL(told(all.forget_doubted()), "attic: a:1; boiler lost");
  CAF_CHECK_EQUAL(told(all.forget_doubted()), "");
}

CAF_TEST(a flood has its bounds and takes nothing from who was there before) {
  sightings all;
  all.saw(at(0), "attic", "a:1");
  std::size_t told_of = 0;
  for (int i = 1; i < 10'000; ++i)
    told_of += all.saw(at(i), "n" + std::to_string(i), "x:1").size();
  CAF_CHECK_EQUAL(told_of, sightings::max_seen - 1);
  CAF_CHECK_EQUAL(all.size(), sightings::max_seen);
  CAF_CHECK_EQUAL(told(all.saw(at(0), "attic", "b:1")), "attic: b:1");

  sightings one;
  std::vector<sightings::change> last;
  for (int i = 0; i < 100; ++i)
    if (auto now = one.saw(at(i), "attic", std::to_string(100 + i) + ":1"); !now.empty())
      last = now;
  CAF_REQUIRE_EQUAL(last.size(), 1u);
  CAF_CHECK_EQUAL(last[0].addresses.size(), sightings::max_addresses);
}
