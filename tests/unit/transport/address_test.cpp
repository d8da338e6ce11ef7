#define CAF_SUITE address
#include "tests/support/suite.hpp"

#include "cluster/transport/socket.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace std::chrono_literals;

CAF_TEST(an address is a host and a port) {
  struct {
    const char *text, *host, *port;
  } good[] = {{"server-1:4710", "server-1", "4710"},
              {"10.0.0.7:4710", "10.0.0.7", "4710"},
              {"[::1]:4710", "::1", "4710"},
              {"[fe80::1%eth0]:1", "fe80::1%eth0", "1"},
              {":4710", "", "4710"}};
  for (const auto& row : good) {
    auto x = parse_address(row.text);
    CAF_REQUIRE(x);
    CAF_CHECK_EQUAL(x->host, row.host);
    CAF_CHECK_EQUAL(x->port, row.port);
  }
  for (const char* text : {"server-1", "server-1:", "a:http", "a:70000", "::1:4710", "[::1:4710", "", ":-1"}) {
    auto x = parse_address(text);
    CAF_CHECK(!x);
    if (!x)
      CAF_CHECK(x.why().context.find("wanted is HOST:PORT") != std::string::npos);
  }
}

CAF_TEST(a name that nobody answers for costs its deadline and no more) {
  // Numbers ask nobody, so they cannot be late.
  auto numbers = resolve({"127.0.0.1", "80"}, 0ms, [] { return true; });
  CAF_REQUIRE(numbers);
  CAF_CHECK_EQUAL(to_string(numbers->front()), "127.0.0.1:80");
  auto stopped = resolve({"no-such-name.invalid", "80"}, 5000ms, [] { return true; });
  CAF_CHECK(!stopped);
}

CAF_TEST(both families come by one listener) {
  auto all = listen_tcp({"", "0"});
  CAF_REQUIRE(all);
  const auto port = std::to_string(port_of(all->get()));
  for (const char* host : {"127.0.0.1", "::1"}) {
    auto at = resolve({host, port}, 0ms, [] { return false; });
    CAF_REQUIRE(at);
    auto made = connect_tcp(at->front(), std::chrono::steady_clock::now() + 1s, -1);
    if (!made)
      CAF_ERROR(made.why().context);
    owned_fd accepted{::accept(all->get(), nullptr, nullptr)};
    CAF_CHECK_EQUAL(host_of(peer_of(accepted.get())), host);
  }
  auto again = listen_tcp({"", port});
  CAF_REQUIRE(!again);
  CAF_CHECK(again.why().code == errc::busy);
}
