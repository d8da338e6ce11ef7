// A rule that two servers may run pulses a relay of the board at each press,
// while the servers are killed in turn, and the board too.

#undef CAF_SUITE
#define CAF_SUITE pulses

#include "tests/e2e/cluster/roaming_house.hpp"

#include <random>
#include <thread>

using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr const char* opener = R"(if rising("cellar/button") then
  state.n = (state.n or 0) + 1
  pulse("cellar/lamp", "100ms")
end
if rising("cellar/long") then pulse("cellar/fan", "1500ms") end
)";

/// The relay is cellar/lamp; the fan has long pulses.
struct pulses_fixture : roaming_cluster {
  std::mt19937 chance{number("TROUPE_SEED", 1)};
  int presses = 0;

  pulses_fixture()
    : roaming_cluster(roaming_house(opener, std::string{button} + "[channel.\"cellar/thumb\"]\nbus = \"cellar\"\nline = \"out.4\"\ndirection = \"output\"\n"
                                            "[channel.\"cellar/long\"]\nbus = \"cellar\"\nline = \"in.4\"\n")) {
    CAF_REQUIRE(is("cellar/lamp", "off"));
  }

  /// Lines of the board's own journal.
  static std::vector<json> lines(test_node& board, const std::string& subject, const std::string& kind) {
    const auto said = board.ask({"--node", board.name(), "log", subject, "--kind", kind, "--newest", "200"});
    return {said.begin(), said.end()};
  }

  [[nodiscard]] int pulses(const std::string& relay = "cellar/lamp") {
    int n = 0;
    for (const auto& x : lines(cellar, relay, "output"))
      n += x.value("text", "").starts_with("off -> on (pulse of ") ? 1 : 0;
    return n;
  }

  /// All that the relay's journal says, when the number is wrong.
  std::string told() {
    std::string all;
    for (const auto* kind : {"output", "pulse", "owner"})
      for (const auto& x : lines(cellar, "cellar/lamp", kind))
        all += x.value("text", "") + "\n";
    for (const auto& x : lines(cellar, "rule/roam", "rule"))
      all += x.value("text", "") + "\n";
    return all;
  }

  static std::int64_t wall() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

  void finger(const std::string& value) { CAF_REQUIRE_EQUAL(cellar.troupe({"set", "cellar/finger", value}).exit, 0); }

  /// One press, done exactly once.
  void one_more() {
    ++presses;
    CAF_CHECK(within(10s, [&] { return pulses() >= presses; }));
    CAF_CHECK(is("cellar/lamp", "off"));
    if (pulses() != presses)
      CAF_FAIL(pulses() << " pulses of " << presses << " presses\n" << told());
    finger("off");
    CAF_REQUIRE(is("cellar/button", "off"));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(pulses_tests, pulses_fixture)

CAF_TEST(each press is one pulse while the servers are killed in turn) {
  const auto rounds = number("TROUPE_ROUNDS", 6);
  for (unsigned i = 0; i < rounds; ++i) {
    std::string who;
    CAF_REQUIRE(within(20s, [&] { return !(who = acting(cellar)).empty(); }));
    auto& victim = who == "attic" ? attic : boiler;
    const std::chrono::milliseconds moment{static_cast<int>(chance() % 120)};
    CAF_MESSAGE("round " << i << ": " << who << " is killed " << moment.count() << " ms after the finger is told to move");
    std::thread press{[&] { (void)cellar.troupe({"set", "cellar/finger", "on"}); }};
    std::this_thread::sleep_for(moment);
    victim.kill();
    press.join();
    one_more();
    victim.start();
    REQUIRE_AGREE(all);
  }
  CAF_CHECK_EQUAL(pulses(), presses);
  for (const auto& x : lines(cellar, "cellar/lamp", "pulse"))
    CAF_CHECK_EQUAL(x.value("text", ""), ""); // nothing was refused
}

CAF_TEST(losing its controller in the middle neither cuts a pulse nor lengthens nor repeats it) {
  CAF_REQUIRE_EQUAL(cellar.troupe({"set", "cellar/thumb", "on"}).exit, 0);
  CAF_REQUIRE(is("cellar/fan", "on"));
  attic.kill();
  CAF_CHECK(within(15s, [&] { return acting(cellar) == "boiler"; }));
  CAF_CHECK(is("cellar/fan", "off"));
  std::this_thread::sleep_for(2s); // what boiler says again has come
  const auto said = lines(cellar, "cellar/fan", "output");
  CAF_REQUIRE_EQUAL(said.size(), 2u);
  CAF_CHECK_EQUAL(pulses("cellar/fan"), 1);
  const auto took = std::abs(said[0].value("at", std::int64_t{0}) - said[1].value("at", std::int64_t{0}));
  CAF_MESSAGE("on for " << took << " ms");
  CAF_CHECK(took >= 1499 && took < 3000);
  // The story names the press, the rule with its node, and the length.
  const auto why = cellar.troupe({"why", "cellar/fan"}).out;
  CAF_CHECK(has(why, "cellar/long"));
  CAF_CHECK(has(why, "pulse cellar/fan on for 1s 500ms (at node attic)"));
  CAF_CHECK(has(why, "its pulse of 1500 ms was over"));
}

CAF_TEST(a board that is killed just after a pulse does not repeat it) {
  finger("on");
  one_more();
  for (int i = 0; i < 2; ++i) {
    const auto before = pulses();
    finger("on");
    CAF_CHECK(within(10s, [&] { return pulses() > before; }));
    cellar.kill();
    const auto killed_at = wall();
    cellar.start();
    REQUIRE_AGREE(all);
    CAF_REQUIRE(within(20s, [&] { return !acting(cellar).empty(); }));
    // Longer than anybody says a pulse again. What the journal had not stored yet is lost.
    std::this_thread::sleep_for(11s);
    for (const auto& x : lines(cellar, "cellar/lamp", "output"))
      if (x.value("at", std::int64_t{0}) > killed_at)
        CAF_FAIL(told());
    finger("off");
    CAF_REQUIRE(is("cellar/button", "off"));
  }
  presses = pulses();
  finger("on"); // and the next one is done
  one_more();
}

CAF_TEST(an operator pulses an output of another node once and is told why not) {
  const auto done = attic.troupe({"pulse", "cellar/lamp", "300ms"});
  CAF_CHECK_EQUAL(done.err, "");
  CAF_CHECK_EQUAL(done.exit, 0);
  CAF_CHECK(has(done.out, "a pulse of 300 ms"));
  CAF_CHECK(is("cellar/lamp", "off"));
  CAF_CHECK_EQUAL(pulses(), 1);
  const auto why = attic.troupe({"why", "cellar/lamp"}).out;
  CAF_CHECK(has(why, "pulse cellar/lamp on for 300ms"));
  // In the journal stands who it was.
  CAF_CHECK(has(json(lines(cellar, "cellar/lamp", "command")).dump(), "pulse cellar/lamp on for 300ms"));
  CAF_CHECK_EQUAL(attic.troupe({"set", "cellar/lamp", "on", "--for", "10m"}).exit, 0);
  const auto no = attic.troupe({"pulse", "cellar/lamp", "300ms", "--priority", "4"});
  CAF_CHECK_EQUAL(no.exit, 1);
  CAF_CHECK(has(no.err, "it is on already"));
  const auto off = attic.ask({"pulse", "cellar/lamp", "300ms", "--off"});
  CAF_CHECK_EQUAL(off.value("effective_text", ""), "off");
  CAF_CHECK(is("cellar/lamp", "on"));
  CAF_CHECK_EQUAL(attic.troupe({"release", "cellar/lamp"}).exit, 0);
  CAF_CHECK_EQUAL(attic.troupe({"pulse", "cellar/lamp", "300"}).exit, 1);
  CAF_CHECK_EQUAL(attic.troupe({"pulse", "cellar/button", "300ms"}).exit, 1); // an input
  CAF_CHECK_EQUAL(attic.troupe({"pulse", "cellar/nothing", "300ms"}).exit, 4);
}

CAF_TEST(an operator whose answer is lost asks again and has one pulse) {
  std::thread later;
  for (const auto span : {1500ms, 4000ms}) { // the question waits for the board, or is refused as too old
    const auto before = pulses();
    cellar.freeze();
    later = std::thread{[&, span] {
      std::this_thread::sleep_for(span);
      cellar.thaw();
    }};
    const auto done = attic.troupe({"pulse", "cellar/lamp", "200ms"});
    later.join();
    CAF_CHECK_EQUAL(done.err, "");
    CAF_CHECK_EQUAL(done.exit, 0);
    REQUIRE_AGREE(all);
    std::this_thread::sleep_for(1s);
    CAF_CHECK_EQUAL(pulses(), before + 1);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
