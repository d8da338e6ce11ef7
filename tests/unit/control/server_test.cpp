#undef CAF_SUITE
#define CAF_SUITE server

#include "apps/control/server.hpp"
#include "apps/control/socket.hpp"
#include "tests/support/fake_node/fake_house.hpp"
#include "tests/unit/control/raw_peer.hpp"

#include <caf/test/dsl.hpp>

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::control;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct server_fixture {
  temp_dir dir;
  fake_house house;
  server_options options;
  std::unique_ptr<control::server> running;

  server_fixture() {
    options.path = dir.path("control.sock");
    options.request_within = 400ms;
    options.max_connections = 4;
    options.max_streams = 2;
  }

  void start() {
    auto made = control::server::start(house, options);
    CAF_REQUIRE(static_cast<bool>(made));
    running = std::move(made).value();
  }

  std::string ask(const std::string& bytes) {
    raw_peer peer{options.path};
    peer.send(bytes);
    return peer.read_all();
  }

  std::string get(const std::string& path) { return ask("GET " + path + " HTTP/1.1\r\n\r\n"); }

  bool serves() { return get("/v1/status").rfind("HTTP/1.1 200 OK\r\n", 0) == 0; }
};

bool begins(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}

bool is_json_error(const std::string& response) {
  const auto body = response.find("\r\n\r\n");
  if (body == std::string::npos)
    return false;
  const auto parsed = json::parse(response.substr(body + 4), nullptr, false);
  return parsed.is_object() && parsed.contains("error") && !parsed["error"].value("text", "").empty();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(server_tests, server_fixture)

CAF_TEST(the caller is who the kernel says) {
  start();
  ask("POST /v1/release/hall/lamp HTTP/1.1\r\nX-User: eve\r\nREMOTE_ADDR: 1.2.3.4\r\n\r\n");
  const auto who = house.last_caller();
  CAF_CHECK_EQUAL(who.uid, getuid());
  CAF_CHECK_EQUAL(who.pid, getpid());
  CAF_CHECK_EQUAL(who.name, user_name(getuid()));
  CAF_CHECK_EQUAL(user_name(4000000000u), "uid:4000000000");
}

CAF_TEST(malformed requests get a JSON error and hurt nobody) {
  start();
  const std::string long_line(9000, 'a');
  const std::vector<std::tuple<const char*, std::string, const char*>> table = {
    {"no HTTP", "hello\r\n\r\n", "HTTP/1.1 400"},
    {"no version", "GET /v1/status\r\n\r\n", "HTTP/1.1 400"},
    {"binary", std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + "\r\n\r\n", "HTTP/1.1 400"},
    {"another method", "BREW /v1/status HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
    {"a wrong method", "DELETE /v1/status HTTP/1.1\r\n\r\n", "HTTP/1.1 405"},
    {"an unknown path", "GET /etc/passwd HTTP/1.1\r\n\r\n", "HTTP/1.1 404"},
    {"a way up", "GET /v1/../../etc/passwd HTTP/1.1\r\n\r\n", "HTTP/1.1 404"},
    {"a long address", "GET /" + long_line + " HTTP/1.1\r\n\r\n", "HTTP/1.1 414"},
    {"a huge header", "GET / HTTP/1.1\r\nX: " + std::string(20000, 'x'), "HTTP/1.1 431"},
    {"a huge body", "POST /v1/apply HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n", "HTTP/1.1 413"},
    {"a chunked body", "POST /v1/apply HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "HTTP/1.1 411"},
    {"bad JSON", "POST /v1/set/hall/lamp HTTP/1.1\r\nContent-Length: 3\r\n\r\n{a}", "HTTP/1.1 400"},
  };
  for (auto& [what, bytes, status] : table) {
    CAF_MESSAGE(what);
    const auto got = ask(bytes);
    CAF_CHECK(begins(got, status));
    CAF_CHECK(is_json_error(got));
    CAF_CHECK(serves());
  }
}

CAF_TEST(a request that is cut off is told so) {
  start();
  raw_peer peer{options.path};
  peer.send("POST /v1/apply HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"to");
  peer.end_sending();
  CAF_CHECK(begins(peer.read_all(), "HTTP/1.1 400"));
}

CAF_TEST(a sender of a body that is too large still reads why) {
  start();
  raw_peer peer{options.path};
  CAF_CHECK(peer.send("POST /v1/apply HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n"
                      + std::string(3000000, 'x')));
  CAF_CHECK(begins(peer.read_all(), "HTTP/1.1 413"));
}

CAF_TEST(slow senders are ended and keep no one waiting) {
  options.max_connections = 8;
  start();
  std::vector<std::unique_ptr<raw_peer>> slow;
  for (int i = 0; i < 7; ++i) {
    slow.push_back(std::make_unique<raw_peer>(options.path));
    slow.back()->send("GET /v1/status HT");
  }
  CAF_CHECK(eventually([&] { return running->now().connections == 7; }));
  CAF_CHECK(serves());
  for (auto& peer : slow)
    CAF_CHECK(begins(peer->read_all(), "HTTP/1.1 408"));
  slow.clear();
  CAF_CHECK(eventually([&] { return running->now().connections == 0; }));
}

CAF_TEST(I11 more connections than the bound are told to come back) {
  options.request_within = 5s;
  start();
  std::vector<std::unique_ptr<raw_peer>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<raw_peer>(options.path));
    waiting.back()->send("GET");
  }
  CAF_CHECK(eventually([&] { return running->now().connections == 4; }));
  const auto got = get("/v1/status");
  CAF_CHECK(begins(got, "HTTP/1.1 503"));
  CAF_CHECK(is_json_error(got));
  waiting.pop_back();
  CAF_CHECK(eventually([&] { return running->now().connections == 3; }));
  CAF_CHECK(serves());
}

CAF_TEST(peers that come and go leave nothing behind) {
  start();
  for (int i = 0; i < 200; ++i) {
    raw_peer peer{options.path};
    if (i % 3 == 0)
      peer.send("GET /v1/sta");
    else if (i % 3 == 1)
      peer.send("GET /v1/status HTTP/1.1\r\n\r\n");
  }
  // The last of them may still wait in the kernel's backlog.
  CAF_CHECK(eventually([&] { return serves(); }));
  CAF_CHECK(eventually([&] { return running->now().connections == 0; }));
}

CAF_TEST(a socket that nobody listens at is replaced and a live one is not) {
  {
    start();
    struct stat info {};
    CAF_REQUIRE_EQUAL(stat(options.path.c_str(), &info), 0);
    CAF_CHECK_EQUAL(info.st_mode & 0777u, 0600u);
    auto second = control::server::start(house, options);
    CAF_REQUIRE(!second);
    CAF_CHECK(second.why().code == errc::busy);
    CAF_CHECK(serves());
    running.reset();
    CAF_CHECK(stat(options.path.c_str(), &info) != 0);
  }
  {
    // What a killed node leaves behind: a bound socket without a listener.
    auto left = listening_socket::open(options.path, "");
    CAF_REQUIRE(static_cast<bool>(left));
    CAF_REQUIRE_EQUAL(link(options.path.c_str(), dir.path("keep").c_str()), 0);
  }
  CAF_REQUIRE_EQUAL(rename(dir.path("keep").c_str(), options.path.c_str()), 0);
  start();
  CAF_CHECK(serves());
}

CAF_TEST(what cannot be a socket is refused with a way out) {
  std::ofstream{options.path} << "precious";
  auto file = control::server::start(house, options);
  CAF_CHECK(!file);
  CAF_CHECK(std::filesystem::exists(options.path));
  options.path = "/tmp/" + std::string(200, 'a');
  auto too_long = control::server::start(house, options);
  CAF_CHECK(!too_long && too_long.why().code == errc::invalid_argument);
  options.path = dir.path("nowhere/control.sock");
  CAF_CHECK(!control::server::start(house, options));
  options.path = dir.path("b.sock");
  options.group = "no-such-group";
  auto group = control::server::start(house, options);
  CAF_CHECK(!group && group.why().code == errc::not_found);
}

CAF_TEST(the group of the socket may connect) {
  options.group = "root";
  if (getuid() != 0)
    return; // only root may give a socket away
  start();
  struct stat info {};
  CAF_REQUIRE_EQUAL(stat(options.path.c_str(), &info), 0);
  CAF_CHECK_EQUAL(info.st_mode & 0777u, 0660u);
}

CAF_TEST_FIXTURE_SCOPE_END()
