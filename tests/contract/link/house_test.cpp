// Two nodes over the real transport in one process.
#define CAF_SUITE house
#include "tests/support/suite.hpp"

#include "tests/contract/link/live_node.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// "a" and "b", linked.
struct pair_fixture : pki_fixture {
  live_node a{"a", give("a")};
  std::unique_ptr<live_node> b = std::make_unique<live_node>("b", give("b"));
  std::uint16_t port = a.listen();

  pair_fixture() { meet(); }
  void meet() {
    b->dial("a", port);
    CAF_REQUIRE(a.sees("b"));
    CAF_REQUIRE(b->sees("a"));
  }

  /// Commands that come to "hall/lamp" of b, by id.
  std::mutex mutex;
  std::vector<std::string> done;
  caf::actor lamp;
  void give_b_a_lamp() {
    lamp = b->system->spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const command& x) {
        std::lock_guard lock{mutex};
        done.push_back(x.id);
      }};
    });
    directory::row row;
    row.name = "hall/lamp";
    row.handle = lamp;
    row.life = std::make_shared<vitals>();
    b->names.put(row);
    b->measure("hall/lamp", 0, 1);
    CAF_REQUIRE(a.shows("hall/lamp", 0, quality::good));
  }
  bool say(const std::string& id) {
    command x;
    x.id = id;
    x.source = "rule/a";
    x.output = "hall/lamp";
    return a.wire->forward("hall/lamp", caf::make_message(x));
  }
  std::vector<std::string> obeyed() {
    std::lock_guard lock{mutex};
    return done;
  }
  ~pair_fixture() {
    if (lamp)
      caf::anon_send_exit(lamp, caf::exit_reason::user_shutdown);
    lamp = nullptr;
    if (b)
      b->names.erase("hall/lamp");
    b.reset(); // its lamp writes here
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(house_tests, pair_fixture)

CAF_TEST(values flow both ways and turn bad when their node is lost) {
  a.measure("attic/temp", 21, 1);
  b->measure("shed/temp", 5, 1);
  CAF_CHECK(b->shows("attic/temp", 21, quality::good));
  CAF_CHECK(a.shows("shed/temp", 5, quality::good));
  b.reset();
  CAF_CHECK(a.shows("shed/temp", 5, quality::bad));
  CAF_CHECK(a.live.get("shed/temp")->why == reason::node_lost);
}

CAF_TEST(a new run of a node brings its values back as no change and takes the gone ones away) {
  b->measure("shed/temp", 5, 1);
  b->measure("shed/old", 1, 1);
  CAF_REQUIRE(a.shows("shed/temp", 5, quality::good));
  CAF_REQUIRE(a.shows("shed/old", 1, quality::good));
  b.reset();
  CAF_REQUIRE(a.shows("shed/temp", 5, quality::bad));
  b = std::make_unique<live_node>("b", give("b"), 2);
  b->measure("shed/temp", 5, 1);
  meet();
  CAF_CHECK(a.shows("shed/temp", 5, quality::good));
  CAF_CHECK(a.live.get("shed/temp")->told_as != origin::change);
  CAF_CHECK_EQUAL(a.wire->find("b")->incarnation, 2u);
  CAF_CHECK(eventually([&] { return !a.live.get("shed/old"); }));
}

CAF_TEST(a command reaches an output of the other node) {
  give_b_a_lamp();
  CAF_CHECK(say("on"));
  CAF_CHECK(eventually([&] { return obeyed() == std::vector<std::string>{"on"}; }));
}

CAF_TEST(a command that came late is dropped and told) {
  give_b_a_lamp();
  CAF_REQUIRE(say("first"));
  CAF_REQUIRE(eventually([&] { return obeyed().size() == 1; }));
  a.wire->find("b")->tick_at = a.clocks.mono();
  b->clocks.ahead = 10'000'000'000; // b had stood still, a had heard it just before
  CAF_REQUIRE(say("/late"));
  CAF_CHECK(eventually([&] { return b->has_trouble("older than 2000 ms"); }));
  CAF_CHECK_EQUAL(obeyed().size(), 1u);
}

CAF_TEST(what waits for a tick keeps its place before what is said later) {
  give_b_a_lamp();
  const auto to = a.wire->find("b");
  to->tick_at = 1; // heard long ago
  std::vector<std::string> wanted;
  for (int i = 0; i < 20; ++i) {
    wanted.push_back(std::to_string(i));
    CAF_REQUIRE(say(wanted.back()));
    if (i == 0)
      to->tick_at = a.clocks.mono(); // a beat came while the first one waits
  }
  CAF_CHECK(eventually([&] { return obeyed() == wanted; }));
}

CAF_TEST(what waited too long for a tick is not made young by it) {
  give_b_a_lamp();
  const auto to = a.wire->find("b");
  {
    std::lock_guard lock{to->mutex};
    envelope old;
    old.seq = to->envelopes.send();
    old.to = "hall/lamp";
    command x;
    x.id = "old";
    x.output = old.to;
    x.source = "rule/old";
    old.what = x;
    to->waiting.push_back({a.clocks.mono() - 5'000'000'000, std::move(old)});
  }
  to->tick_at = 1;
  CAF_REQUIRE(say("young")); // behind it; nobody asks for a tick a second time ...
  {
    // ... so the answer is brought here.
    const auto from_b = b->wire->find("a");
    caf::send_as(b->wire->gateway(), from_b->gateway, tick_told{b->clocks.mono()});
  }
  CAF_CHECK(eventually([&] { return obeyed() == std::vector<std::string>{"young"}; }));
  CAF_CHECK(eventually([&] { return b->has_trouble("older than 2000 ms"); }));
}

CAF_TEST(a question is answered; the end of the link ends one that waits) {
  far_call x;
  x.method = "GET";
  x.who = "anna";
  x.path = "/v1/status";
  auto id = a.wire->ask("b", x);
  CAF_REQUIRE(id);
  auto said = a.wire->answer(*id, milliseconds{10000});
  CAF_REQUIRE(said);
  CAF_CHECK_EQUAL(said->body, "/v1/status");
  x.path = "/never";
  id = a.wire->ask("b", x);
  CAF_REQUIRE(id);
  b.reset();
  said = a.wire->answer(*id, milliseconds{10000});
  CAF_REQUIRE(!said);
  CAF_CHECK_EQUAL(said.why().code, errc::unreachable);
  CAF_CHECK(!a.wire->ask("b", x));
}

CAF_TEST(a stream brings events and ends with its link) {
  far_call x;
  x.method = "GET";
  x.who = "anna";
  x.path = "/stream";
  const auto id = a.wire->ask("b", x);
  CAF_REQUIRE(id);
  const auto said = a.wire->answer(*id, milliseconds{10000});
  CAF_REQUIRE(said);
  CAF_REQUIRE_EQUAL(said->stream, 7u);
  std::atomic<int> events{0}, ends{0};
  a.wire->read("b", 7, [&](far_events lot) {
    events += static_cast<int>(lot.events.size());
    ends += lot.ended ? 1 : 0;
    return true;
  });
  CAF_CHECK(eventually([&] { return events == 1; }));
  b.reset();
  CAF_CHECK(eventually([&] { return ends == 1; }));
}

CAF_TEST(a stream whose asker has gone is closed where it was opened) {
  far_call x;
  x.method = "GET";
  x.who = "anna";
  x.path = "/late";
  const auto id = a.wire->ask("b", x);
  CAF_REQUIRE(id);
  CAF_REQUIRE(!a.wire->answer(*id, milliseconds{50}));
  CAF_REQUIRE(eventually([&] {
    std::lock_guard lock{b->desk.mutex};
    return b->desk.late != nullptr;
  }));
  b->desk.late();
  CAF_CHECK(eventually([&] {
    std::lock_guard lock{b->desk.mutex};
    return b->desk.closed.contains(7);
  }));
  b->desk.late = nullptr;
}

CAF_TEST(catalogues come whole and the newest one stays) {
  for (std::uint64_t i = 1; i <= 50; ++i)
    b->wire->show_catalogue(i, {"doc " + std::to_string(i)});
  CAF_CHECK(eventually([&] { return a.wire->books().of("b") == std::vector<std::string>{"doc 50"}; }));
}

CAF_TEST(a peer that talks nonsense in a loop does not flood the journal) {
  give_b_a_lamp();
  const auto to = a.wire->find("b");
  envelope nonsense;
  nonsense.seq = 1;
  nonsense.to = "hall/lamp";
  nonsense.what.priority = -5;
  for (int i = 0; i < 500; ++i)
    a.net().send(a.wire->gateway(), to->gateway, caf::make_message(nonsense));
  CAF_REQUIRE(say("last"));
  CAF_REQUIRE(eventually([&] { return obeyed().size() == 1; }));
  std::lock_guard lock{b->mutex};
  CAF_CHECK(!b->troubles.empty());
  CAF_CHECK(b->troubles.size() < 100);
}

CAF_TEST(a removed node is told so and nothing that it says with its hello is done) {
  b = std::make_unique<live_node>("b", give("b"), 2);
  CAF_REQUIRE(eventually([&] { return !a.wire->find("b"); }));
  {
    std::lock_guard lock{a.mutex};
    a.removed.name = "b";
    a.removed.is = standing::removed;
    a.removed.banned = 1;
  }
  // All in one: what follows the hello comes before anybody could cut the link.
  const auto say_all = [&](result<caf::actor> to) {
    if (!to)
      return;
    const auto gateway = b->wire->gateway();
    hello mine;
    mine.node = "b";
    mine.version = "1";
    mine.incarnation = 2;
    mine.gateway = gateway;
    caf::send_as(gateway, *to, mine);
    far_call set;
    set.id = 1;
    set.method = "POST";
    set.path = "/v1/set/hall/lamp";
    set.who = "anna";
    set.allowed = 2;
    set.echo = a.clocks.mono();
    caf::send_as(gateway, *to, set);
    reading_batch batch;
    batch.seq = 1;
    batch.is = reading_batch::place::only;
    far_row row;
    row.name = "shed/temp";
    row.now.val = value::integer(5);
    row.now.grade = quality::good;
    row.age_ns = 1;
    batch.rows.push_back(row);
    caf::send_as(gateway, *to, batch);
    caf::send_as(gateway, *to, catalogue_part{1, 0, 1, {"{}"}});
  };
  // The reset of its link may overtake the letter; then the next dial tells it.
  CAF_CHECK(eventually([&] {
    b->net().dial("a", {"127.0.0.1:" + std::to_string(port)}, say_all);
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    std::lock_guard lock{b->mutex};
    return !b->letters.empty();
  }));
  CAF_CHECK(eventually([&] { return !b->wire->find("a"); }));
  {
    std::lock_guard lock{b->mutex};
    CAF_REQUIRE(!b->letters.empty()); // this b says hello twice, and is told so twice
    CAF_REQUIRE_EQUAL(b->letters[0].second.members.size(), 1u);
    CAF_CHECK_EQUAL(b->letters[0].second.members[0].name, "b");
    CAF_CHECK_EQUAL(b->letters[0].second.members[0].banned, 1u);
  }
  CAF_CHECK(a.has_trouble("b was removed from the house by an operator; `troupe approve b` takes it back"));
  CAF_CHECK(!a.wire->find("b"));
  CAF_CHECK(!a.live.get("shed/temp"));
  CAF_CHECK(a.wire->books().of("b").empty());
  {
    std::lock_guard lock{a.desk.mutex};
    CAF_CHECK(a.desk.asked.empty());
  }
  {
    std::lock_guard lock{a.mutex};
    a.removed = {};
  }
  meet();
}

CAF_TEST_FIXTURE_SCOPE_END()
