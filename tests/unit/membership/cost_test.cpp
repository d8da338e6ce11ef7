#undef CAF_SUITE
#define CAF_SUITE membership_cost

#include "cluster/membership/claims.hpp"
#include "cluster/membership/membership.hpp"
#include "tests/unit/membership/counted_memory.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>

// Work is counted, not timed: rows looked at, and pieces of memory asked for.

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::test;
using kind = membership_message::kind;

namespace {

std::string name_of(unsigned i) { return fmt::format("n{:03}", i); }

/// "n000" of a cluster of `size`: linked to all, and each has told it of all.
struct one_of {
  membership inside;
  std::vector<heard> links;
  std::vector<member> rows;
  mono_ns now = 1000 * sec;

  explicit one_of(unsigned size) : inside(options()) {
    for (unsigned i = 0; i < size; ++i) {
      member x;
      x.name = name_of(i);
      x.addresses = {name_of(i) + ":4710"};
      x.incarnation = 1;
      x.is = standing::alive;
      x.direct = true;
      rows.push_back(x);
    }
    for (unsigned i = 1; i < size; ++i) {
      inside.know(rows[i].name, rows[i].addresses, now);
      inside.on_link_up(rows[i].name, 1, now, 0);
      links.push_back({rows[i].name, now, {}});
    }
    all_tell();
    pass(2 * sec);
  }
  static membership::options options() {
    membership::options o;
    o.self = name_of(0);
    return o;
  }
  void all_tell() {
    for (const auto& x : links)
      inside.on_letter(x.name, {kind::view, {}, 0, rows}, now, 0);
  }
  void tick() {
    now += 50 * ms;
    for (auto& x : links)
      x.last_heard = now;
    (void)inside.tick(now, 0, links);
  }
  void pass(mono_ns length) {
    for (const auto end = now + length; now < end;)
      tick();
  }
  /// Peers from number `from` on die; those that are left say so.
  void lose(unsigned from) {
    while (links.size() + 1 > from) {
      const auto name = links.back().name;
      links.pop_back();
      inside.on_link_down(name, "cut", true, now, 0);
      rows[links.size() + 1].is = standing::down;
      rows[links.size() + 1].direct = false;
    }
    all_tell();
    pass(20 * sec); // all dials have had their first pauses
  }
};

struct cost {
  double looks = 0;         ///< rows of one tick
  std::uint64_t pieces = 0; ///< of the dearest tick but one: a full view falls due once in 100
};

cost of(one_of& x) {
  constexpr unsigned ticks = 90;
  std::vector<std::uint64_t> each;
  each.reserve(ticks);
  const auto looks = x.inside.looks();
  for (unsigned i = 0; i < ticks; ++i) {
    x.now += 50 * ms;
    for (auto& l : x.links)
      l.last_heard = x.now;
    const auto before = test::pieces_of_memory();
    (void)x.inside.tick(x.now, 0, x.links);
    each.push_back(test::pieces_of_memory() - before);
  }
  std::sort(each.begin(), each.end());
  return {static_cast<double>(x.inside.looks() - looks) / ticks, each[ticks - 2]};
}

} // namespace

CAF_TEST(a tick looks at each peer once however many talk of it) {
  for (unsigned n : {9u, 64u, 200u}) {
    one_of x{n};
    CAF_CHECK_EQUAL(of(x).looks, n - 1.0);
  }
}

CAF_TEST(a tick at rest builds the same for 9 nodes and for 200) {
  one_of nine{9};
  one_of many{200};
  const auto least = of(nine).pieces;
  CAF_CHECK(least > 0); // the beats to eight neighbours, or nothing is counted
  CAF_CHECK_EQUAL(of(many).pieces, least);
}

CAF_TEST(dead peers of which all tell are weighed once and not at every tick) {
  one_of x{64};
  x.lose(32);
  for (const auto& m : x.inside.members())
    CAF_REQUIRE((m.is == standing::alive) == (m.name < name_of(32)));
  CAF_CHECK_EQUAL(of(x).looks, 63.0);
}

CAF_TEST(one rumour is not weighed again before there is news) {
  one_of x{64};
  // Of one that we do not watch, by one that does not watch it either.
  for (unsigned i = 1; i < 64; ++i) {
    auto said = x.rows[i];
    said.is = standing::suspect;
    said.direct = false;
    x.inside.on_letter(name_of(i % 63 + 1), {kind::view, {}, 0, {said}}, x.now, 0);
  }
  x.tick();
  CAF_CHECK_EQUAL(of(x).looks, 63.0);
}

CAF_TEST(views are compared once and not each time somebody looks) {
  one_of x{64};
  CAF_CHECK(x.inside.differences().empty());
  const auto before = x.inside.looks();
  CAF_CHECK(x.inside.differences().empty());
  CAF_CHECK_EQUAL(x.inside.looks(), before);
  auto said = x.rows[2];
  said.is = standing::down;
  x.inside.on_letter(name_of(1), {kind::view, {}, 0, {said}}, x.now, 0);
  CAF_CHECK_EQUAL(x.inside.differences().size(), 1u);
  CAF_CHECK(x.inside.looks() > before);
}

CAF_TEST(bad words are counted in and out) {
  const auto word = [](standing is) { return claim{{is, false}, 1, 0, 0}; };
  claims x;
  CAF_CHECK(!x.any_bad());
  x.put("a", word(standing::alive));
  CAF_CHECK(!x.any_bad());
  x.put("a", word(standing::suspect));
  x.put("b", word(standing::down));
  x.put("b", word(standing::down)); // again
  CAF_CHECK(x.any_bad());
  x.put("a", word(standing::alive));
  CAF_CHECK(x.any_bad());
  x.put("b", word(standing::left));
  CAF_CHECK(!x.any_bad());
  x.put("c", word(standing::down));
  x.clear();
  CAF_CHECK(!x.any_bad());
  CAF_CHECK(x.all().empty());
  x.put("c", word(standing::down));
  CAF_CHECK(x.any_bad());
}
