#undef CAF_SUITE
#define CAF_SUITE check_points
#include <caf/test/dsl.hpp>

#include "storage/check_points.hpp"

#include <limits>

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

constexpr mono_ns ms = 1'000'000;
constexpr mono_ns never = std::numeric_limits<mono_ns>::max();

const power_supply board{};
const power_supply server{"ups", true};

/// A board, its server, and a stream of which the server has nothing yet.
cover_watch watch() {
  cover_watch x{2000ms};
  x.supplies("board", {{"board", board}, {"server", server}, {"shed", {"barn", false}}});
  return x;
}

} // namespace

CAF_TEST(only a server covers and only another power domain) {
  const struct {
    const char* what;
    power_supply peer, counting;
    bool covers;
  } rows[] = {
    {"nobody has said anything", {}, {}, false},
    {"a server, and no domain is named", {"", true}, {}, false},
    {"a server on a battery, a board that says nothing", {"ups", true}, {}, true},
    {"a server that says nothing, a board on a battery", {"", true}, {"ups", false}, true},
    {"both on one battery", {"ups", true}, {"ups", false}, false},
    {"a board on a battery", {"ups", false}, {}, false},
    {"two servers", {"ups", true}, {"cellar", true}, true},
    {"names are told apart by case", {"UPS", true}, {"ups", false}, true},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(covers(x.peer, x.counting), x.covers);
  }
}

CAF_TEST(a document that says nothing of its power is no server in the domain without a name) {
  const struct {
    const char* document;
    power_supply means;
  } rows[] = {
    {R"({"version":"1","server":true,"power_domain":"ups"})", {"ups", true}},
    {R"({"version":"1","start":7,"archive":true})", {}},
    {R"({"server":"yes","power_domain":7})", {}},
    {R"({"power_domain":"barn"})", {"barn", false}},
    {"", {}},
    {"start 7", {}},
    {"[true]", {}},
    {R"({"server":true)", {}},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.document);
    CAF_CHECK(read_power(x.document) == x.means);
  }
}

CAF_TEST(the longer period is never shorter than the configured one) {
  CAF_CHECK(check_point_period(false, 10s, 60s) == 10s);
  CAF_CHECK(check_point_period(true, 10s, 60s) == 60s);
  CAF_CHECK(check_point_period(true, 300s, 60s) == 300s);
}

CAF_TEST(a cover holds while the server has on its disk what is two seconds old) {
  const struct {
    const char* what;
    mono_ns now; ///< head 10 was written at 1000 ms, head 20 at 1500 ms
    std::uint64_t durable;
    bool covered;
    mono_ns until;
  } rows[] = {
    {"it has confirmed nothing", 1600 * ms, 0, false, never},
    {"it has all", 90'000 * ms, 20, true, never},
    {"it has what was there before, and the first is not old yet", 2999 * ms, 5, true, 3000 * ms},
    {"the first is too old", 3000 * ms, 5, false, never},
    {"it has the first", 3000 * ms, 10, true, 3500 * ms},
    {"the second is too old", 3500 * ms, 19, false, never},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    auto it = watch();
    it.wrote(5, -10'000 * ms);
    it.wrote(10, 1000 * ms);
    it.wrote(20, 1500 * ms);
    it.acknowledged("server", x.durable);
    CAF_CHECK_EQUAL(it.by(x.now), x.covered ? "server" : "");
    CAF_CHECK_EQUAL(it.until(x.now), x.until);
    CAF_CHECK_EQUAL(it.why_not(x.now), x.covered ? "" : "server has not confirmed within 2 s what is counted here");
  }
}

CAF_TEST(many heads at once are one moment and the earliest counts) {
  auto it = watch();
  it.acknowledged("server", 1);
  for (int i = 0; i < 100; ++i)
    it.wrote(static_cast<std::uint64_t>(2 + i), 1000 * ms + i * ms); // within 100 ms
  it.acknowledged("server", 100);
  CAF_CHECK_EQUAL(it.until(1100 * ms), 3000 * ms); // of the last one, 101
  it.acknowledged("server", 101);
  CAF_CHECK_EQUAL(it.until(1100 * ms), never);
}

CAF_TEST(what was told long ago and never confirmed is not forgotten) {
  auto it = watch();
  it.acknowledged("server", 1);
  it.wrote(10, 1000 * ms);
  for (int i = 0; i < 1000; ++i)
    it.wrote(static_cast<std::uint64_t>(11 + i), 1000 * ms + (i + 1) * 200 * ms);
  it.acknowledged("server", 900);
  CAF_CHECK_EQUAL(it.by(201'000 * ms), "");
  it.acknowledged("server", 1009);
  CAF_CHECK_EQUAL(it.by(201'000 * ms), "server");
}

CAF_TEST(whatever ends the cover ends it at once) {
  const struct {
    const char* what;
    void (*then)(cover_watch&);
    const char* why;
  } rows[] = {
    {"nothing happens", [](cover_watch&) {}, ""},
    {"its link ends", [](cover_watch& x) { x.unreachable("server"); }, "no link to server"},
    {"another link ends", [](cover_watch& x) { x.unreachable("shed"); }, ""},
    {"it comes back with a new disk", [](cover_watch& x) { x.acknowledged("server", 0); }, "server has not confirmed within 2 s what is counted here"},
    {"the stream is another one", [](cover_watch& x) { x.new_stream(); }, "server has not confirmed within 2 s what is counted here"},
    {"it says that it is in our domain", [](cover_watch& x) { x.supplies("board", {{"board", {}}, {"server", {"", true}}}); },
     "no server in another power domain"},
    {"we are in its domain", [](cover_watch& x) { x.supplies("board", {{"board", {"ups", false}}, {"server", server}}); },
     "no server in another power domain"},
    {"it is no server any more", [](cover_watch& x) { x.supplies("board", {{"board", {}}, {"server", {"ups", false}}}); },
     "no server in another power domain"},
    {"it was removed", [](cover_watch& x) { x.supplies("board", {{"board", {}}}); }, "no server in another power domain"},
    {"our document is gone", [](cover_watch& x) { x.supplies("board", {{"server", server}}); }, ""},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    auto it = watch();
    it.wrote(10, 1000 * ms);
    it.acknowledged("server", 10);
    it.acknowledged("shed", 10);
    x.then(it);
    CAF_CHECK_EQUAL(it.by(1100 * ms), *x.why == 0 ? "server" : "");
    CAF_CHECK_EQUAL(it.why_not(1100 * ms), x.why);
  }
}

CAF_TEST(of two servers the one that keeps up covers) {
  auto it = watch();
  it.supplies("board", {{"board", board}, {"old", server}, {"quick", {"cellar", true}}});
  it.wrote(10, 1000 * ms);
  it.acknowledged("old", 9);
  it.acknowledged("quick", 10);
  CAF_CHECK_EQUAL(it.by(2500 * ms), "old"); // for now
  CAF_CHECK_EQUAL(it.until(2500 * ms), never);
  CAF_CHECK_EQUAL(it.by(3000 * ms), "quick");
}
