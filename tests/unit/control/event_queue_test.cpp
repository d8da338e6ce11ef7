#undef CAF_SUITE
#define CAF_SUITE event_queue

#include "apps/control/event_queue.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::control;

CAF_TEST(I11 a slow reader loses the oldest events and is told how many) {
  event_queue queue{3, 1000};
  for (int i = 0; i < 5; ++i)
    CAF_CHECK(queue.push("reading", {{"n", i}}));
  const auto got = queue.take(10);
  CAF_REQUIRE_EQUAL(got.size(), 4u);
  CAF_CHECK_EQUAL(got[0].kind, "dropped");
  CAF_CHECK_EQUAL(got[0].data, R"({"events":2})");
  CAF_CHECK_EQUAL(got[1].data, R"({"n":2})");
  CAF_CHECK_EQUAL(got[3].data, R"({"n":4})");
  CAF_CHECK(queue.take(10).empty());
}

CAF_TEST(I11 large events are bounded by their bytes and one always stays) {
  event_queue queue{100, 100};
  queue.push("reading", {{"text", std::string(70, 'a')}});
  queue.push("reading", {{"text", std::string(70, 'b')}});
  auto got = queue.take(10);
  CAF_REQUIRE_EQUAL(got.size(), 2u);
  CAF_CHECK_EQUAL(got[0].kind, "dropped");
  queue.push("reading", {{"text", std::string(500, 'c')}});
  CAF_CHECK_EQUAL(queue.take(10).size(), 1u);
}

CAF_TEST(the server is woken once for what it finds together) {
  event_queue queue;
  int woken = 0;
  queue.set_wake([&] { ++woken; });
  queue.push("a", {});
  queue.push("b", {});
  CAF_CHECK_EQUAL(woken, 1);
  CAF_CHECK_EQUAL(queue.take(10).size(), 2u);
  queue.push("c", {});
  CAF_CHECK_EQUAL(woken, 2);
}

CAF_TEST(a queue whose reader left takes nothing and tells its owner once) {
  event_queue queue;
  int closed = 0;
  queue.on_close([&] { ++closed; });
  CAF_CHECK_EQUAL(queue.reader_left_at(), 0);
  queue.leave(42);
  queue.leave(43);
  CAF_CHECK_EQUAL(closed, 1);
  CAF_CHECK_EQUAL(queue.reader_left_at(), 42);
  CAF_CHECK(!queue.push("a", {}));
  queue.on_close([&] { ++closed; });
  CAF_CHECK_EQUAL(closed, 2);
}

CAF_TEST(an ended queue still gives what it has and then why it ended) {
  event_queue queue;
  queue.push("a", {{"n", 1}});
  queue.end("the node stops");
  CAF_CHECK(!queue.push("b", {}));
  CAF_CHECK(!queue.finished());
  const auto got = queue.take(10);
  CAF_REQUIRE_EQUAL(got.size(), 2u);
  CAF_CHECK_EQUAL(got[1].kind, "end");
  CAF_CHECK_EQUAL(got[1].data, R"({"why":"the node stops"})");
  CAF_CHECK(queue.finished());
}

CAF_TEST(broken text does not break the stream) {
  event_queue queue;
  queue.push("message", {{"text", "a\xff\nb"}});
  const auto got = queue.take(1);
  CAF_REQUIRE_EQUAL(got.size(), 1u);
  CAF_CHECK_EQUAL(got[0].data.find('\n'), std::string::npos);
}
