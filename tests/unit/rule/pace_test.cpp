#include "actors/rule/leases.hpp"
#include "actors/rule/pace.hpp"

#undef CAF_SUITE
#define CAF_SUITE rule_pace
#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::rule;

namespace {

constexpr mono_ns s = 1'000'000'000;

} // namespace

CAF_TEST(a bucket lets a burst through and then its pace) {
  pace x{100, 200};
  int passed = 0;
  for (int i = 0; i < 1000; ++i)
    passed += x.take(10 * s) ? 1 : 0;
  CAF_CHECK_EQUAL(passed, 200);
  CAF_CHECK(!x.take(10 * s + s / 200));
  CAF_CHECK(x.take(10 * s + s / 100));
  CAF_CHECK(!x.take(10 * s + s / 100));
}

CAF_TEST(the journal hears the same text once a minute and how many it missed) {
  quiet x;
  CAF_CHECK_EQUAL(x.admit("a", 100 * s).value_or(99), 0u);
  for (int i = 0; i < 7; ++i)
    CAF_CHECK(!x.admit("a", 101 * s));
  CAF_CHECK_EQUAL(x.admit("b", 102 * s).value_or(99), 7u);
  CAF_CHECK_EQUAL(x.admit("a", 160 * s).value_or(99), 0u);
}

CAF_TEST(many different texts are kept back as well) {
  quiet x;
  int told = 0;
  for (int i = 0; i < 1000; ++i)
    told += x.admit("text " + std::to_string(i), 100 * s + i) ? 1 : 0;
  CAF_CHECK_EQUAL(told, 10);
}

CAF_TEST(five failures in a row within a minute are too many) {
  struct row {
    const char* what;
    std::vector<int> at; // seconds; negative: a success
    bool too_many;
  };
  const row rows[] = {
    {"five within a minute", {0, 10, 20, 30, 40}, true},
    {"four", {0, 10, 20, 30}, false},
    {"five within more", {0, 20, 40, 60, 80}, false},
    {"a success between", {0, 10, 20, -25, 30, 40}, false},
    {"the last five of many", {0, 100, 200, 210, 220, 230, 240}, true},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    streak y;
    bool too_many = false;
    for (int at : x.at) {
      if (at < 0)
        y.succeeded();
      else
        too_many = y.failed(at * s);
    }
    CAF_CHECK_EQUAL(too_many, x.too_many);
  }
}

CAF_TEST(a lease is renewed after a third of it) {
  leases x;
  CAF_CHECK(!x.next());
  x.sent("lamp", milliseconds{6000}, 1, 0);
  x.sent("pump", milliseconds{6600}, 1, 0);
  CAF_CHECK_EQUAL(x.next().value_or(0), 2 * s);
  CAF_CHECK(x.due(2 * s - 1).empty());
  CAF_CHECK_EQUAL(x.due(2 * s).size(), 2u); // one timer serves both
  x.renewed("lamp", 2 * s);
  x.renewed("pump", 2 * s);
  CAF_CHECK(x.due(2 * s).empty());
  x.let_go("lamp");
  x.let_go("pump");
  CAF_CHECK(!x.next());
}

CAF_TEST(an output that restarted or was away is told again) {
  leases x;
  x.sent("lamp", milliseconds{60000}, 1, 0);
  CAF_CHECK(!x.must_repeat("lamp", 1));
  CAF_CHECK(x.must_repeat("lamp", 2));
  x.sent("gone", milliseconds{60000}, 0, 0);
  CAF_CHECK_EQUAL(x.next().value_or(0), s); // looked for every second
  CAF_CHECK(x.must_repeat("gone", 1));
  x.sent("hold", milliseconds{0}, 1, 0);
  CAF_CHECK(x.next().value_or(0) == s);
}

CAF_TEST(a release to another node is seen to until its link must have ended) {
  leases x;
  x.released("lamp", 1, 0);
  CAF_CHECK(!x.holds("lamp"));
  CAF_CHECK(x.outputs().empty());
  CAF_CHECK(x.must_repeat("lamp", 2)); // a new link
  CAF_CHECK(!x.must_repeat("lamp", 1));
  unsigned looks = 0;
  for (mono_ns now = s; x.renewed("lamp", now); now += s)
    ++looks;
  CAF_CHECK_EQUAL(looks + 1, leases::release_looks);
  CAF_CHECK(!x.next());
  // Who is away has not heard it, however long that takes.
  x.released("pump", 0, 0);
  for (int i = 0; i < 100; ++i)
    CAF_CHECK(x.renewed("pump", i * s, false));
  CAF_CHECK(x.must_repeat("pump", 7));
}
