#undef CAF_SUITE
#define CAF_SUITE strangers

#include "apps/control/strangers.hpp"
#include "apps/control/tcp_listener.hpp"

#include <caf/test/dsl.hpp>

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

using namespace troupe;
using namespace troupe::control;

namespace {

using id = strangers::id;

sockaddr_storage v4(const char* text) {
  sockaddr_storage result{};
  auto& x = reinterpret_cast<sockaddr_in&>(result);
  x.sin_family = AF_INET;
  x.sin_port = htons(51234);
  inet_pton(AF_INET, text, &x.sin_addr);
  return result;
}

sockaddr_storage v6(const char* text) {
  sockaddr_storage result{};
  auto& x = reinterpret_cast<sockaddr_in6&>(result);
  x.sin6_family = AF_INET6;
  x.sin6_port = htons(51234);
  inet_pton(AF_INET6, text, &x.sin6_addr);
  return result;
}

} // namespace

CAF_TEST(I11 who waits longest makes way at the bound of an address) {
  strangers all{10, 3};
  for (id i = 1; i <= 3; ++i)
    CAF_CHECK(!all.enter(i, "a"));
  CAF_CHECK(!all.enter(4, "b"));
  CAF_CHECK(all.enter(5, "a") == std::optional<id>{1});
  all.leave(1, "a");
  CAF_CHECK(all.enter(6, "a") == std::optional<id>{2});
  all.leave(2, "a");
  CAF_CHECK_EQUAL(all.size(), 4u);
}

CAF_TEST(I11 at the bound of all the address with most makes way) {
  strangers all{5, 4};
  id next = 1;
  for (const char* who : {"honest", "flood", "flood", "flood", "other"})
    CAF_CHECK(!all.enter(next++, who));
  // However many come from wherever, the honest one stays while others have more.
  CAF_CHECK(all.enter(next++, "another") == std::optional<id>{2});
}

CAF_TEST(who is being served is not sent away) {
  strangers all{2, 2};
  CAF_CHECK(!all.enter(1, "a"));
  CAF_CHECK(!all.enter(2, "a"));
  all.at_work(1, "a");
  all.at_work(2, "a");
  CAF_CHECK(all.enter(3, "a") == std::optional<id>{3});
  all.leave(3, "a");
  all.leave(1, "a");
  CAF_CHECK(!all.enter(4, "a"));
  CAF_CHECK_EQUAL(all.size(), 2u);
}

CAF_TEST(leaving twice or never having come changes nothing) {
  strangers all{2, 2};
  all.leave(7, "a");
  CAF_CHECK(!all.enter(1, "a"));
  all.leave(1, "a");
  all.leave(1, "a");
  all.at_work(1, "a");
  CAF_CHECK_EQUAL(all.size(), 0u);
}

CAF_TEST(a flood of refusals is a few lines and a sum) {
  refusal_pace pace{2};
  const std::int64_t second = 1'000'000'000;
  CAF_CHECK(pace.tell(0) == std::optional<std::size_t>{0});
  CAF_CHECK(pace.tell(1) == std::optional<std::size_t>{0});
  for (int i = 0; i < 90; ++i)
    CAF_CHECK(!pace.tell(2));
  CAF_CHECK(pace.tell(second) == std::optional<std::size_t>{90});
  CAF_CHECK(pace.tell(second) == std::optional<std::size_t>{0});
}

CAF_TEST(addresses to listen at) {
  // text, host, port; an empty port: refused
  const std::vector<std::array<const char*, 3>> table = {
    {"10.0.0.7:4711", "10.0.0.7", "4711"}, {"10.0.0.7", "10.0.0.7", "4711"},
    {"attic.local:80", "attic.local", "80"}, {":4711", "", "4711"},
    {"[::]:4711", "::", "4711"},           {"[fd00::7]", "fd00::7", "4711"},
    {"[fd00::7]:0", "fd00::7", "0"},       {"", "", ""},
    {"fd00::7", "", ""},                   {"a:b", "", ""},
    {"a:65536", "", ""},                   {"a:-1", "", ""},
    {"a:", "", ""},                        {"[]:1", "", ""},
    {"[::", "", ""},                       {"[::]x", "", ""},
    {"[::]:", "", ""},                     {"a:1234567890123", "", ""}};
  for (auto& [text, host, port] : table) {
    CAF_MESSAGE(text);
    const auto got = parse_tcp(text);
    CAF_REQUIRE_EQUAL(static_cast<bool>(got), *port != '\0');
    if (!got)
      continue;
    CAF_CHECK_EQUAL(got->host, host);
    CAF_CHECK_EQUAL(got->port, port);
  }
}

CAF_TEST(one machine counts as one address however many it has) {
  CAF_CHECK_EQUAL(place_of(v4("10.0.0.7")), "10.0.0.7");
  CAF_CHECK_EQUAL(place_of(v6("::ffff:10.0.0.7")), "10.0.0.7");
  CAF_CHECK_EQUAL(place_of(v6("fd00:1:2:3:4:5:6:7")), place_of(v6("fd00:1:2:3:ffff::1")));
  CAF_CHECK(place_of(v6("fd00:1:2:3::1")) != place_of(v6("fd00:1:2:4::1")));
  CAF_CHECK_EQUAL(text_of(v4("10.0.0.7")), "10.0.0.7:51234");
  CAF_CHECK_EQUAL(text_of(v6("::ffff:10.0.0.7")), "10.0.0.7:51234");
  CAF_CHECK_EQUAL(text_of(v6("fd00::7")), "[fd00::7]:51234");
}

CAF_TEST(two do not listen at one address) {
  auto first = tcp_listener::open("127.0.0.1:0");
  CAF_REQUIRE(static_cast<bool>(first));
  auto second = tcp_listener::open(first->address());
  CAF_REQUIRE(!second);
  CAF_CHECK(second.why().code == errc::busy);
  CAF_CHECK(static_cast<bool>(tcp_listener::open("[::]:0")));
  CAF_CHECK(!tcp_listener::open("192.0.2.1:0")); // not ours (RFC 5737)
}
