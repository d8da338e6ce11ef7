#undef CAF_SUITE
#define CAF_SUITE streams

#include "apps/client/node.hpp"
#include "apps/control/server.hpp"
#include "tests/support/fake_node/fake_house.hpp"
#include "tests/unit/control/raw_peer.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::control;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct stream_fixture {
  temp_dir dir;
  fake_house house;
  server_options options;
  std::unique_ptr<control::server> running;

  stream_fixture() {
    options.path = dir.path("control.sock");
    options.max_streams = 8;
  }

  void start() {
    auto made = control::server::start(house, options);
    CAF_REQUIRE(static_cast<bool>(made));
    running = std::move(made).value();
  }

  std::unique_ptr<raw_peer> reader(const std::string& path = "/v1/streams/tap/hall/lamp") {
    auto peer = std::make_unique<raw_peer>(options.path);
    peer->send("GET " + path + " HTTP/1.1\r\n\r\n");
    return peer;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(stream_tests, stream_fixture)

CAF_TEST(a watch begins with what is and goes on with what changes) {
  start();
  auto peer = reader("/v1/streams/watch?prefix=hall%2Fmotion");
  const auto header = peer->read_until("\n\n");
  CAF_CHECK(header.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
  CAF_CHECK(header.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CAF_CHECK(header.find("event: reading\ndata: {") != std::string::npos);
  house.tell("watch", "hall/motion", "reading", {{"name", "hall/motion"}, {"text", "now"}});
  CAF_CHECK_EQUAL(peer->read_until("\n\n"),
                  "event: reading\ndata: {\"name\":\"hall/motion\",\"text\":\"now\"}\n\n");
}

CAF_TEST(the object of a stream is closed when its reader is gone) {
  start();
  auto peer = reader();
  CAF_CHECK(eventually([&] { return house.readers() == 1 && running->now().streams == 1; }));
  peer.reset();
  CAF_CHECK(eventually([&] { return house.readers() == 0; }));
  CAF_CHECK_EQUAL(running->now().streams, 0u);
}

CAF_TEST(a silent stream carries a heartbeat) {
  options.heartbeat = 20ms;
  start();
  auto peer = reader();
  peer->read_until("\r\n\r\n");
  CAF_CHECK_EQUAL(peer->read_until("\n\n"), ": still here\n\n");
}

CAF_TEST(I11 a reader that does not read costs a bound and hears what it lost) {
  start();
  auto lazy = reader();
  auto keen = reader();
  CAF_CHECK(eventually([&] { return running->now().streams == 2; }));
  const std::string filler(1000, 'x');
  const int count = 5000;
  std::string kept;
  for (int i = 0; i < count; ++i) {
    house.tell("tap", "hall/lamp", "message", {{"n", i}, {"filler", filler}});
    if (i % 100 == 99)
      kept = keen->read_until(fmt::format("\"n\":{}}}", i));
  }
  CAF_CHECK(kept.find(fmt::format("\"n\":{}}}", count - 1)) != std::string::npos);
  const auto got = lazy->read_until(fmt::format("\"n\":{}}}", count - 1));
  CAF_CHECK(got.find("event: dropped\ndata: {\"events\":") != std::string::npos);
  CAF_CHECK(got.find(fmt::format("\"n\":{}}}", count - 1)) != std::string::npos);
  // The kernel's buffer, our output and the queue: not the 5 MB that were sent.
  CAF_CHECK(got.size() < 1'500'000);
}

CAF_TEST(a reader that takes nothing for too long is dropped) {
  options.heartbeat = 20ms;
  options.stalled_after = 100ms;
  start();
  auto lazy = reader();
  CAF_CHECK(eventually([&] { return running->now().streams == 1; }));
  for (int i = 0; i < 2000; ++i)
    house.tell("tap", "hall/lamp", "message", {{"filler", std::string(1000, 'x')}});
  CAF_CHECK(eventually([&] { return running->now().streams == 0; }));
  CAF_CHECK_EQUAL(house.readers(), 0u);
}

CAF_TEST(I11 many readers are served by one thread and one more is refused) {
  start();
  std::vector<std::unique_ptr<raw_peer>> readers;
  for (int i = 0; i < 8; ++i)
    readers.push_back(reader());
  CAF_CHECK(eventually([&] { return running->now().streams == 8; }));
  auto refused = reader();
  CAF_CHECK(refused->read_all().rfind("HTTP/1.1 503", 0) == 0);
  CAF_CHECK(eventually([&] { return house.readers() == 8; }));
  house.tell("tap", "hall/lamp", "message", {{"n", 1}});
  for (auto& r : readers)
    CAF_CHECK(r->read_until("\"n\":1}\n\n").find("event: message") != std::string::npos);
  readers.pop_back();
  CAF_CHECK(eventually([&] { return running->now().streams == 7; }));
  auto next = reader();
  CAF_CHECK(eventually([&] { return running->now().streams == 8; }));
}

CAF_TEST(a stopping node tells its readers) {
  start();
  auto peer = reader();
  CAF_CHECK(eventually([&] { return running->now().streams == 1; }));
  running.reset();
  CAF_CHECK(peer->read_all().find("event: end\ndata: {\"why\":\"the node stops\"}\n\n")
            != std::string::npos);
  CAF_CHECK(peer->closed());
  CAF_CHECK_EQUAL(house.readers(), 0u);
}

CAF_TEST(a node that pushes after the server has gone does no harm) {
  start();
  auto peer = reader();
  CAF_CHECK(eventually([&] { return running->now().streams == 1; }));
  auto queue = house.open_stream({}, "tap", {{"actor", "hall/lamp"}});
  running.reset();
  house.tell("tap", "hall/lamp", "message", {{"n", 1}});
  CAF_CHECK_EQUAL((*queue)->take(5).size(), 1u);
}

CAF_TEST(the client follows a stream and tells why it ended) {
  start();
  const client::node node{{.socket = options.path}};
  int seen = 0;
  const auto enough = node.stream("/v1/streams/watch", {{"prefix", "hall/"}}, [&](const auto& e) {
    CAF_CHECK_EQUAL(e.kind, "reading");
    return ++seen < 3;
  });
  CAF_CHECK(enough && *enough);
  CAF_CHECK_EQUAL(seen, 3);
  const auto missing = node.stream("/v1/streams/tap/nope", {}, [](const auto&) { return true; });
  CAF_REQUIRE(!missing);
  CAF_CHECK(missing.why().kind == client::trouble::not_found);
  std::thread ends{[&] {
    eventually([&] { return running->now().streams == 1; });
    running.reset();
  }};
  const auto ended = node.stream("/v1/streams/tap/hall/lamp", {}, [](const auto&) { return true; });
  ends.join();
  CAF_REQUIRE(!ended);
  CAF_CHECK_EQUAL(ended.why().text, "the node stops");
}

CAF_TEST(the client tells what kept it from an answer) {
  const client::node nobody{{.socket = dir.path("nobody.sock")}, 1s};
  const auto none = nobody.get("/v1/status");
  CAF_REQUIRE(!none);
  CAF_CHECK(none.why().kind == client::trouble::no_node);
  CAF_CHECK(none.why().text.find("--socket") != std::string::npos);
  start();
  const client::node node{{.socket = options.path}};
  const auto lamp = node.get("/v1/readings/hall/lamp");
  CAF_REQUIRE(static_cast<bool>(lamp));
  CAF_CHECK_EQUAL(lamp->value("name", ""), "hall/lamp");
  CAF_CHECK(node.get("/v1/readings/nope").why().kind == client::trouble::not_found);
  CAF_CHECK(node.post("/v1/set/hall/button", {{"value", 1}}).why().code == "invalid_argument");
  CAF_CHECK_EQUAL(client::escape("a b/c?d"), "a%20b/c%3Fd");
}

CAF_TEST_FIXTURE_SCOPE_END()
