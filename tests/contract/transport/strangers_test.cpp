#define CAF_SUITE strangers
#include "tests/support/suite.hpp"

#include "cluster/transport/beat.hpp"
#include "tests/contract/transport/basp_bytes.hpp"
#include "tests/contract/transport/live_link.hpp"
#include "tests/contract/transport/raw_link.hpp"

using namespace troupe::test;
using troupe::errc;

namespace {

/// An honest link beside the attack; it must answer before and after.
struct strangers_fixture : link_fixture {
  live_end a{"a", give("a"), [] {
               transport_limits bounds;
               bounds.handshake_within = 400ms;
               bounds.refusals_per_second = 1000;
               return bounds;
             }()};
  std::uint16_t port = a.listen();
  live_end honest{"honest", give("honest")};
  caf::actor there;

  strangers_fixture() {
    auto linked = honest.dial("a", port);
    CAF_REQUIRE(linked);
    there = *linked;
    CAF_REQUIRE(a.told.wait_ups(1));
  }
  ~strangers_fixture() {
    CAF_CHECK_EQUAL(honest.ask(there, std::string{"still here"}), "still here");
    CAF_CHECK_EQUAL(a.told.ups().size(), ups);
    there = nullptr;
  }
  std::size_t ups = 1;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(strangers_tests, strangers_fixture)

CAF_TEST(certificates that are not good are refused by name) {
  auto foreign_leaf = foreign.issue("mallory"), old = issuing.issue("mallory", "node", {-200, -100, {}}),
       early = issuing.issue("mallory", "node", {1000, 2000, {}}), person = issuing.issue("anna", "viewer"),
       ruler = issuing.issue("olga", "operator"), own = issuing.issue("a");
  struct {
    const test_leaf* leaf;
    const char* says;
    const char* claimed;
  } table[] = {
    {&foreign_leaf, "which this node does not trust", "mallory"},
    {&old, "expired on", "mallory"},
    {&early, "is not valid before", "mallory"},
    {&person, "has the role viewer; only nodes may link", "anna"},
    {&ruler, "has the role operator; only nodes may link", "olga"},
    {&own, "shows our own name a", "a"},
    {nullptr, "showed no certificate", ""},
  };
  for (const auto& row : table) {
    raw_link evil{port};
    evil.greet(row.leaf);
    CAF_CHECK(evil.closed());
    CAF_CHECK(evil.heard().empty()); // not one byte of BASP
    if (!a.told.wait_refusal(row.says))
      CAF_ERROR("not told: " << row.says);
    CAF_CHECK_EQUAL(a.told.refusals().back().claimed, row.claimed);
    CAF_CHECK(has(a.told.refusals().back().address, "127.0.0.1:"));
  }
}

CAF_TEST(old TLS and plain text and rubbish are refused) {
  auto leaf = issuing.issue("b");
  raw_link old{port};
  CAF_CHECK(!old.greet(&leaf, TLS1_2_VERSION));
  CAF_CHECK(a.told.wait_refusal("does not offer TLS 1.3"));
  raw_link plain{port};
  plain.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CAF_CHECK(plain.closed());
  CAF_CHECK(a.told.wait_refusal("plain HTTP"));
  raw_link basp_plain{port};
  basp_plain.say(basp(1, id_bytes("node:b/1")));
  CAF_CHECK(basp_plain.closed());
  CAF_CHECK(a.told.wait_refusal("does not speak TLS"));
}

CAF_TEST(after the handshake only BASP by the rules goes on) {
  auto leaf = issuing.issue("b");
  struct {
    std::string bytes;
    const char* says;
  } table[] = {
    {std::string(64, '\xee'), "a BASP frame of 4008636142 bytes"},
    {basp(1, id_bytes("node:honest/1")), "claims the node id 'node:honest/1', which is not one of b"},
    {basp(1, id_bytes(to_string(honest.system().node()))), "which is not one of b"},
    {basp(2, "a message"), "before the handshake"},
    {basp(1, "", 10u << 20), "a BASP frame of 10485760 bytes"},
    {basp(0, id_bytes("node:b/1")), "before the handshake"},
  };
  for (const auto& row : table) {
    raw_link evil{port};
    CAF_REQUIRE(evil.greet(&leaf));
    evil.say(row.bytes);
    CAF_CHECK(evil.closed());
    if (!a.told.wait_refusal(row.says))
      CAF_ERROR("not told: " << row.says);
  }
}

CAF_TEST(a peer that says nothing after TLS is closed) {
  auto leaf = issuing.issue("b");
  raw_link evil{port};
  CAF_REQUIRE(evil.greet(&leaf));
  CAF_CHECK(evil.closed());
  CAF_CHECK(a.told.wait_refusal("no BASP handshake within 400 ms"));
}

CAF_TEST(a peer that is up and then breaks the rules is cut) {
  auto leaf = issuing.issue("b");
  for (std::string bad : {basp(2, "x", 2u << 20), basp(4, id_bytes("node:honest/1")), std::string(32, '\x55')}) {
    raw_link evil{port};
    CAF_REQUIRE(evil.greet(&leaf));
    const auto before = a.told.downs().size();
    evil.say(basp(1, id_bytes("node:b/1") + std::string(64, '\0')));
    CAF_CHECK(a.told.wait_ups(++ups));
    evil.say(bad);
    CAF_CHECK(evil.closed());
    CAF_CHECK(a.told.wait_downs(before + 1));
    CAF_CHECK_EQUAL(a.told.downs().back().name, "b");
  }
}

// Passed on by CAF it would be a's word in b's name, and the honest node would
// end its link with a for it.
CAF_TEST(what is meant for a third node ends no other link) {
  auto leaf = issuing.issue("b");
  for (const int kind : {4, 5}) {
    raw_link evil{port};
    CAF_REQUIRE(evil.greet(&leaf));
    const auto before = a.told.downs().size();
    evil.say(basp(1, id_bytes("node:b/1")));
    CAF_CHECK(a.told.wait_ups(++ups));
    auto frame = basp(kind, id_bytes("node:b/1") + id_bytes(to_string(honest.system().node())) + std::string(2, '\0'));
    frame[kind == 4 ? 31 : 23] = 9; // an actor there
    evil.say(frame);
    CAF_CHECK(evil.closed());
    CAF_CHECK(a.told.wait_downs(before + 1));
    CAF_CHECK(has(a.told.downs().back().why, "which this node would pass on"));
    CAF_CHECK(honest.told.downs().empty());
  }
}

CAF_TEST(a link that CAF itself gives up is told with a reason) {
  auto leaf = issuing.issue("b");
  raw_link evil{port};
  CAF_REQUIRE(evil.greet(&leaf));
  evil.say(basp(1, id_bytes("node:b/1")));
  CAF_CHECK(a.told.wait_ups(++ups));
  evil.say(basp(2, "to nobody"));
  CAF_CHECK(evil.closed());
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK(has(a.told.downs().back().why, "no BASP that CAF understands"));
  CAF_CHECK(a.told.downs().back().lost);
}

// 200 connections of one address that say nothing; the bounds are counts.
CAF_TEST(a silent flood is bounded and ends) {
  std::vector<std::unique_ptr<raw_link>> flood;
  for (int i = 0; i < 200; ++i)
    flood.push_back(std::make_unique<raw_link>(port, "127.0.0.9"));
  CAF_CHECK(a.told.wait_refusal("8 connections from this address"));
  CAF_CHECK_EQUAL(honest.ask(there, std::string{"meanwhile"}), "meanwhile");
  // A new node from elsewhere is let in while they hold their places.
  live_end late{"late", give("late")};
  CAF_CHECK_EQUAL(why(late.dial("a", port)), "linked");
  ++ups;
  for (auto& one : flood)
    CAF_CHECK(one->closed());
  std::size_t at_once = 0, by_time = 0;
  CAF_CHECK(a.told.wait([&](const told_events& x) {
    at_once = by_time = 0;
    for (const auto& one : x.refusals()) {
      at_once += has(one.why, "from this address");
      by_time += has(one.why, "no TLS handshake within 400 ms");
    }
    return at_once + by_time == 200;
  }));
  CAF_CHECK(by_time >= 8);
  CAF_CHECK(at_once > 100);
}

CAF_TEST(a flood from many addresses is bounded in all) {
  std::vector<std::unique_ptr<raw_link>> flood;
  for (int i = 0; i < 160; ++i)
    flood.push_back(std::make_unique<raw_link>(port, ("127.0.1." + std::to_string(1 + i % 20)).c_str()));
  CAF_CHECK(a.told.wait_refusal("64 connections are not authenticated yet"));
  CAF_CHECK_EQUAL(honest.ask(there, std::string{"meanwhile"}), "meanwhile");
  for (auto& one : flood)
    CAF_CHECK(one->closed());
}

CAF_TEST(a member that changes keys without end is cut) {
  live_end c{"c", give("c")}; // with time enough for a greeting that never comes
  raw_link evil{c.listen()};
  const auto leaf = issuing.issue("evil");
  CAF_REQUIRE(evil.greet(&leaf));
  CAF_REQUIRE(evil.change_keys(20'000));
  CAF_CHECK(c.told.wait_refusal("records without content"));
}

CAF_TEST(a member that does not greet holds few connections) {
  const auto leaf = issuing.issue("0evil"); // before "a": it may dial a
  std::vector<std::unique_ptr<raw_link>> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(std::make_unique<raw_link>(port));
    CAF_CHECK(all.back()->greet(&leaf));
  }
  CAF_CHECK(a.told.wait_refusal("have not greeted yet"));
}

CAF_TEST_FIXTURE_SCOPE_END()
