#define CAF_SUITE sending
#include "tests/support/suite.hpp"

#include "tests/contract/transport/live_link.hpp"

#include <array>
#include <thread>

using namespace troupe::test;

namespace {

constexpr std::size_t senders = 4;

/// Listens at "a" and looks at what comes: from which sender, its how many-eth, and bytes that say the same.
struct tally {
  std::array<std::atomic<std::uint64_t>, senders + 1> got{};
  std::atomic<std::uint64_t> wrong{0};

  caf::actor at(live_end& end) {
    return end.system().spawn([this]() -> caf::behavior {
      return {[this](std::uint64_t who, std::uint64_t n, const std::vector<char>& bytes) {
        const bool whole = std::all_of(bytes.begin(), bytes.end(), [&](char c) { return c == static_cast<char>('a' + who); });
        if (who > senders || got[who]++ != n || !whole)
          ++wrong;
      }};
    });
  }
};

caf::message word(std::uint64_t who, std::uint64_t n, std::size_t size) {
  return caf::make_message(who, n, std::vector<char>(size, static_cast<char>('a' + who)));
}

/// "b" speaks to what listens at "a", in the name of its gateway.
struct two_ends : link_fixture {
  two_ends(std::size_t max_backlog = transport_limits{}.max_backlog_bytes)
    : a{"a", give("a")}, b{"b", give("b"), bounded(max_backlog)}, listener{heard.at(a)} {
    auto at = a.net().listen("127.0.0.1:0", listener);
    if (!at)
      CAF_FAIL(at.why().context);
    port = *at;
    b.system().registry().put(b.gateway.id(), caf::actor_cast<caf::strong_actor_ptr>(b.gateway));
  }
  ~two_ends() { caf::anon_send_exit(listener, caf::exit_reason::user_shutdown); }

  static transport_limits bounded(std::size_t max_backlog) {
    transport_limits out;
    out.max_backlog_bytes = max_backlog;
    return out;
  }
  caf::actor link() {
    auto there = b.dial("a", port);
    CAF_REQUIRE_EQUAL(why(there), "linked");
    return *there;
  }

  live_end a, b;
  tally heard;
  caf::actor listener;
  std::uint16_t port = 0;
};

} // namespace

CAF_TEST(what several threads send comes whole and in the order of each also beside what CAF sends) {
  two_ends ends;
  const auto there = ends.link();
  constexpr std::uint64_t each = 1500;
  std::atomic<bool> over{false};
  std::vector<std::thread> all;
  for (std::uint64_t who = 0; who < senders; ++who)
    all.emplace_back([&, who] {
      for (std::uint64_t n = 0; n < each; ++n) {
        // Some do not fit into the socket, some not into one write.
        const std::size_t size = n % 50 == who ? 150'000 : n % 7 * 100;
        while (ends.heard.got[who] + 20 < n && !over)
          std::this_thread::sleep_for(100us); // far below the bound of what may wait
        ends.b.net().send(ends.b.gateway, there, word(who, n, size));
      }
    });
  all.emplace_back([&] {
    for (std::uint64_t n = 0; n < each; ++n) {
      while (ends.heard.got[senders] + 20 < n && !over)
        std::this_thread::sleep_for(100us);
      caf::anon_send(there, std::uint64_t{senders}, n, std::vector<char>(n % 11 * 50, static_cast<char>('a' + senders)));
      ends.b.net().beat({"a"});
    }
  });
  const auto done = [&] {
    return std::all_of(ends.heard.got.begin(), ends.heard.got.end(), [](const auto& x) { return x == each; });
  };
  for (const auto until = std::chrono::steady_clock::now() + 60s; !done() && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(5ms);
  over = true;
  for (auto& x : all)
    x.join();
  for (const auto& got : ends.heard.got)
    CAF_CHECK_EQUAL(got, each);
  CAF_CHECK_EQUAL(ends.heard.wrong, 0u);
  CAF_CHECK(ends.b.told.downs().empty());
}

CAF_TEST(what is sent over a held link waits and comes in order) {
  two_ends ends;
  const auto there = ends.link();
  ends.b.net().hold("a", 60s);
  std::this_thread::sleep_for(200ms); // the I/O thread does it
  for (std::uint64_t n = 0; n < 100; ++n)
    ends.b.net().send(ends.b.gateway, there, word(0, n, 10'000));
  std::this_thread::sleep_for(200ms);
  CAF_CHECK_EQUAL(ends.heard.got[0], 0u);
  CAF_CHECK(ends.b.net().links().front().backlog_bytes >= 1'000'000u);
  ends.b.net().hold("a", 0ms);
  CAF_CHECK(eventually([&] { return ends.heard.got[0] == 100u; }));
  CAF_CHECK_EQUAL(ends.heard.wrong, 0u);
}

CAF_TEST(I11 what is sent to a peer that reads nothing is bounded and its link is cut) {
  constexpr std::size_t most = 1 << 20, one = 64 << 10;
  two_ends ends{most};
  const auto there = ends.link();
  std::promise<void> go;
  ends.a.system().middleman().backend().post([gate = go.get_future().share()] { gate.wait(); });
  std::size_t seen = 0;
  for (std::uint64_t n = 0; n < 2000 && ends.b.told.downs().empty(); ++n) {
    ends.b.net().send(ends.b.gateway, there, word(0, n, one));
    for (const auto& link : ends.b.net().links())
      seen = std::max(seen, link.backlog_bytes);
    std::this_thread::sleep_for(100us);
  }
  CAF_REQUIRE(ends.b.told.wait_downs(1));
  CAF_CHECK(has(ends.b.told.downs().front().why, "it does not read"));
  CAF_CHECK(seen > 0);
  CAF_CHECK(seen < most + 2 * one);
  ends.b.net().send(ends.b.gateway, there, word(0, 0, one)); // lost, and harms nobody
  go.set_value();
  CAF_CHECK(ends.a.told.wait_downs(1));
  CAF_CHECK_EQUAL(ends.heard.wrong, 0u); // nothing that came had a gap before it
}

CAF_TEST(threads may send while links end and come back) {
  two_ends ends;
  std::atomic<bool> over{false};
  std::mutex mutex;
  caf::actor there;
  const auto whom = [&] {
    const std::lock_guard guard{mutex};
    return there;
  };
  std::vector<std::thread> all;
  for (std::uint64_t who = 1; who < senders; ++who)
    all.emplace_back([&, who] {
      for (std::uint64_t n = 0; !over; ++n)
        if (const auto to = whom()) {
          ends.b.net().send(ends.b.gateway, to, word(who, n, n % 3 * 20'000));
          if (n % 4 == 0)
            std::this_thread::sleep_for(200us);
        }
    });
  for (int round = 0; round < 15; ++round) {
    auto now = ends.link();
    {
      const std::lock_guard guard{mutex};
      there = now;
    }
    std::this_thread::sleep_for(10ms);
    if (round % 2 == 0)
      ends.a.net().drop("b", "for a test");
    else
      ends.b.net().drop("a", "for a test");
    CAF_REQUIRE(ends.a.told.wait_downs(static_cast<std::size_t>(round) + 1));
    CAF_REQUIRE(ends.b.told.wait_downs(static_cast<std::size_t>(round) + 1));
  }
  const auto last = ends.link();
  ends.b.net().send(ends.b.gateway, last, word(0, 0, 10));
  CAF_CHECK(eventually([&] { return ends.heard.got[0] == 1u; }));
  over = true;
  for (auto& x : all)
    x.join();
}
