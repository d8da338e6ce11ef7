#define CAF_SUITE links
#include "tests/support/suite.hpp"

#include "cluster/transport/socket.hpp"
#include "tests/contract/transport/live_link.hpp"
#include "tests/support/env_number.hpp"

#include <caf/io/network/default_multiplexer.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>

using namespace troupe::test;
using troupe::errc;

namespace {

/// The user timeouts of this process's TCP connections that stand, by their own
/// port: both ends of a link are here.
std::map<std::uint16_t, int> user_timeouts() {
  std::map<std::uint16_t, int> out;
  for (int fd = 0; fd < 1024; ++fd) {
    tcp_info now{};
    socklen_t size = sizeof now;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &now, &size) != 0 || now.tcpi_state != TCP_ESTABLISHED)
      continue;
    int value = 0;
    size = sizeof value;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size) == 0)
      out[port_of(fd)] = value;
  }
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(links_tests, link_fixture)

CAF_TEST(both ends of a link bear as long without an acknowledgement as they were told) {
  transport_limits patient, quick;
  patient.unacknowledged_within = 40s;
  quick.unacknowledged_within = 7s;
  const auto before = user_timeouts();
  live_end a{"a", give("a"), patient}, b{"b", give("b"), quick};
  const auto port = a.listen();
  CAF_REQUIRE_EQUAL(why(b.dial("a", port)), "linked");
  auto now = user_timeouts();
  std::erase_if(now, [&](const auto& x) { return before.contains(x.first); });
  CAF_REQUIRE_EQUAL(now.size(), 2u);
  CAF_CHECK_EQUAL(now[port], 40'000);
  now.erase(port);
  CAF_CHECK_EQUAL(now.begin()->second, 7'000);
}

CAF_TEST(a link comes up and both know each other) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  auto there = b.dial("a", a.listen());
  CAF_REQUIRE_EQUAL(why(there), "linked");
  CAF_CHECK_EQUAL(b.told.ups().size(), 1u); // told before the dial's answer
  CAF_CHECK(a.told.wait_ups(1));
  const auto at_a = a.told.ups().front(), at_b = b.told.ups().front();
  CAF_CHECK_EQUAL(at_a.name, "b");
  CAF_CHECK_EQUAL(at_b.name, "a");
  CAF_CHECK(!at_a.dialled);
  CAF_CHECK(at_b.dialled);
  CAF_CHECK_EQUAL(at_a.node_id.substr(0, 7), "node:b/");
  CAF_CHECK(has(at_b.cipher, "TLSv1.3"));
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"hello"}), "hello");
  CAF_CHECK_EQUAL(b.ask(*there, caf::get_atom::value), "b node");
  CAF_CHECK_EQUAL(b.net().identify((*there)->node())->name, "a");
  CAF_CHECK(!b.net().identify(b.system().node()));
  CAF_REQUIRE_EQUAL(a.net().links().size(), 1u);
  CAF_CHECK(a.net().links().front().bytes_in > 0);
  CAF_CHECK(a.told.downs().empty());
}

CAF_TEST(the end of a node is told once and at once) {
  live_end a{"a", give("a")};
  auto b = std::make_unique<live_end>("b", give("b"));
  CAF_REQUIRE(b->dial("a", a.listen()));
  CAF_REQUIRE(a.told.wait_ups(1));
  b.reset();
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().name, "b");
  CAF_CHECK(a.told.downs().front().lost);
  CAF_CHECK(a.net().links().empty());
  CAF_CHECK_EQUAL(a.told.downs().size(), 1u);
}

CAF_TEST(a node comes back under its name with a new id) {
  live_end a{"a", give("a")};
  const auto port = a.listen();
  for (std::size_t round = 1; round <= 3; ++round) {
    live_end b{"b", give("b")};
    auto there = b.dial("a", port);
    CAF_REQUIRE_EQUAL(why(there), "linked");
    CAF_CHECK_EQUAL(b.ask(*there, caf::get_atom::value), "b node");
    CAF_CHECK(a.told.wait_ups(round));
  }
  CAF_CHECK(a.told.wait_downs(3));
  const auto ups = a.told.ups();
  CAF_CHECK_NOT_EQUAL(ups[0].node_id, ups[1].node_id);
}

CAF_TEST(a drop ends the link at both ends and it may come back) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  CAF_REQUIRE(b.dial("a", port));
  CAF_REQUIRE(a.told.wait_ups(1));
  a.net().drop("b", "an operator said so");
  CAF_REQUIRE(a.told.wait_downs(1));
  CAF_CHECK_EQUAL(a.told.downs().front().why, "an operator said so");
  CAF_CHECK(!a.told.downs().front().lost);
  CAF_REQUIRE(b.told.wait_downs(1));
  CAF_CHECK(b.told.downs().front().lost);
  auto again = b.dial("a", port);
  CAF_REQUIRE_EQUAL(why(again), "linked");
  CAF_CHECK_EQUAL(b.ask(*again, std::string{"back"}), "back");
}

CAF_TEST(a link that is held is silent and loses nothing) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  auto there = b.dial("a", port);
  CAF_REQUIRE_EQUAL(why(there), "linked");
  CAF_REQUIRE(a.told.wait_ups(1));
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"before"}), "before");
  // One end is enough: neither what it says nor what it is told passes.
  a.net().hold("b", 60s);
  std::this_thread::sleep_for(200ms); // the I/O thread does it, after what it is at
  const auto heard = a.net().links().front().last_heard;
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"meanwhile"}), ""); // within three seconds
  CAF_CHECK_EQUAL(a.net().links().front().last_heard, heard);
  CAF_CHECK(a.told.downs().empty());
  CAF_CHECK(b.told.downs().empty());
  // Much that waits, in pieces that end anywhere.
  for (int i = 0; i < 50; ++i)
    caf::anon_send(*there, std::vector<char>(20'000, 'x'));
  std::this_thread::sleep_for(200ms);
  CAF_CHECK_EQUAL(a.bytes_got, 0u);
  a.net().hold("b", 0ms);
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"after"}), "after");
  CAF_CHECK_EQUAL(a.bytes_got, 1'000'000u);
  CAF_CHECK(a.told.downs().empty());
}

CAF_TEST(a held link ends by itself and lets nobody in meanwhile) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  a.net().hold("b", 3s);
  b.net().hold("a", 3s);
  std::this_thread::sleep_for(200ms); // it comes to the I/O thread
  CAF_CHECK(has(why(b.dial("a", port)), "the link is cut for a drill"));
  b.net().hold("a", 0ms);
  std::this_thread::sleep_for(200ms);
  CAF_CHECK(!b.dial("a", port)); // the other end holds it still
  CAF_CHECK(a.told.refusals().empty()); // it is no stranger
  troupe::result<caf::actor> there = troupe::error{errc::unreachable, ""};
  for (int i = 0; i < 100 && !there; ++i) {
    std::this_thread::sleep_for(100ms);
    there = b.dial("a", port);
  }
  CAF_REQUIRE_EQUAL(why(there), "linked");
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"hello"}), "hello");
}

CAF_TEST(a link that is slow is late and loses nothing) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  auto there = b.dial("a", port);
  CAF_REQUIRE_EQUAL(why(there), "linked");
  CAF_REQUIRE(a.told.wait_ups(1));
  const auto ask = [&](const std::string& what) {
    const auto begun = std::chrono::steady_clock::now();
    CAF_CHECK_EQUAL(b.ask(*there, what), what);
    return std::chrono::steady_clock::now() - begun;
  };
  // One end is late: one way of two.
  a.net().delay("b", 60s, {150ms, 0});
  std::this_thread::sleep_for(200ms); // it comes to the I/O thread
  CAF_CHECK(ask("late") >= 150ms);
  b.net().delay("a", 60s, {150ms, 0});
  std::this_thread::sleep_for(200ms);
  CAF_CHECK(ask("both ways") >= 300ms);
  // Half of it is lost and said again: all of it comes, in order, or BASP would end the link.
  a.net().delay("b", 60s, {20ms, 0.5});
  for (int i = 0; i < 50; ++i)
    caf::anon_send(*there, std::vector<char>(20'000, 'x'));
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"behind it"}), "behind it");
  CAF_CHECK_EQUAL(a.bytes_got, 1'000'000u);
  // A link that is slow takes no second one, and ends being slow at a word.
  CAF_CHECK(has(why(b.dial("a", port)), "already linked"));
  a.net().hold("b", 0ms);
  b.net().hold("a", 0ms);
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"after"}), "after");
  CAF_CHECK(a.told.downs().empty());
  CAF_CHECK(b.told.downs().empty());
}

CAF_TEST(a new link over a slow way is slow too and gets fast by itself) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = a.listen();
  a.net().delay("b", 5s, {300ms, 0});
  std::this_thread::sleep_for(200ms);
  auto there = b.dial("a", port);
  CAF_REQUIRE_EQUAL(why(there), "linked");
  const auto begun = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"late"}), "late");
  CAF_CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
  CAF_CHECK(eventually([&] { // at the end of its time
    const auto again = std::chrono::steady_clock::now();
    return b.ask(*there, std::string{"in time"}) == "in time" && std::chrono::steady_clock::now() - again < 300ms;
  }));
  CAF_CHECK(a.told.downs().empty());
}

CAF_TEST(a second link is refused while the first lives) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port_a = a.listen(), port_b = b.listen();
  CAF_REQUIRE(b.dial("a", port_a));
  CAF_REQUIRE(a.told.wait_ups(1));
  for (auto* from : {&a, &b}) {
    auto second = from == &a ? a.dial("b", port_b) : b.dial("a", port_a);
    CAF_REQUIRE(!second);
    CAF_CHECK(second.why().code == errc::conflict);
    CAF_CHECK(has(why(second), "already linked"));
  }
  CAF_CHECK(a.told.downs().empty());
  CAF_CHECK_EQUAL(a.net().links().size(), 1u);
}

CAF_TEST(a second machine with the same name is declined while the first lives) {
  live_end a{"a", give("a")}, b{"b", give("b")}, twin{"b", give("twin", issuing.issue("b"))};
  const auto port = a.listen();
  auto there = b.dial("a", port);
  CAF_REQUIRE(there);
  CAF_REQUIRE(a.told.wait_ups(1));
  CAF_CHECK(!twin.dial("a", port));
  CAF_CHECK(eventually([&] { return !a.told.surplus().empty(); }));
  CAF_CHECK_EQUAL(a.told.surplus().front().why, "already linked with b");
  CAF_CHECK_EQUAL(b.ask(*there, std::string{"still"}), "still");
  CAF_CHECK(a.told.downs().empty());
}

// TROUPE_ROUNDS=1000 for more. The second dial begins up to a millisecond
// later than the first, so that both handshakes meet in all orders.
CAF_TEST(two nodes that dial each other at once end with one link) {
  const int rounds = number<int>("TROUPE_ROUNDS", 60);
  const int same = 20; // rounds of one pair: a new link must not suffer from what the old one left
  std::unique_ptr<live_end> a, b;
  std::uint16_t port_a = 0, port_b = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round % same == 0) {
      a = std::make_unique<live_end>("a", give("a"));
      b = std::make_unique<live_end>("b", give("b"));
      port_a = a->listen();
      port_b = b->listen();
    }
    auto late = [&](int turn) {
      const auto until = std::chrono::steady_clock::now() + (round % 2 == turn ? round % 21 * 50us : 0us);
      while (std::chrono::steady_clock::now() < until) {
      }
    };
    auto from_a = std::async(std::launch::async, [&] { return late(0), a->dial("b", port_b); });
    late(1);
    auto from_b = b->dial("a", port_a);
    auto other = from_a.get();
    if (!from_b && !other)
      CAF_FAIL("round " << round << ": " << why(from_b) << " | " << why(other));
    CAF_REQUIRE(eventually([&] {
      const auto at_a = a->net().links(), at_b = b->net().links();
      return at_a.size() == 1 && at_b.size() == 1
             && at_a.front().who->dialled != at_b.front().who->dialled;
    }));
    auto& good = other ? *a : *b;
    const auto there = other ? *other : *from_b;
    auto story = [&] {
      std::string text = "round " + std::to_string(round) + ": " + why(from_b) + " | " + why(other);
      for (auto* x : {a.get(), b.get()}) {
        text += x == a.get() ? "; a had " : "; b had ";
        text += std::to_string(x->told.ups().size()) + " ups";
        for (const auto& down : x->told.downs())
          text += ", down " + down.why;
        for (const auto& one : x->told.surplus())
          text += ", surplus " + one.why;
      }
      return text;
    };
    if (good.ask(there, std::string{"one"}) != "one")
      CAF_FAIL(story());
    if (good.ask(there, good.gateway, std::string{"and back"}) != "and back")
      CAF_FAIL(story());
    for (const auto* loser : {&from_b, &other})
      if (!*loser && loser->why().code != errc::conflict)
        CAF_ERROR("round " << round << ": " << why(*loser));
    CAF_CHECK(a->told.refusals().empty());
    CAF_CHECK(b->told.refusals().empty());
    a->net().drop("b", "next round");
    CAF_REQUIRE(eventually([&] { return a->net().links().empty() && b->net().links().empty(); }));
  }
}

CAF_TEST(the wrong name at an address is found) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  auto wrong = b.dial("c", a.listen());
  CAF_REQUIRE(!wrong);
  CAF_CHECK(wrong.why().code == errc::untrusted);
  CAF_CHECK(has(why(wrong), "dialled c and found a"));
  CAF_CHECK(b.told.wait_refusal("dialled c and found a"));
  CAF_CHECK(a.told.ups().empty());
}

CAF_TEST(two nodes of one name do not link) {
  live_end a{"a", give("a")}, twin{"a", give("twin", issuing.issue("a"))};
  CAF_CHECK(has(why(twin.dial("a", a.listen())), "our own name"));
}

CAF_TEST(of several addresses one is enough) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  const auto port = std::to_string(a.listen());
  auto there = b.dial("a", {"127.0.0.1:1", "nonsense", "no-such-host.invalid:1", "127.0.0.1:" + port});
  CAF_CHECK_EQUAL(why(there), "linked");
  auto none = b.dial("x", {"127.0.0.1:1", "nonsense"});
  CAF_CHECK(has(why(none), "Connection refused"));
  CAF_CHECK(has(why(none), "'nonsense'"));
  CAF_CHECK(has(why(b.dial("y", std::vector<std::string>{})), "no address"));
}

CAF_TEST(a host that refuses is told from one that is silent and from a stranger) {
  live_end b{"b", give("b")};
  std::string port_of_a, port_of_s;
  {
    live_end a{"a", give("a")};
    port_of_a = std::to_string(a.listen());
  }
  live_end s{"s", give("s")};
  port_of_s = std::to_string(s.listen());
  const auto gone = "127.0.0.1:" + port_of_a, stranger = "127.0.0.1:" + port_of_s;
  const std::string nowhere = "no-such-host.invalid:1";
  struct row {
    std::vector<std::string> addresses;
    errc code;
  };
  const row table[] = {
    {{gone}, errc::closed},
    {{gone, nowhere}, errc::closed},
    {{nowhere, gone}, errc::closed},
    {{nowhere}, errc::unreachable},
    {{}, errc::unreachable},
    {{stranger, gone}, errc::untrusted},
    {{gone, stranger}, errc::untrusted},
  };
  for (const auto& x : table) {
    const auto said = b.dial("a", x.addresses);
    CAF_REQUIRE(!said);
    if (said.why().code != x.code)
      CAF_ERROR(troupe::to_string(said.why()));
  }
  CAF_CHECK_EQUAL(b.told.refusals().size(), 2u); // the stranger's; silence refuses nobody
}

// What a killed process looks like when its listener is closed after the redial
// that follows its lost link.
CAF_TEST(a connection that ends in the handshake is tried once more) {
  live_end b{"b", give("b")};
  auto listener = listen_tcp({"127.0.0.1", "0"});
  CAF_REQUIRE(listener);
  const auto port = port_of(listener->get());
  auto dying = std::async(std::launch::async, [&] {
    owned_fd one;
    while (!one)
      one = owned_fd{::accept(listener->get(), nullptr, nullptr)};
    *listener = owned_fd{};
    reset_on_close(one.get());
  });
  const auto said = b.dial("a", port);
  CAF_REQUIRE(!said);
  CAF_CHECK(said.why().code == errc::closed);
  CAF_CHECK(b.told.refusals().empty());
}

CAF_TEST(IPv6 works alone and beside IPv4) {
  live_end a{"a", give("a")}, b{"b", give("b")}, c{"c", give("c")}, d{"d", give("d")};
  const auto six = a.listen("[::1]:0"), both = a.listen(":0");
  CAF_CHECK_EQUAL(why(b.dial("a", six, "[::1]")), "linked");
  CAF_CHECK_EQUAL(why(c.dial("a", both, "[::1]")), "linked");
  CAF_CHECK_EQUAL(why(d.dial("a", both, "127.0.0.1")), "linked");
  CAF_CHECK(has(why(d.dial("a2", six, "127.0.0.1")), "Connection refused"));
  CAF_CHECK(a.told.wait_ups(3));
  CAF_CHECK_EQUAL(a.told.ups().front().address.substr(0, 6), "[::1]:");
}

CAF_TEST(an address that swallows packets delays no other dial) {
  live_end a{"a", give("a")}, b{"b", give("b")};
  // A listener whose backlog is full answers no SYN.
  const int deaf = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CAF_REQUIRE_EQUAL(::bind(deaf, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  CAF_REQUIRE_EQUAL(::listen(deaf, 0), 0);
  socklen_t size = sizeof at;
  ::getsockname(deaf, reinterpret_cast<sockaddr*>(&at), &size);
  int fill[4];
  for (int& fd : fill) {
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
  }
  std::atomic<bool> slow_done{false}, slow_linked{false};
  const std::vector<std::string> nowhere{"127.0.0.1:" + std::to_string(ntohs(at.sin_port))};
  b.net().dial("slow", nowhere,
               [&](troupe::result<caf::actor> x) {
                 slow_linked = static_cast<bool>(x);
                 slow_done = true;
               });
  CAF_CHECK_EQUAL(why(b.dial("a", a.listen())), "linked");
  CAF_CHECK(!slow_done);
  CAF_CHECK(eventually([&] { return slow_done.load(); }));
  CAF_CHECK(!slow_linked);
  for (int fd : fill)
    ::close(fd);
  ::close(deaf);
}

CAF_TEST(what CAF keeps of a peer ends with its link) {
  live_end a{"a", give("a")};
  const auto port = a.listen();
  const auto kept = [&] {
    auto broker = a.system().middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
    std::promise<std::size_t> count;
    dynamic_cast<caf::io::network::default_multiplexer&>(a.system().middleman().backend()).post([&] {
      count.set_value(static_cast<caf::io::basp_broker*>(caf::actor_cast<caf::abstract_actor*>(broker))->spawn_servers.size());
    });
    return count.get_future().get();
  };
  for (std::size_t i = 1; i <= 3; ++i) {
    live_end b{"b", give("b")}; // a new process each time, for CAF
    CAF_REQUIRE(b.dial("a", port));
    CAF_REQUIRE(a.told.wait_ups(i));
    CAF_CHECK(eventually([&] { return kept() == 1; }));
    b.stop();
    CAF_REQUIRE(a.told.wait_downs(i));
  }
  CAF_CHECK(eventually([&] { return kept() == 0; }));
}

CAF_TEST_FIXTURE_SCOPE_END()
