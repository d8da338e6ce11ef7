#undef CAF_SUITE
#define CAF_SUITE tls

#include "apps/client/node.hpp"
#include "apps/control/server.hpp"
#include "tests/support/fake_node/fake_neighbour.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/control/raw_peer.hpp"
#include "tests/unit/control/tls_peer.hpp"

#include <caf/test/dsl.hpp>

#include <csignal>
#include <filesystem>
#include <mutex>

#include <sys/socket.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::control;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct tls_fixture {
  temp_folder dir;
  test_authority root{"house"};
  test_leaf attic = root.issue("attic", "node");
  test_leaf anna = root.issue("anna", "operator");
  test_leaf otto = root.issue("otto", "viewer");
  fake_house house;
  fake_neighbour others;
  server_options options;
  std::mutex mutex;
  std::shared_ptr<const cluster::tls_context> context;
  std::vector<std::string> refused; ///< "claimed: why"
  std::unique_ptr<control::server> running;

  tls_fixture() {
    std::signal(SIGPIPE, SIG_IGN);
    options.path = dir / "control.sock";
    options.tls_listen = {"127.0.0.1:0"};
    options.tls = [this] {
      std::lock_guard lock{mutex};
      return context;
    };
    options.refusals_per_second = 1000;
    options.on_refused = [this](const std::string&, const std::string& claimed, const std::string& why) {
      std::lock_guard lock{mutex};
      refused.push_back(claimed + ": " + why);
    };
    serve_as(attic);
  }

  ~tls_fixture() { running.reset(); }

  /// What a reload does.
  void serve_as(const test_leaf& leaf, const std::string& crl = "") {
    std::filesystem::remove_all(dir / "node");
    std::filesystem::create_directory(dir / "node");
    auto made = cluster::tls_context::load(write_credentials(dir / "node", leaf, root.certificate(), crl));
    CAF_REQUIRE(static_cast<bool>(made));
    std::lock_guard lock{mutex};
    context = *made;
  }

  void start() {
    auto made = control::server::start(house, options, &others);
    CAF_REQUIRE(static_cast<bool>(made));
    running = std::move(*made);
  }

  std::string address() const { return running->tls_addresses().at(0); }

  /// `troupe` of somebody with this certificate.
  client::node as(const test_leaf& leaf, const std::string& at = "", const test_authority* trusts = nullptr) {
    const auto folder = dir / ("of-" + leaf.serial);
    std::filesystem::create_directory(folder);
    write_file(folder + "/operator.crt", leaf.chain);
    write_file(folder + "/operator.key", leaf.key);
    std::filesystem::permissions(folder + "/operator.key", std::filesystem::perms::owner_read);
    write_file(folder + "/ca.crt", (trusts ? trusts : &root)->certificate());
    return client::node{{.host = at.empty() ? address() : at, .identity = folder}, 5s};
  }

  bool told(const std::string& part) {
    return eventually([&] {
      std::lock_guard lock{mutex};
      return std::any_of(refused.begin(), refused.end(), [&](auto& x) { return has(x, part); });
    });
  }

  std::string ask(tls_peer::options how, const std::string& request) {
    tls_peer peer{address(), how};
    peer.send(request);
    return peer.read_all();
  }
};

const std::string get_status = "GET /v1/status HTTP/1.1\r\n\r\n";

std::string post_to(const std::string& path, const std::string& body) {
  return fmt::format("POST {} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", path, body.size(), body);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_tests, tls_fixture)

CAF_TEST(an operator may set and a viewer may look) {
  start();
  const auto viewer = as(otto);
  CAF_CHECK_EQUAL(viewer.get("/v1/status")->value("node", ""), "attic");
  const auto no = viewer.post("/v1/set/hall/lamp", {{"value", "off"}});
  CAF_REQUIRE(!no);
  CAF_CHECK(no.why().kind == client::trouble::no_access);
  CAF_CHECK(has(no.why().text, "needs the role operator, and otto has the role viewer"));
  CAF_CHECK(house.last_body().is_null());
  CAF_CHECK(static_cast<bool>(as(anna).post("/v1/set/hall/lamp", {{"value", "off"}})));
  const auto who = house.last_caller();
  CAF_CHECK_EQUAL(who.name, "anna");
  CAF_CHECK(who.allowed == cluster::role::operator_);
  CAF_CHECK_EQUAL(who.via.rfind("tls 127.0.0.1:", 0), 0u);
}

CAF_TEST(another node may look and not command) {
  start();
  const auto boiler = root.issue("boiler", "node");
  CAF_CHECK(static_cast<bool>(as(boiler).get("/v1/members")));
  CAF_CHECK(as(boiler).post("/v1/shutdown", json::object()).why().code == "permission_denied");
  CAF_CHECK(!house.stopped());
}

CAF_TEST(without a certificate one may enrol and nothing else) {
  start();
  const auto status = ask({}, get_status);
  CAF_CHECK(has(status, "HTTP/1.1 401") && has(status, "--identity"));
  CAF_CHECK(has(ask({}, post_to("/v1/set/hall/lamp", R"({"value":"on"})")), "HTTP/1.1 401"));
  CAF_CHECK(has(ask({}, "GET /v1/streams/watch HTTP/1.1\r\n\r\n"), "HTTP/1.1 401"));
  CAF_CHECK(house.last_body().is_null());
  CAF_CHECK(has(ask({}, post_to("/v1/enrol", R"({"token":"fake-token","request":"x"})")), "HTTP/1.1 200"));
  CAF_CHECK(has(ask({}, post_to("/v1/enrol", R"({"token":"guessed","request":"x"})")), "HTTP/1.1 403"));
  CAF_CHECK(eventually([&] { return running->now().strangers == 0; }));
}

CAF_TEST(strangers of another CA are refused and the log says who they claim to be) {
  start();
  const test_authority elsewhere{"elsewhere"};
  const auto eve = elsewhere.issue("anna", "operator");
  tls_peer peer{address(), {&eve}};
  peer.send(get_status);
  CAF_CHECK_EQUAL(peer.read_all(), "");
  CAF_CHECK(told("anna: "));
  // And the honest client does not talk to a house that it does not know.
  const auto got = as(eve, "", &elsewhere).get("/v1/status");
  CAF_REQUIRE(!got);
  CAF_CHECK(got.why().kind == client::trouble::untrusted);
  CAF_CHECK(house.last_body().is_null());
}

CAF_TEST(the one who is refused reads why) {
  start();
  const test_authority elsewhere{"elsewhere"};
  const auto eve = elsewhere.issue("eve", "operator");
  const auto folder = dir / "eve";
  std::filesystem::create_directory(folder);
  // Her certificate is of another CA, but she trusts both.
  write_file(folder + "/operator.crt", eve.chain);
  write_file(folder + "/operator.key", eve.key);
  std::filesystem::permissions(folder + "/operator.key", std::filesystem::perms::owner_read);
  write_file(folder + "/ca.crt", root.certificate() + elsewhere.certificate());
  for (int i = 0; i < 20; ++i) {
    const auto got = client::node{{.host = address(), .identity = folder}, 5s}.get("/v1/status");
    CAF_REQUIRE(!got);
    CAF_CHECK(got.why().kind == client::trouble::no_access);
    CAF_CHECK(has(got.why().text, "does not trust the authority of our certificate"));
  }
}

CAF_TEST(expired certificates and roles that are none are refused) {
  start();
  const auto old = root.issue("old", "operator", {-7200, -3600, {}});
  CAF_CHECK_EQUAL(ask({&old}, get_status), "");
  CAF_CHECK(told("old: ") && told("expired"));
  const auto king = root.issue("king", "king");
  const auto got = ask({&king}, get_status);
  CAF_CHECK(has(got, "HTTP/1.1 403") && has(got, "'king'"));
  CAF_CHECK(told("the OU 'king'"));
}

CAF_TEST(old TLS and plain text are refused with a reason) {
  start();
  tls_peer old{address(), {&anna, true}};
  CAF_CHECK(!old.shook_hands());
  CAF_CHECK(told("TLS 1.3"));
  const int plain = connect_tcp(address());
  CAF_REQUIRE_EQUAL(send(plain, get_status.data(), get_status.size(), 0),
                    static_cast<ssize_t>(get_status.size()));
  char space[512]{};
  CAF_CHECK(recv(plain, space, sizeof(space) - 1, MSG_WAITALL) > 0);
  close(plain);
  CAF_CHECK(has(space, "HTTP/1.1 400") && has(space, "speaks TLS 1.3 only"));
  CAF_CHECK(told("plain text"));
  CAF_CHECK(static_cast<bool>(as(anna).get("/v1/status")));
}

CAF_TEST(I11 silent connections do not keep an honest caller waiting) {
  options.max_strangers = 64;
  options.max_strangers_per_address = 16;
  start();
  const auto honest = as(anna);
  std::vector<int> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(connect_tcp(address()));
    CAF_REQUIRE(silent.back() >= 0);
    if (i % 10 != 0)
      continue;
    CAF_CHECK(static_cast<bool>(honest.get("/v1/status")));
    CAF_CHECK(running->now().strangers <= 16);
  }
  CAF_CHECK(running->now().strangers > 0);
  CAF_CHECK(told("made way"));
  raw_peer near{options.path};
  near.send(get_status);
  CAF_CHECK(has(near.read_all(), "HTTP/1.1 200"));
  for (int fd : silent)
    close(fd);
  CAF_CHECK(eventually([&] { return running->now().strangers == 0; }));
}

CAF_TEST(I11 callers without a certificate do not use up the places of others) {
  options.max_connections = 2;
  options.request_within = 60s;
  start();
  std::vector<std::unique_ptr<tls_peer>> strangers;
  for (int i = 0; i < 10; ++i) {
    strangers.push_back(std::make_unique<tls_peer>(address()));
    CAF_CHECK(strangers.back()->shook_hands());
  }
  std::vector<std::unique_ptr<tls_peer>> known;
  for (int i = 0; i < 2; ++i)
    known.push_back(std::make_unique<tls_peer>(address(), tls_peer::options{&otto}));
  CAF_CHECK(eventually([&] { return running->now().connections == 2; }));
  CAF_CHECK(has(ask({&anna}, get_status), "HTTP/1.1 503"));
  // Nor do those with one use up the places at the socket.
  raw_peer near{options.path};
  near.send(get_status);
  CAF_CHECK(has(near.read_all(), "HTTP/1.1 200"));
  known.pop_back();
  CAF_CHECK(eventually([&] { return has(ask({&anna}, get_status), "HTTP/1.1 200"); }));
}

CAF_TEST(a handshake that stands still is ended) {
  options.handshake_within = 200ms;
  start();
  const int silent = connect_tcp(address());
  const int half = connect_tcp(address());
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00", 7);
  CAF_CHECK_EQUAL(send(half, hello.data(), hello.size(), 0), 7);
  char space[16];
  CAF_CHECK_EQUAL(recv(silent, space, sizeof(space), 0), 0);
  CAF_CHECK_EQUAL(recv(half, space, sizeof(space), 0), 0);
  close(silent);
  close(half);
  CAF_CHECK(told("did not finish the TLS handshake within 200 ms"));
}

CAF_TEST(rubbish before and after the handshake hurts nobody) {
  start();
  std::string rubbish = "\x16\x03\x01\x00\x20";
  for (int i = 0; i < 4000; ++i)
    rubbish += static_cast<char>(i * 131);
  const int before = connect_tcp(address());
  send(before, rubbish.data(), rubbish.size(), MSG_NOSIGNAL);
  tls_peer after{address(), {&anna}};
  send(after.fd(), rubbish.data(), rubbish.size(), MSG_NOSIGNAL);
  CAF_CHECK_EQUAL(after.read_all(), "");
  CAF_CHECK(static_cast<bool>(as(anna).get("/v1/status")));
  close(before);
  CAF_CHECK(eventually([&] { return running->now().strangers == 0 && running->now().connections == 0; }));
}

CAF_TEST(a request may come byte by byte) {
  start();
  tls_peer slow{address(), {&otto}};
  for (char c : get_status)
    slow.send(std::string(1, c));
  CAF_CHECK(has(slow.read_all(), "HTTP/1.1 200"));
}

CAF_TEST(a revoked certificate is refused at the handshake and on a connection that stands) {
  options.heartbeat = 50ms;
  start();
  tls_peer stands{address(), {&anna}};
  CAF_CHECK(eventually([&] { return running->now().connections == 1; }));
  std::string ended;
  const auto watching = as(anna);
  std::thread watch{[&] {
    const auto got = watching.stream("/v1/streams/tap/hall/lamp", {}, [](auto&) { return true; });
    ended = got.why().text;
  }};
  CAF_CHECK(eventually([&] { return running->now().streams == 1; }));
  serve_as(attic, root.crl({anna.serial}));
  stands.send(get_status);
  const auto refusal = stands.read_all();
  CAF_CHECK(has(refusal, "HTTP/1.1 401") && has(refusal, "revoked"));
  watch.join();
  CAF_CHECK(has(ended, "the certificate of anna") && has(ended, "is revoked"));
  const auto again = watching.get("/v1/status");
  CAF_REQUIRE(!again);
  CAF_CHECK(again.why().kind == client::trouble::no_access);
  CAF_CHECK(has(again.why().text, "revoked"));
  CAF_CHECK(told("anna: "));
  CAF_CHECK(static_cast<bool>(as(otto).get("/v1/status")));
}

CAF_TEST(the name in front of the host is held against the certificate) {
  start();
  CAF_CHECK(static_cast<bool>(as(anna, "attic@" + address()).get("/v1/status")));
  const auto wrong = client::node{{.host = "cellar@" + address(), .identity = dir / ("of-" + anna.serial)}, 5s}
                       .get("/v1/status");
  CAF_REQUIRE(!wrong);
  CAF_CHECK(wrong.why().kind == client::trouble::untrusted);
  CAF_CHECK(has(wrong.why().text, "is attic, not cellar"));
}

CAF_TEST(new connections use what a reload has brought) {
  start();
  const auto cellar = root.issue("cellar", "node");
  const auto node = as(anna, "cellar@" + address());
  CAF_CHECK(!node.get("/v1/status"));
  serve_as(cellar);
  CAF_CHECK(static_cast<bool>(node.get("/v1/status")));
  {
    std::lock_guard lock{mutex};
    context = nullptr;
  }
  CAF_CHECK(!node.get("/v1/status"));
  serve_as(cellar);
  CAF_CHECK(static_cast<bool>(node.get("/v1/status")));
}

CAF_TEST(an operator cannot pose as a node) {
  serve_as(anna);
  start();
  const auto got = as(otto).get("/v1/status");
  CAF_REQUIRE(!got);
  CAF_CHECK(got.why().kind == client::trouble::untrusted);
  CAF_CHECK(has(got.why().text, "no node's"));
}

CAF_TEST(streams run over TLS and a reader that leaves is noticed) {
  start();
  int seen = 0;
  const auto node = as(otto);
  const auto got = node.stream("/v1/streams/watch", {}, [&](const auto& e) {
    CAF_CHECK_EQUAL(e.kind, "reading");
    return ++seen < 3;
  });
  CAF_CHECK(got && *got);
  CAF_CHECK(eventually([&] { return running->now().streams == 0 && running->now().connections == 0; }));
  // Through this node to another, and more than fits a socket's buffer.
  std::thread pours{[&] {
    eventually([&] { return others.boiler.readers() == 1; });
    for (int i = 0; i < 800; ++i) {
      others.boiler.tell("tap", "hall/lamp", "message", {{"n", i}, {"text", std::string(4000, 'x')}});
      if (i % 50 == 49) // the queue keeps 256 KiB; the rest would be dropped
        std::this_thread::sleep_for(20ms);
    }
    others.boiler.tell("tap", "hall/lamp", "message", {{"last", true}});
  }};
  int messages = 0;
  const auto far = node.stream("/v1/nodes/boiler/streams/tap/hall/lamp", {}, [&](const auto& e) {
    ++messages;
    return !json::parse(e.data).contains("last");
  });
  pours.join();
  CAF_CHECK(far && *far);
  CAF_CHECK(messages > 50);
  CAF_CHECK(eventually([&] { return running->now().streams == 0; }));
}

CAF_TEST(the end of the server ends what stands over TLS) {
  start();
  std::string ended;
  const auto node = as(otto);
  std::thread watch{[&] {
    ended = node.stream("/v1/streams/tap/hall/lamp", {}, [](auto&) { return true; }).why().text;
  }};
  CAF_CHECK(eventually([&] { return running->now().streams == 1; }));
  const int silent = connect_tcp(address());
  running.reset();
  watch.join();
  CAF_CHECK_EQUAL(ended, "the node stops");
  char space[16];
  CAF_CHECK(recv(silent, space, sizeof(space), 0) <= 0);
  close(silent);
}

CAF_TEST_FIXTURE_SCOPE_END()
