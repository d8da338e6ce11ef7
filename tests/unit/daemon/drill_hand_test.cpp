#define CAF_SUITE drill_hand
#include "tests/support/suite.hpp"

#include "apps/daemon/drill_hand.hpp"

using namespace troupe;
using namespace troupe::daemon;
using nlohmann::json;

namespace {

/// A hand whose powers only note what they are told. What ends the process is
/// tried by tests/e2e/cluster.
struct hand_fixture {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> done, told;
  std::string real;

  void note(const char* what, const drill_fault& x) {
    std::lock_guard lock{mutex};
    done.push_back(std::string{what} + " " + to_string(x.kind) + " " + std::to_string(x.length.count()));
    changed.notify_all();
  }
  drill_hand::powers powers() {
    return {[this](const drill_fault& x) { note("link", x); }, [this](const drill_fault& x) { note("disk", x); },
            [this](const drill_fault& x) { note("clock", x); }, [] { return json{{"slowed", 3}}; }, [this] { return real; },
            [this](const std::string& text) {
              std::lock_guard lock{mutex};
              told.push_back(text);
            }};
  }
  drill_hand hand{powers()};

  std::string trouble(const json& body) {
    const auto x = hand.play("anna", body);
    return x ? "" : x.why().context;
  }
  std::string after(std::size_t n) {
    std::unique_lock lock{mutex};
    (void)changed.wait_for(lock, std::chrono::seconds{10}, [&] { return done.size() >= n; });
    return done.size() >= n ? done[n - 1] : "";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(drill_hands, hand_fixture)

CAF_TEST(a fault begins and is ended by who began it) {
  CAF_CHECK_EQUAL(trouble({{"drill", "1"}, {"what", "slow-disk"}, {"for_ms", 60'000}, {"delay_ms", 20}}), "");
  CAF_CHECK_EQUAL(after(1), "disk slow-disk 60000");
  CAF_CHECK(hand.is_at_it());
  CAF_CHECK_EQUAL(trouble({{"drill", "2"}, {"what", "fill-disk"}, {"for_ms", 100}}), "a fault of drill 1 is not over here");
  CAF_CHECK_EQUAL(trouble({{"drill", "2"}, {"what", "heal"}}), ""); // nothing of it here
  CAF_CHECK(hand.is_at_it());
  const auto healed = hand.play("anna", {{"drill", "1"}, {"what", "heal"}});
  CAF_REQUIRE(healed);
  CAF_CHECK_EQUAL((*healed)["disk"]["slowed"], 3);
  CAF_CHECK_EQUAL(after(2), "disk slow-disk 0");
  CAF_CHECK(!hand.is_at_it());
}

CAF_TEST(a fault that is to come is called off) {
  CAF_CHECK_EQUAL(trouble({{"drill", "1"}, {"what", "skew-clock"}, {"for_ms", 60'000}, {"by_ms", -600'000}, {"in_ms", 2000}}), "");
  CAF_CHECK_EQUAL(trouble({{"drill", "1"}, {"what", "heal"}}), "");
  CAF_CHECK_EQUAL(after(1), "clock skew-clock 0");
  CAF_CHECK_EQUAL(done.size(), 1u);
}

CAF_TEST(a node that stops ends what lasts) {
  CAF_CHECK_EQUAL(trouble({{"drill", "1"}, {"what", "degrade-link"}, {"peer", "boiler"}, {"for_ms", 60'000}, {"delay_ms", 20}, {"loss", 1}}), "");
  CAF_CHECK_EQUAL(after(1), "link degrade-link 60000");
  hand.stop();
  CAF_CHECK_EQUAL(after(2), "link degrade-link 0");
}

CAF_TEST(what nobody can do) {
  const auto tells = [&](const json& body, const std::string& part) {
    const auto said = trouble(body);
    CAF_MESSAGE(said);
    CAF_CHECK(said.find(part) != std::string::npos);
  };
  tells({{"what", "kill-node"}}, "a fault belongs to a drill");
  tells({{"drill", "1"}, {"what", "burn"}}, "nobody knows how to 'burn' a node; there are kill-node, stop-node, ");
  tells({{"drill", "1"}, {"what", "kill-actor"}}, "nobody knows how to 'kill-actor'");
  tells({{"drill", "1"}, {"what", "stop-node"}, {"for_ms", 60'001}}, "a fault lasts 100 ms to 60 s, not 60001 ms");
  tells({{"drill", "1"}, {"what", "fill-disk"}, {"for_ms", 1000}, {"in_ms", 2001}}, "at most 2000 ms ahead");
  tells({{"drill", "1"}, {"what", "cut-link"}, {"for_ms", 1000}}, "there is no link");
  tells({{"drill", "1"}, {"what", "slow-disk"}, {"for_ms", 1000}, {"delay_ms", 6000}}, "a delay is 10 ms to 5000 ms, not 6000 ms");
  tells({{"drill", "1"}, {"what", "skew-clock"}, {"for_ms", 1000}, {"by_ms", 7'200'000}}, "a clock is set wrong by -1d to 1h");
  real = "bus relays";
  tells({{"drill", "1"}, {"what", "power-cycle"}}, "bus relays here is no simulation");
  CAF_CHECK(done.empty() && told.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(a node alone has no link) {
  drill_hand alone{{}};
  const auto x = alone.play("anna", {{"drill", "1"}, {"what", "degrade-link"}, {"peer", "boiler"}, {"for_ms", 1000}, {"delay_ms", 20}});
  CAF_CHECK(!x && x.why().code == errc::unsupported);
}
