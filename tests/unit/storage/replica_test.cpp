#undef CAF_SUITE
#define CAF_SUITE replica
#include <caf/test/dsl.hpp>

#include "storage/counter_state.hpp"
#include "storage/layout.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/read.hpp"
#include "storage/replica.hpp"

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

/// Of node x, its first open.
stream_id stream(unsigned x) { return {x, 1, 2 * x}; }

const replica::address doc{slot_kind::map, "doc"};
const replica::address other{slot_kind::map, "other"};

version_vector vector(std::initializer_list<std::pair<unsigned, std::uint64_t>> xs) {
  version_vector out;
  for (const auto& [of, seq] : xs)
    out.raise(stream(of), seq);
  return out;
}

/// One contribution as a range that follows what was there.
stream_range contribution(unsigned of, std::uint64_t seq, const version_vector& ctx, const std::string& payload,
                          const replica::address& at = doc, std::uint8_t flags = 0) {
  slot x;
  x.seq = seq;
  x.kind = at.kind;
  x.flags = flags;
  x.ctx = ctx;
  x.stamp.raw = seq;
  x.payload = payload;
  return {stream(of), seq - 1, seq, true, {{at.key, x}}};
}

std::set<std::string> shown(const replica& x, const replica::address& at = doc) {
  std::set<std::string> out;
  if (const auto* set = x.find(at.kind, at.key))
    for (const auto& s : siblings(*set))
      out.emplace(s.payload);
  return out;
}

std::size_t slots(const replica& x, const replica::address& at = doc) {
  const auto* set = x.find(at.kind, at.key);
  return set ? set->size() : 0;
}

using texts = std::set<std::string>;

/// A disk, and what opens from it.
struct disk {
  std::shared_ptr<memory_disk> medium = std::make_shared<memory_disk>();

  void apply(const batch& x) { medium->apply(x, true); }
  replica load() const {
    auto e = make_memory_engine(medium);
    if (!e->open(access::read_write))
      CAF_FAIL("does not open");
    auto found = storage::load(*e, 1);
    if (!found)
      CAF_FAIL(found.why().context);
    return replica{*found};
  }
  /// Every slot has its one place in the index, and nothing else has one.
  bool index_fits() const {
    std::map<std::string, std::string> expected;
    for (const auto& [key, value] : medium->content(family::slot)) {
      const auto at = layout::parse_slot_key(key);
      expected[layout::position_key(at->stream, decode_slot(value)->seq)] = layout::byseq_value(at->kind, at->key);
    }
    const auto found = medium->content(family::byseq);
    return expected == std::map<std::string, std::string>{found.begin(), found.end()};
  }
};

bool equal(const replica& x, const replica& y) {
  const auto a = x.whole({}), b = y.whole({});
  return a.items == b.items && a.seen == b.seen && a.collected == b.collected && x.digests() == y.digests();
}

} // namespace

// --- ranges --------------------------------------------------------------------

CAF_TEST(a range tells what is left of a stream in order and whole slots up to its size) {
  replica x;
  for (int i = 0; i < 5; ++i)
    x.write({slot_kind::map, "k" + std::to_string(i)}, stream(1), {}, std::string(100, 'x'), 0);
  x.write({slot_kind::map, "k1"}, stream(1), {}, "again", 0);
  const auto seqs = [](const stream_range& r) {
    std::vector<std::uint64_t> out;
    for (const auto& s : r.slots)
      out.push_back(s.content.seq);
    return out;
  };
  const auto all = x.range(stream(1), 0, 1 << 20);
  CAF_CHECK_EQUAL(seqs(all), (std::vector<std::uint64_t>{1, 3, 4, 5, 6}));
  CAF_CHECK(all.last);
  CAF_CHECK_EQUAL(all.upto, 6u);
  const auto least = x.range(stream(1), 0, 1);
  CAF_CHECK_EQUAL(seqs(least), (std::vector<std::uint64_t>{1})); // never less than one
  CAF_CHECK(!least.last);
  CAF_CHECK_EQUAL(least.upto, 1u);
  const auto two = x.range(stream(1), 1, 200);
  CAF_CHECK_EQUAL(seqs(two), (std::vector<std::uint64_t>{3, 4}));
  CAF_CHECK_EQUAL(two.upto, 4u);
  const auto rest = x.range(stream(1), 4, 1 << 20);
  CAF_CHECK_EQUAL(seqs(rest), (std::vector<std::uint64_t>{5, 6}));
  CAF_CHECK(rest.last);
  CAF_CHECK(x.range(stream(1), 6, 1000).slots.empty());
  CAF_CHECK(x.range(stream(2), 0, 1000).slots.empty());
}

CAF_TEST(a range that begins after what is held is refused and changes nothing) {
  replica x;
  CAF_CHECK(!x.take(contribution(2, 5, {}, "late")));
  CAF_CHECK_EQUAL(x.entries(), 0u);
  CAF_CHECK_EQUAL(x.seen().at(stream(2)), 0u);
}

CAF_TEST(I6 what was there before a range came is told with what it changed) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "one")));
  const auto changed = x.take(contribution(2, 2, {}, "two"));
  CAF_REQUIRE(changed);
  CAF_REQUIRE_EQUAL(changed->size(), 1u);
  CAF_CHECK(changed->front().at == doc);
  CAF_CHECK(changed->front().before == replica::shown{stream(2), 1});
  const auto again = x.take(contribution(2, 2, {}, "two")); // the same once more
  CAF_REQUIRE(again);
  CAF_CHECK(again->empty());
}

// --- collection ----------------------------------------------------------------

CAF_TEST(a replaced slot goes when all have its replacement and what is shown stays) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "old")));
  CAF_REQUIRE(x.take(contribution(3, 1, vector({{2, 1}}), "new")));
  x.collect(vector({{3, 1}})); // one member lacks what was replaced
  CAF_CHECK_EQUAL(slots(x), 2u);
  x.collect(vector({{2, 1}, {3, 1}}));
  CAF_CHECK_EQUAL(slots(x), 1u);
  CAF_CHECK_EQUAL(x.collected().at(stream(2)), 1u);
  CAF_CHECK_EQUAL(shown(x), texts{"new"});
}

CAF_TEST(a delete goes when all have it and nothing of its key is left) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "old")));
  x.write(doc, stream(1), {}, {}, slot::deleted_flag);
  x.collect(vector({{1, 1}}));
  CAF_CHECK_EQUAL(slots(x), 2u);
  x.collect(vector({{1, 1}, {2, 1}}));
  x.collect(vector({{1, 1}, {2, 1}}));
  CAF_CHECK_EQUAL(x.entries(), 0u);
  CAF_CHECK_EQUAL(x.collected(), vector({{1, 1}, {2, 1}}));
}

CAF_TEST(a context is pruned when all have what it protects from and that is remembered) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "old")));
  CAF_REQUIRE(x.take(contribution(3, 1, vector({{2, 1}}), "new")));
  const auto all = vector({{2, 1}, {3, 1}});
  x.collect(all);
  x.collect(all);
  CAF_CHECK(x.find(doc.kind, doc.key)->front().second.ctx.empty());
  CAF_CHECK_EQUAL(x.collected().at(stream(3)), 1u);
}

/// w15 of stream 2 was replaced by w19 of stream 3, and that by w21 of stream 4, whose
/// writer had pruned the context of w19: it says nothing of w15.
CAF_TEST(a collected slot in the middle does not free what it had replaced) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "w15")));
  CAF_REQUIRE(x.take(contribution(3, 1, vector({{2, 1}}), "w19")));
  CAF_REQUIRE(x.take(contribution(4, 1, vector({{3, 1}}), "w21")));
  CAF_CHECK_EQUAL(shown(x), texts{"w21"});
  x.collect(vector({{3, 1}, {4, 1}})); // w15 is not yet everywhere
  CAF_CHECK_EQUAL(shown(x), texts{"w21"});
  x.collect(vector({{2, 1}, {3, 1}, {4, 1}}));
  CAF_CHECK_EQUAL(shown(x), texts{"w21"});
  CAF_CHECK_EQUAL(slots(x), 1u);
}

CAF_TEST(of owner states one that was seen by a lower ballot stays) {
  const replica::address state{slot_kind::own, "rule/night"};
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, own_payload(9, "high"), state)));
  CAF_REQUIRE(x.take(contribution(3, 1, vector({{2, 1}}), own_payload(3, "low"), state)));
  x.collect(vector({{2, 1}, {3, 1}}));
  CAF_CHECK_EQUAL(read_own(*x.find(state.kind, state.key))->payload, "high");
}

CAF_TEST(what was collected here does not come back with a range that reaches further back) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "old")));
  x.write(doc, stream(1), {}, {}, slot::deleted_flag);
  const auto all = vector({{1, 1}, {2, 1}});
  x.collect(all);
  x.collect(all);
  auto again = contribution(2, 1, {}, "old");
  again.slots.push_back({other.key, contribution(2, 2, {}, "more").slots.front().content});
  again.upto = 2;
  CAF_REQUIRE(x.take(again));
  CAF_CHECK_EQUAL(shown(x), texts{});
  CAF_CHECK_EQUAL(shown(x, other), texts{"more"});
}

CAF_TEST(everything that a peer holds drops here what that peer has collected) {
  replica a, b;
  CAF_REQUIRE(a.take(contribution(2, 1, {}, "old")));
  CAF_REQUIRE(b.take(contribution(2, 1, {}, "old")));
  a.write(doc, stream(1), {}, {}, slot::deleted_flag);
  const auto all = vector({{1, 1}, {2, 1}});
  a.collect(all);
  a.collect(all);
  CAF_REQUIRE(!b.seen().covers(a.collected()));
  b.take(a.whole(b.seen()));
  CAF_CHECK_EQUAL(shown(b), texts{});
  CAF_CHECK(b.seen() == a.seen());
  CAF_CHECK(b.collected().covers(a.collected()));
}

CAF_TEST(everything names what the peer has and tells the rest) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "known")));
  CAF_REQUIRE(x.take(contribution(3, 1, {}, "unknown", other)));
  const auto all = x.whole(vector({{2, 1}}));
  CAF_REQUIRE_EQUAL(all.items.size(), 2u);
  CAF_CHECK(all.items[0].named_only);
  CAF_CHECK(all.items[0].content.payload.empty());
  CAF_CHECK(!all.items[1].named_only);
  CAF_CHECK_EQUAL(all.items[1].content.payload, "unknown");
}

// --- the engine ----------------------------------------------------------------

CAF_TEST(I1 what a commit held is on the disk and nothing else is durable) {
  disk d;
  replica x;
  x.write(doc, stream(1), {}, "one", 0);
  auto first = x.take_commit();
  CAF_CHECK(x.unsettled(doc, stream(1)));
  CAF_CHECK_EQUAL(x.given(stream(1)).size(), 1u);
  x.write(other, stream(1), {}, "while the disk works", 0);
  d.apply(first.ops);
  x.settle(first.seen);
  CAF_CHECK(!x.unsettled(doc, stream(1)));
  CAF_CHECK(x.unsettled(other, stream(1)));
  CAF_CHECK_EQUAL(x.durable().at(stream(1)), 1u);
  CAF_CHECK_EQUAL(d.load().seen().at(stream(1)), 1u);
  auto second = x.take_commit();
  d.apply(second.ops);
  x.settle(second.seen);
  CAF_CHECK(equal(d.load(), x));
  CAF_CHECK(x.take_commit().ops.empty());
}

CAF_TEST(I1 what a failed commit held is in the next one whether the disk kept it or not) {
  for (const bool kept : {false, true}) {
    disk d;
    replica x;
    x.write(doc, stream(1), {}, "one", 0);
    x.write(other, stream(1), {}, "two", 0);
    auto lost = x.take_commit();
    if (kept)
      d.apply(lost.ops);
    x.write(doc, stream(1), {}, "one, again", 0);
    x.give_back();
    CAF_CHECK(x.durable().empty());
    auto next = x.take_commit();
    d.apply(next.ops);
    x.settle(next.seen);
    CAF_CHECK(equal(d.load(), x));
    CAF_CHECK(d.index_fits());
  }
}

CAF_TEST(I1 a new database is given all that RAM holds) {
  replica x;
  CAF_REQUIRE(x.take(contribution(2, 1, {}, "old")));
  CAF_REQUIRE(x.take(contribution(3, 1, vector({{2, 1}}), "new")));
  x.collect(vector({{2, 1}, {3, 1}}));
  auto before = x.take_commit();
  x.settle(before.seen);
  x.write(other, stream(1), {}, "more", 0);
  x.forget_engine();
  CAF_CHECK(x.durable().empty());
  disk fresh;
  auto all = x.take_commit();
  fresh.apply(all.ops);
  x.settle(all.seen);
  CAF_CHECK(equal(fresh.load(), x));
  CAF_CHECK(fresh.index_fits());
}

CAF_TEST(I1 the disk is what RAM is after any mixture of writes and commits and failures) {
  if (!rc::check("disk equals RAM", [] {
        disk d;
        replica x;
        std::map<unsigned, std::uint64_t> heads;
        std::optional<batch> returns; // a failed commit that the next open may bring back
        const auto commit = [&](bool works) {
          auto c = x.take_commit();
          if (*rc::gen::arbitrary<bool>()) // the house goes on while the disk works
            x.write(doc, stream(1), {}, "meanwhile", 0);
          if (!works) {
            if (*rc::gen::arbitrary<bool>())
              returns = std::move(c.ops);
            x.give_back();
            return;
          }
          if (returns)
            d.apply(*std::exchange(returns, {}));
          d.apply(c.ops);
          x.settle(c.seen);
        };
        const auto steps = *rc::gen::inRange(1, 40);
        for (int i = 0; i < steps; ++i) {
          const replica::address at{slot_kind::map, "k" + std::to_string(*rc::gen::inRange(0, 3))};
          switch (*rc::gen::inRange(0, 9)) {
          case 0: case 1: x.write(at, stream(1), {}, std::to_string(i), 0); break;
          case 2: x.write(at, stream(1), {}, {}, slot::deleted_flag); break;
          case 3: case 4: {
            const auto of = *rc::gen::inRange(2u, 4u);
            version_vector ctx; // as if its writer had seen what is here
            if (const auto* set = x.find(at.kind, at.key); set && *rc::gen::arbitrary<bool>())
              ctx = observed(*set, stream(of));
            RC_ASSERT(x.take(contribution(of, ++heads[of], ctx, std::to_string(i), at)).has_value());
            break;
          }
          case 5: x.collect(x.seen()); break;
          case 6: commit(false); break;
          default: commit(true); break;
          }
        }
        while (x.pending() > 0 || !x.durable().covers(x.seen())) {
          auto c = x.take_commit();
          if (returns)
            d.apply(*std::exchange(returns, {}));
          d.apply(c.ops);
          x.settle(c.seen);
        }
        auto last = x.take_commit(); // what was collected may be all that is new
        d.apply(last.ops);
        x.settle(last.seen);
        RC_ASSERT(equal(d.load(), x));
        RC_ASSERT(d.index_fits());
      }))
    CAF_FAIL("disk equals RAM");
  CAF_CHECK(true);
}

// --- replicas together -----------------------------------------------------------

namespace {

/// Three members that write, tell each other and collect as it comes; RAM is durable.
struct house {
  static constexpr unsigned size = 3;
  std::array<replica, size> all;
  std::uint64_t stamps = 0;

  void write(unsigned at, unsigned key, bool erase) {
    const replica::address to{key == 0 ? slot_kind::own : slot_kind::map, "k" + std::to_string(key)};
    auto text = "w" + std::to_string(++stamps);
    if (to.kind == slot_kind::own) {
      const auto* set = all[at].find(to.kind, to.key);
      text = own_payload(set ? ballot_after(*set, stream(at + 1), 1) : 1, text);
      erase = false;
    }
    all[at].write(to, stream(at + 1), {stamps % 7}, erase ? "" : text, erase ? slot::deleted_flag : 0);
  }
  /// All that `from` knows of one stream, or everything if parts of it are gone.
  void tell(unsigned from, unsigned to, unsigned of) {
    if (!all[to].seen().covers(all[from].collected()))
      return all[to].take(all[from].whole(all[to].seen())), void();
    if (!all[to].take(all[from].range(stream(of + 1), all[to].seen().at(stream(of + 1)), 1 << 20)))
      CAF_FAIL("a gap");
  }
  void collect(unsigned at) {
    auto stable = all[0].seen();
    for (const auto& x : all)
      stable.limit(x.seen());
    all[at].collect(stable);
  }
  void step() {
    const auto a = *rc::gen::inRange(0u, size), b = (a + *rc::gen::inRange(1u, size)) % size;
    switch (*rc::gen::inRange(0, 6)) {
    case 0: case 1: return write(a, *rc::gen::inRange(0u, 3u), *rc::gen::inRange(0, 3) == 0);
    case 2: case 3: case 4: return tell(a, b, *rc::gen::inRange(0u, size));
    default: return collect(a);
    }
  }
  void until_equal() {
    for (unsigned round = 0; round < 3; ++round)
      for (unsigned a = 0; a < size; ++a)
        for (unsigned b = 0; b < size; ++b)
          for (unsigned of = 0; a != b && of < size; ++of)
            tell(a, b, of);
  }
};

std::map<replica::address, texts> all_shown(const replica& x) {
  std::map<replica::address, texts> out;
  for (unsigned key = 0; key < 3; ++key) {
    const replica::address at{key == 0 ? slot_kind::own : slot_kind::map, "k" + std::to_string(key)};
    if (at.kind == slot_kind::map)
      out[at] = shown(x, at);
    else if (const auto* set = x.find(at.kind, at.key))
      if (const auto view = read_own(*set))
        out[at] = {std::string{view->payload}};
  }
  return out;
}

} // namespace

CAF_TEST(I2 replicas that have seen the same have equal digests however much each has collected) {
  if (!rc::check("digests", [] {
        house h;
        const auto steps = *rc::gen::inRange(1, 60);
        for (int i = 0; i < steps; ++i) {
          h.step();
          for (unsigned k = 1; k < house::size; ++k)
            if (h.all[0].seen() == h.all[k].seen())
              RC_ASSERT(h.all[0].digests() == h.all[k].digests());
        }
        h.until_equal();
        const auto before = all_shown(h.all[0]);
        h.collect(0);
        h.collect(0);
        for (unsigned k = 0; k < house::size; ++k) {
          RC_ASSERT(h.all[0].seen() == h.all[k].seen());
          RC_ASSERT(h.all[0].digests() == h.all[k].digests());
          RC_ASSERT(all_shown(h.all[k]) == before);
        }
      }))
    CAF_FAIL("digests");
  CAF_CHECK(true);
}

CAF_TEST(I2 whole states may come in any order and any number of times) {
  if (!rc::check("whole states", [] {
        house h;
        const auto steps = *rc::gen::inRange(1, 60);
        for (int i = 0; i < steps; ++i)
          h.step();
        const auto a = h.all[0].whole({}), b = h.all[1].whole({});
        // Two new ones that are told both, in either order, one of them twice.
        replica x, y;
        x.take(a), x.take(b);
        y.take(b), y.take(a), y.take(b), y.take(a);
        RC_ASSERT(x.seen() == y.seen());
        RC_ASSERT(x.collected() == y.collected());
        RC_ASSERT(x.digests() == y.digests());
        RC_ASSERT(all_shown(x) == all_shown(y));
        // And grouped: one who was told both tells a third.
        replica z;
        z.take(x.whole({}));
        RC_ASSERT(z.digests() == x.digests());
        RC_ASSERT(z.seen() == x.seen());
      }))
    CAF_FAIL("whole states");
  CAF_CHECK(true);
}
