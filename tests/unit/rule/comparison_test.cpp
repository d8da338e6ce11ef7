// What counts as the same wish, and since when it is another one.

#undef CAF_SUITE
#define CAF_SUITE comparison

#include "actors/rule/comparison.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;
using namespace std::chrono_literals;

namespace {

constexpr mono_ns second = 1'000'000'000;

struct comparison_fixture {
  comparison both{5s};
  moment now{1000 * second, 1'800'000'000'000};
  std::vector<difference> began, ended;

  static wish want(const value& x, int priority = 10) { return {x, priority, 5000ms, 1, 0}; }

  void pass(milliseconds x) {
    now.mono += to_ns(x);
    now.wall += x.count();
  }
  void own(const comparison::wishes& x) { both.note(x, now.mono); }
  void look(const comparison::wishes& theirs) {
    auto news = both.look(theirs, now);
    for (auto& d : news.began)
      began.push_back(d);
    for (auto& d : news.ended)
      ended.push_back(d);
  }
  /// Looks every 2 s at what stays as it is.
  void look_for(milliseconds span, const comparison::wishes& theirs) {
    for (auto left = span; left.count() > 0; left -= 2s) {
      look(theirs);
      pass(2s);
    }
  }
};

const auto on = comparison_fixture::want(value::digital(true));
const auto off = comparison_fixture::want(value::digital(false));
wish level(double x) { return comparison_fixture::want(value::analog(x)); }

} // namespace

CAF_TEST_FIXTURE_SCOPE(comparisons, comparison_fixture)

CAF_TEST(what lasts is the same or is not) {
  struct row {
    const char* what;
    comparison::wishes theirs, own;
    bool same;
    const char* acting = "";
    const char* shadow = "";
  };
  const row rows[] = {
    {"nothing at all", {}, {}, true},
    {"both on", {{"a", on}}, {{"a", on}}, true},
    {"on and off", {{"a", on}}, {{"a", off}}, false, "on", "off"},
    {"off and on", {{"a", off}}, {{"a", on}}, false, "off", "on"},
    {"only they want it", {{"a", on}}, {}, false, "on", "nothing"},
    {"only we want it", {}, {{"a", on}}, false, "nothing", "on"},
    {"another output besides", {{"a", on}, {"b", off}}, {{"a", on}, {"b", on}}, false, "off", "on"},
    {"equal numbers", {{"a", level(21.5)}}, {{"a", level(21.5)}}, true},
    {"near numbers", {{"a", level(100)}}, {{"a", level(100.9)}}, true},
    {"far numbers", {{"a", level(100)}}, {{"a", level(102)}}, false, "100", "102"},
    {"one is on, one is on", {{"a", on}}, {{"a", level(1)}}, true},
    {"below zero", {{"a", level(-5)}}, {{"a", level(5)}}, false, "-5", "5"},
    {"texts", {{"a", want(value::text("x"))}}, {{"a", want(value::text("x"))}}, true},
    {"other texts", {{"a", want(value::text("x"))}}, {{"a", want(value::text("y"))}}, false, "x", "y"},
    {"a text is no number", {{"a", want(value::text("1"))}}, {{"a", on}}, false, "1", "on"},
    {"another priority", {{"a", want(value::digital(true), 8)}}, {{"a", on}}, false, "on at priority 8", "on"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    both = comparison{5s};
    began.clear();
    own(x.own);
    look_for(20s, x.theirs);
    CAF_CHECK_EQUAL(began.empty(), x.same);
    CAF_CHECK_EQUAL(both.agrees(), x.same);
    CAF_CHECK_EQUAL(both.told().size(), x.same ? 0u : 1u);
    if (!x.same && began.size() == 1) {
      CAF_CHECK_EQUAL(began[0].acting, x.acting);
      CAF_CHECK_EQUAL(began[0].shadow, x.shadow);
    }
  }
}

CAF_TEST(a difference is told once it is older than the settling time and names its beginning) {
  own({{"a", off}});
  look({{"a", off}});
  pass(2s);
  look({{"a", on}}); // first seen now
  const auto first = now;
  for (int i = 0; i < 2; ++i) {
    pass(2s);
    look({{"a", on}});
    CAF_CHECK(began.empty());
  }
  pass(2s);
  look({{"a", on}});
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(began[0].since, first.mono);
  CAF_CHECK_EQUAL(began[0].since_wall, first.wall);
  look_for(60s, {{"a", on}});
  CAF_CHECK_EQUAL(began.size(), 1u); // once
  CAF_CHECK(ended.empty());
}

CAF_TEST(a word that is late or early is no difference) {
  own({{"a", off}});
  look({{"a", off}});
  pass(2s);
  look({{"a", on}}); // it has seen the press before us
  pass(300ms);
  own({{"a", on}});
  pass(1700ms);
  look({{"a", on}});
  CAF_CHECK(both.agrees());
  pass(2s);
  own({{"a", off}}); // we have seen the next one before it
  look({{"a", on}});
  pass(2s);
  look({{"a", off}});
  CAF_CHECK(both.agrees());
  CAF_CHECK(began.empty());
}

CAF_TEST(outputs that blink and ramps that run ahead agree) {
  look({{"a", on}});
  for (int i = 0; i < 200; ++i) { // ours is 400 ms behind
    own({{"a", i % 4 < 2 ? on : off}, {"b", level((i - 1) * 2.0)}});
    pass(400ms);
    if (i % 5 == 4)
      look({{"a", (i + 1) % 4 < 2 ? on : off}, {"b", level(i * 2.0)}});
  }
  CAF_CHECK(began.empty());
}

CAF_TEST(who stands still while the other one ramps differs) {
  own({{"b", level(10)}});
  for (int i = 0; i < 10; ++i) {
    look({{"b", level(20 + i)}});
    pass(2s);
  }
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  CAF_CHECK_EQUAL(both.told()[0].acting, "28"); // as it was last
}

CAF_TEST(it is over after looks have agreed for long and a new beginning keeps what was told) {
  own({{"a", off}});
  look_for(10s, {{"a", on}});
  CAF_REQUIRE_EQUAL(began.size(), 1u);
  both.begin_anew();
  CAF_CHECK_EQUAL(both.judged(), 0u);
  CAF_CHECK_EQUAL(both.told().size(), 1u);
  own({{"a", on}});
  look_for(20s, {{"a", on}});
  CAF_CHECK(ended.empty());
  look_for(20s, {{"a", on}});
  CAF_REQUIRE_EQUAL(ended.size(), 1u);
  CAF_CHECK_EQUAL(ended[0].what, "a");
  CAF_CHECK(both.told().empty());
}

CAF_TEST(one that comes and goes is told once) {
  own({{"a", off}});
  look_for(10s, {{"a", on}});
  for (int i = 0; i < 5; ++i) {
    look_for(6s, {{"a", off}});
    look_for(10s, {{"a", on}});
  }
  CAF_CHECK_EQUAL(began.size(), 1u);
  CAF_CHECK(ended.empty());
}

CAF_TEST(what is remembered is bounded - I11) {
  look({});
  for (int i = 0; i < 100'000; ++i) {
    own({{"a", level(i)}});
    now.mono += 1000;
  }
  look_for(4s, {{"a", level(99'999)}});
  CAF_CHECK(both.agrees());
  comparison::wishes many;
  for (int i = 0; i < 1000; ++i)
    many["out" + std::to_string(i)] = on;
  look_for(20s, many);
  CAF_CHECK_EQUAL(both.told().size(), comparison::most_told);
}

CAF_TEST_FIXTURE_SCOPE_END()
