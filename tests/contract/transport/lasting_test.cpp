#define CAF_SUITE lasting
#include "tests/support/suite.hpp"

#include "tests/contract/transport/live_link.hpp"
#include "tests/contract/transport/raw_link.hpp"

#include <csignal>
#include <fstream>

using namespace troupe::test;
using troupe::errc;

CAF_TEST_FIXTURE_SCOPE(lasting_tests, link_fixture)

CAF_TEST(beats measure the round trip and who was heard) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  CAF_REQUIRE(b.dial("a", a.listen()));
  CAF_REQUIRE(a.told.wait_ups(1));
  auto both = [&] {
    a.net().beat({"b", "nobody"});
    b.net().beat({"a"});
    const auto x = a.net().links(), y = b.net().links();
    return x.size() == 1 && y.size() == 1 && x.front().round_trip.count() > 0
           && y.front().round_trip.count() > 0;
  };
  CAF_REQUIRE(eventually(both));
  const auto x = a.net().links().front();
  const auto now = troupe::system_clocks().mono();
  CAF_CHECK(x.round_trip < 1s);
  CAF_CHECK(x.peer_tick > 0 && x.peer_tick <= now);
  CAF_CHECK(x.peer_tick_at > 0 && x.peer_tick_at <= now);
  CAF_CHECK(x.echo_tick > 0 && x.echo_tick <= now);
  CAF_CHECK(x.last_heard >= x.peer_tick_at);
  CAF_CHECK(a.told.downs().empty());
}

CAF_TEST(a link without beats stays quiet) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  CAF_REQUIRE(b.dial("a", a.listen()));
  CAF_REQUIRE(eventually([&] { return a.net().links().size() == 1; }));
  CAF_CHECK_EQUAL(a.net().links().front().round_trip.count(), 0);
  CAF_CHECK_EQUAL(a.net().links().front().peer_tick, 0);
}

CAF_TEST(revoked before it dials) {
  auto leaf = issuing.issue("b");
  live_end a{"a", give("a", issuing.issue("a"), root.crl({}) + issuing.crl({leaf.serial}))};
  live_end b{"b", give("b", leaf)};
  auto refused = b.dial("a", a.listen());
  CAF_REQUIRE(!refused);
  CAF_CHECK(has(why(refused), "our certificate was revoked"));
  CAF_CHECK(a.told.wait_refusal("was revoked"));
  CAF_CHECK(a.told.ups().empty());
}

CAF_TEST(revoked while linked is dropped at once and others stay) {
  auto leaf = issuing.issue("b");
  live_end a{"a", give("a")}, b{"b", give("b", leaf)}, c{"c", give("c")};
  const auto port = a.listen();
  CAF_REQUIRE(b.dial("a", port));
  auto there = c.dial("a", port);
  CAF_REQUIRE(there);
  CAF_REQUIRE(a.told.wait_ups(2));
  write_file(folder / "a/revoked.crl", issuing.crl({leaf.serial}));
  CAF_REQUIRE(a.net().reload());
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().name, "b");
  CAF_CHECK(has(a.told.downs().front().why, "was revoked"));
  CAF_CHECK(b.told.wait_downs(1));
  CAF_CHECK(!b.dial("a", port));
  CAF_CHECK_EQUAL(c.ask(*there, std::string{"still"}), "still");
  CAF_CHECK_EQUAL(a.told.downs().size(), 1u);
}

CAF_TEST(a revoked authority drops those below it and nobody else) {
  auto garden = root.below("garden issuing");
  live_end a{"a", give("a")}, b{"b", give("b", garden.issue("b"))}, c{"c", give("c")};
  const auto port = a.listen();
  CAF_REQUIRE(b.dial("a", port));
  auto there = c.dial("a", port);
  CAF_REQUIRE(there);
  CAF_REQUIRE(a.told.wait_ups(2));
  write_file(folder / "a/revoked.crl", root.crl({garden.serial()}));
  CAF_REQUIRE(a.net().reload());
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().name, "b");
  CAF_CHECK(has(a.told.downs().front().why, "the authority with serial " + garden.serial() + " that issued b was revoked"));
  CAF_CHECK(!b.dial("a", port));
  CAF_CHECK_EQUAL(c.ask(*there, std::string{"still"}), "still");
  CAF_CHECK_EQUAL(a.told.downs().size(), 1u);
}

CAF_TEST(a node whose own certificate has expired still drops the revoked) {
  struct : troupe::clock_source {
    troupe::wall_ms wall() const noexcept override { return troupe::system_clocks().wall() + ahead; }
    troupe::mono_ns mono() const noexcept override { return troupe::system_clocks().mono(); }
    std::atomic<troupe::wall_ms> ahead{0};
  } clock;
  auto leaf = issuing.issue("b");
  live_end a{"a", give("a"), {}, clock}, b{"b", give("b", leaf)}, c{"c", give("c")};
  const auto port = a.listen();
  CAF_REQUIRE(b.dial("a", port));
  auto there = c.dial("a", port);
  CAF_REQUIRE(there);
  CAF_REQUIRE(a.told.wait_ups(2));
  clock.ahead = 40 * day_ms;
  write_file(folder / "a/revoked.crl", issuing.crl({leaf.serial}));
  const auto done = a.net().reload();
  CAF_REQUIRE(!done);
  CAF_CHECK(has(done.why().context, "certificate of a expired on"));
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().name, "b");
  CAF_CHECK_EQUAL(c.ask(*there, std::string{"still"}), "still");
}

CAF_TEST(what was sent before an orderly end arrives) {
  live_end a{"a", give("a")};
  const auto port = a.listen();
  const std::vector<char> blob(60'000, 'x');
  for (std::uint64_t round = 1; round <= 10; ++round) {
    live_end b{"b", give("b")};
    auto there = b.dial("a", port);
    CAF_REQUIRE(there);
    for (int i = 0; i < 50; ++i)
      caf::anon_send(*there, blob);
    *there = nullptr;
    b.stop();
    if (!eventually([&] { return a.bytes_got == round * 50 * blob.size(); }))
      CAF_FAIL("round " << round << ": " << a.bytes_got << " bytes");
  }
}

CAF_TEST(a half rotated key is an error and the link lives) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  auto there = b.dial("a", port);
  CAF_REQUIRE(there);
  const auto next = issuing.issue("a");
  write_file(folder / "a/node.key", next.key);
  auto half = a.net().reload();
  CAF_REQUIRE(!half);
  CAF_CHECK(has(half.why().context, "does not belong to the certificate"));
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"x"}), "x");
  // And whoever comes now is served with the old pair.
  live_end c{"c", give("c")};
  CAF_CHECK_EQUAL(why(c.dial("a", port)), "linked");
  write_file(folder / "a/node.crt", next.chain);
  CAF_CHECK(a.net().reload());
}

CAF_TEST(a new certificate keeps the link and serves the next) {
  live_end a{"a", give("a")}, b{"b", give("b")}, c{"c", give("c")};
  const auto port = a.listen();
  auto there = b.dial("a", port);
  CAF_REQUIRE(there);
  const auto next = issuing.issue("a");
  give("a", next);
  CAF_REQUIRE(a.net().reload());
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"x"}), "x");
  CAF_REQUIRE(c.dial("a", port));
  CAF_CHECK_EQUAL(c.told.ups().front().serial, next.serial);
  CAF_CHECK_NOT_EQUAL(b.told.ups().front().serial, next.serial);
  CAF_CHECK(b.told.downs().empty());
}

CAF_TEST(a certificate of another node is not taken) {
  live_end a{"a", give("a")};
  give("a", issuing.issue("b"));
  auto done = a.net().reload();
  CAF_REQUIRE(!done);
  CAF_CHECK(has(done.why().context, "this is the node 'a'"));
}

// The peer completes everything and then never reads; what is queued for it
// must stay below the bound, and then the link must go.
CAF_TEST(a peer that stops reading is cut at the bound) {
  transport_limits bounds;
  bounds.max_backlog_bytes = 1 << 20;
  live_end a{"a", give("a")}, b{"b", give("b"), bounds};
  auto there = b.dial("a", a.listen());
  CAF_REQUIRE(there);
  CAF_REQUIRE(a.told.wait_ups(1));
  // The other system stops reading: its I/O thread waits for us.
  std::promise<void> go;
  auto gate = go.get_future().share();
  a.system().middleman().backend().post([gate] { gate.wait(); });
  const std::vector<char> blob(64 << 10, 'x');
  std::size_t most = 0;
  for (int i = 0; i < 2000 && b.told.downs().empty(); ++i) {
    caf::anon_send(*there, blob);
    for (const auto& link : b.net().links())
      most = std::max(most, link.backlog_bytes);
    if (i % 8 == 0)
      std::this_thread::sleep_for(1ms);
  }
  CAF_CHECK(b.told.wait_downs(1));
  CAF_CHECK(has(b.told.downs().front().why, "it does not read"));
  CAF_CHECK(most < bounds.max_backlog_bytes + (128u << 10));
  go.set_value();
  CAF_CHECK(a.told.wait_downs(1));
}

CAF_TEST(a node ends though its peer takes nothing) {
  live_end a{"a", give("a")};
  std::promise<void> go;
  auto gate = go.get_future().share();
  {
    live_end b{"b", give("b")};
    auto there = b.dial("a", a.listen());
    CAF_REQUIRE(there);
    a.system().middleman().backend().post([gate] { gate.wait(); });
    const std::vector<char> blob(64 << 10, 'x');
    for (int i = 0; i < 100; ++i)
      caf::anon_send(*there, blob);
    CAF_REQUIRE(eventually([&] {
      for (const auto& link : b.net().links())
        if (link.backlog_bytes > 100'000)
          return true;
      return false;
    }));
  }
  go.set_value();
  CAF_CHECK(a.told.wait_downs(1));
}

CAF_TEST_FIXTURE_SCOPE_END()
