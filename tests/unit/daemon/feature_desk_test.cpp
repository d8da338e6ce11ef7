#undef CAF_SUITE
#define CAF_SUITE feature_desk
#include <caf/test/dsl.hpp>

#include "apps/daemon/feature_desk.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"

using namespace troupe;
using namespace troupe::daemon;
using storage::slot_kind;

namespace {

struct features_fixture {
  std::unique_ptr<storage::replicated_store> disk
    = storage::replicated_store::open(storage::make_memory_engine(), {}, system_clocks()).value();
  std::vector<std::string> told;

  feature_desk::tell_fn teller() {
    return [this](storage::severity level, const std::string& subject, const std::string&) {
      told.push_back(std::string{to_string(level)} + " " + subject);
    };
  }
  void member(const std::string& name, const std::string& words) {
    CAF_CHECK(disk->put(slot_kind::map, "sys/node/" + name, words));
  }
  bool is_on(const std::string& name) const { return disk->get(slot_kind::map, "sys/feature/" + name).has_value(); }
};

using texts = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(feature_desk_tests, features_fixture)

CAF_TEST(a feature is switched on when all members list it and this node has met the house) {
  feature_desk it{*disk, "attic", {"x"}, teller()};
  member("attic", R"({"features":["x"]})");
  it.look(false); // there may be others
  CAF_CHECK(!is_on("x"));
  member("boiler", R"({"version":"0.1.0"})");
  it.look(true);
  CAF_CHECK(!is_on("x"));
  CAF_CHECK_EQUAL(it.view()[0]["waits_for"].dump(), R"(["boiler"])");
  for (const auto* rubbish : {"", "[]", R"({"features":5})", R"({"features":[5,null]})"}) {
    member("boiler", rubbish);
    it.look(true);
    CAF_CHECK(!is_on("x"));
  }
  member("boiler", R"({"features":["x","y"]})");
  it.look(true);
  CAF_CHECK(is_on("x"));
  CAF_CHECK(!is_on("y")); // nobody here knows what it is
  it.look(true);
  CAF_CHECK(told == (texts{"notice x"}));
  CAF_CHECK(it.troubles().empty());
}

CAF_TEST(a member that does not know what is on is told of once and as long as it lasts) {
  feature_desk it{*disk, "attic", {"x"}, teller()};
  member("attic", R"({"features":["x"]})");
  it.look(true);
  member("boiler", "{}");
  it.look(true);
  it.look(true);
  CAF_CHECK(told == (texts{"notice x", "alarm boiler"}));
  CAF_REQUIRE_EQUAL(it.troubles().size(), 1u);
  CAF_CHECK(it.troubles()[0].second.find("Update trouped there") != std::string::npos);
  member("boiler", R"({"features":["x"]})");
  it.look(true);
  CAF_CHECK(it.troubles().empty());
  member("boiler", "{}"); // it went back
  it.look(true);
  CAF_CHECK_EQUAL(told.size(), 3u);
}

CAF_TEST(a node that does not know what is on says so itself) {
  CAF_CHECK(disk->put(slot_kind::map, "sys/feature/later", "{}"));
  feature_desk it{*disk, "attic", {"x"}, teller()};
  member("attic", R"({"features":["x"]})");
  member("boiler", R"({"features":["x","later"]})");
  it.look(false);
  CAF_CHECK(told == (texts{"alarm attic"}));
  CAF_REQUIRE_EQUAL(it.troubles().size(), 1u);
  CAF_CHECK(it.troubles()[0].second.find("'later'") != std::string::npos);
  CAF_CHECK(it.troubles()[0].second.find("Update trouped on this node") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
