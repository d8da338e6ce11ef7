#undef CAF_SUITE
#define CAF_SUITE counter
#include <caf/test/dsl.hpp>

#include "storage/flash_budget.hpp"
#include "storage/ring.hpp"

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

stream_id boot(std::uint32_t x) {
  return {7, x, 100 + x};
}

const stream_id card = boot(1);

override_mark mark(std::uint64_t set, const stream_id& at, std::uint64_t count) {
  override_mark x;
  x.set = set;
  x.at = at;
  x.disk = card;
  x.count = count;
  x.before.raise(card, at.boot);
  return x;
}

counter_state counts(std::initializer_list<std::pair<std::uint32_t, std::uint64_t>> xs) {
  counter_state out;
  for (const auto& [b, n] : xs)
    out.of(card).counts.raise(boot(b), n);
  return out;
}

rc::Gen<counter_state> any_counts() {
  return rc::gen::map(
    rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(1u, 8u), rc::gen::inRange(0u, 100u))),
    [](const std::vector<std::pair<unsigned, unsigned>>& xs) {
      counter_state out;
      for (const auto& [b, n] : xs)
        out.of(card).counts.raise(boot(b), n);
      return out;
    });
}

ring_checkpoint checkpoint(std::uint64_t number, counter_state x) {
  ring_checkpoint out;
  out.stream = boot(3);
  out.number = number;
  out.counters["water"] = std::move(x);
  return out;
}

} // namespace

CAF_TEST(I3 joining copies of a counter never adds a pulse twice) {
  auto x = counts({{1, 40}, {2, 5}});
  join(x, counts({{1, 38}, {2, 7}}));
  join(x, counts({{1, 40}}));
  CAF_CHECK_EQUAL(x.raw(), 47u);
  CAF_CHECK(rc::check("joins are a maximum", [] {
    auto a = *any_counts(), b = *any_counts();
    auto ab = a, ba = b;
    join(ab, b);
    join(ba, a);
    RC_ASSERT(ab == ba);
    RC_ASSERT(ab.raw() >= a.raw() && ab.raw() >= b.raw());
    RC_ASSERT(ab.raw() <= a.raw() + b.raw());
    auto again = ab;
    join(again, a);
    RC_ASSERT(again == ab);
  }));
}

CAF_TEST(I3 folding changes neither the total nor what older copies add) {
  CAF_CHECK(rc::check("fold", [] {
    auto x = *any_counts();
    const auto old = x;
    if (*rc::gen::arbitrary<bool>() && !x.of(card).counts.empty()) {
      const auto [at, n] = x.of(card).counts.items().front();
      x.mark = mark(1000, at, n / 2);
    }
    auto folded = x;
    fold(folded, card, *rc::gen::inRange(0u, 9u));
    RC_ASSERT(folded.raw() == x.raw());
    RC_ASSERT(folded.total() == x.total());
    join(folded, old); // an old copy surfaces
    join(folded, x);   // with its mark
    RC_ASSERT(folded.raw() == x.raw());
    RC_ASSERT(folded.total() == x.total());
  }));
  CAF_CHECK(rc::check("half of a fold has arrived", [] {
    auto x = *any_counts();
    if (x.of(card).counts.empty())
      return;
    const auto [at, n] = x.of(card).counts.items().front();
    x.mark = mark(1000, at, n / 2);
    auto folded = x;
    fold(folded, card, *rc::gen::inRange(0u, 9u));
    auto half = x;
    counter_state first;
    first.mark = folded.mark;
    join(half, first);
    RC_ASSERT(half.total() == x.total());
    join(half, folded);
    RC_ASSERT(half.total() == x.total());
  }));
}

CAF_TEST(I3 a counter that moved to another node counts on and each node sums its own) {
  const stream_id other{8, 1, 2};
  auto x = counts({{1, 40}, {2, 5}});
  x.of(other).counts.raise(other, 9); // the new node's first boot, below those of the old one
  CAF_CHECK_EQUAL(x.raw(), 54u);
  fold(x, card, 2);
  CAF_CHECK_EQUAL(x.raw(), 54u);
  auto y = x;
  fold(y, other, 1);
  join(x, y);
  CAF_CHECK_EQUAL(x.raw(), 54u);
  CAF_CHECK_EQUAL(x.find(card)->pulses, 45u);
  CAF_CHECK_EQUAL(x.find(other)->pulses, 9u);
}

CAF_TEST(I3 a sum of one card never swallows what another card counts under a lower boot) {
  const stream_id fresh{7, 1, 900}; // the first start of a new card
  counter_state reader;
  reader.of(fresh).counts.raise(fresh, 2); // heard of before the sum of the lost card
  auto lost = counts({{1, 10}, {2, 20}, {3, 30}, {4, 40}});
  fold(lost, card, 3);
  join(reader, lost);
  CAF_CHECK_EQUAL(reader.raw(), 102u);
  fold(reader, fresh, 1);
  join(lost, reader);
  CAF_CHECK_EQUAL(lost.raw(), 102u);
}

CAF_TEST(I3 a sum swallows the streams that are in it and no other one of the same start) {
  const stream_id put_back{7, 3, 900}; // an older copy of the disk was put back after start 4
  auto lost = counts({{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}});
  fold(lost, card, 3);
  counter_state reader;
  reader.of(card).counts.raise(boot(1), 10);
  reader.of(card).counts.raise(put_back, 4);
  join(reader, lost);
  CAF_CHECK_EQUAL(reader.raw(), 154u);
  fold(reader, card, 4);
  join(lost, reader);
  CAF_CHECK_EQUAL(reader.raw(), 154u);
  CAF_CHECK_EQUAL(lost.raw(), 154u);
  CAF_CHECK_EQUAL(lost.find(card)->pulses, 104u);
}

CAF_TEST(I3 a mark with a part of a sum leaves out what is in that sum alone) {
  const stream_id put_back{7, 4, 900};
  auto x = counts({{1, 40}, {2, 5}, {3, 7}, {4, 1}, {5, 2}});
  x.mark = mark(1000, boot(2), 3);
  CAF_CHECK_EQUAL(x.total(), 1000u + 2 + 7 + 1 + 2);
  fold(x, card, 4);
  x.of(card).counts.raise(put_back, 6);
  CAF_CHECK_EQUAL(x.total(), 1000u + 2 + 7 + 1 + 2 + 6);
}

CAF_TEST(a sum names its latest streams alone and closes what is older) {
  counter_state x;
  for (std::uint32_t b = 1; b <= 40; ++b) {
    x.of(card).counts.raise(boot(b), b);
    if (b > 2)
      fold(x, card, b - 2);
  }
  const auto& d = *x.find(card);
  CAF_CHECK_EQUAL(d.summed.size(), counter_state::disk::max_named);
  CAF_CHECK_EQUAL(d.upto, 38u);
  CAF_CHECK_EQUAL(d.closed, 22u);
  CAF_CHECK_EQUAL(x.raw(), 820u);
  counter_state late;
  late.of(card).counts.raise({7, 22, 900}, 5); // given up: it may be in the sum
  late.of(card).counts.raise({7, 23, 900}, 6);
  join(x, late);
  CAF_CHECK_EQUAL(x.raw(), 826u);
}

CAF_TEST(I3 a sum of a program that names no streams closes all up to its last) {
  auto x = counts({{1, 40}, {2, 5}, {3, 7}, {4, 1}});
  fold(x, card, 2);
  auto bytes = encode_counts(x, {card, 1});
  bytes.resize(bytes.size() - (1 + stream_id::size + 4 + 1 + 2 * 8)); // so much is about names
  bytes[bytes.size() - (stream_id::size + 16) - 1] = 1;
  counter_state back;
  CAF_REQUIRE(decode_counts(bytes, back));
  CAF_CHECK_EQUAL(back.find(card)->closed, 2u);
  CAF_CHECK_EQUAL(back.raw(), 53u);
  join(back, counts({{1, 41}}));
  CAF_CHECK_EQUAL(back.raw(), 53u);
}

CAF_TEST(I3 a sum over both sides of a mark shows what came after it and that of a later card the whole) {
  const stream_id later{7, 1, 900};
  auto x = counts({{1, 40}, {2, 5}});
  x.mark = mark(1000, boot(2), 3);
  join(x, counts({{3, 7}, {4, 1}}));
  x.of(later).counts.raise(later, 6);
  x.of(later).counts.raise({7, 2, 902}, 4);
  CAF_CHECK_EQUAL(x.total(), 1000u + 2 + 7 + 1 + 6 + 4);
  const auto before = x;
  fold(x, card, 3);
  fold(x, later, 2);
  CAF_CHECK_EQUAL(x.raw(), before.raw());
  CAF_CHECK_EQUAL(x.total(), before.total());
  CAF_CHECK_EQUAL(x.mark->parts.size(), 1u);
  fold(x, card, 4);
  CAF_CHECK_EQUAL(x.total(), before.total());
  CAF_CHECK_EQUAL(x.mark->parts.front().pulses, 10u);
  join(x, before);
  CAF_CHECK_EQUAL(x.total(), before.total());
}

CAF_TEST(a set counter shows the value and counts on and ignores late pulses of older boots) {
  auto x = counts({{1, 40}, {2, 5}});
  x.mark = mark(1000, boot(2), 5);
  CAF_CHECK_EQUAL(x.total(), 1000u);
  join(x, counts({{2, 8}, {3, 4}}));
  CAF_CHECK_EQUAL(x.total(), 1007u);
  join(x, counts({{1, 90}}));
  CAF_CHECK_EQUAL(x.total(), 1007u);
  CAF_CHECK_EQUAL(x.raw(), 102u);
}

CAF_TEST(I3 a ring gives back its newest whole check point whatever page is torn) {
  std::string bytes(ring_bytes, '\0');
  unsigned at = 0;
  for (std::uint64_t n = 1; n <= 20; ++n) {
    const auto made = encode(checkpoint(n, counts({{3, n}})));
    bytes.replace(at * ring_page_bytes, ring_page_bytes, made.pages.front());
    at = (at + 1) % ring_pages;
  }
  auto x = read_ring(bytes, 7);
  CAF_REQUIRE(x.newest);
  CAF_CHECK_EQUAL(x.newest->counters["water"].raw(), 20u);
  CAF_CHECK_EQUAL(x.next_page, at);
  CAF_CHECK_EQUAL(x.damaged, 0u);
  bytes[((at + ring_pages - 1) % ring_pages) * ring_page_bytes + 99] ^= 1; // the newest, torn
  x = read_ring(bytes, 7);
  CAF_REQUIRE(x.newest);
  CAF_CHECK_EQUAL(x.newest->counters["water"].raw(), 19u);
  CAF_CHECK_EQUAL(x.damaged, 1u);
  x = read_ring(bytes, 8);
  CAF_CHECK(!x.newest);
  CAF_CHECK_EQUAL(x.foreign, 15u);
  CAF_CHECK(!read_ring("", 7).newest);
}

CAF_TEST(a check point of many counters takes several pages and half of one is none) {
  ring_checkpoint x;
  x.stream = boot(3);
  x.number = 1;
  for (int i = 0; i < 200; ++i)
    x.counters["counter-" + std::to_string(i)] = counts({{3, 5}});
  const auto made = encode(x);
  CAF_CHECK_EQUAL(made.left_out, 0u);
  CAF_REQUIRE(made.pages.size() > 1);
  std::string bytes(ring_bytes, '\0');
  for (std::size_t i = 0; i < made.pages.size(); ++i)
    bytes.replace(i * ring_page_bytes, ring_page_bytes, made.pages[i]);
  CAF_CHECK_EQUAL(read_ring(bytes, 7).newest->counters.size(), 200u);
  bytes[5] ^= 1;
  CAF_CHECK(!read_ring(bytes, 7).newest);
}

CAF_TEST(a steady excess is slowed and a burst is not) {
  constexpr mono_ns second = 1'000'000'000;
  flash_budget x{86'400'000, 0}; // 1000 bytes per second, 3.6 MB per hour
  x.spend(1'000'000, second);
  CAF_CHECK_EQUAL(x.slowdown(second), 1);
  for (int i = 2; i < 3600; ++i)
    x.spend(3'000, i * second);
  CAF_CHECK(x.slowdown(3600 * second) > 8);
  CAF_CHECK(x.used_up(3600 * second));
  CAF_CHECK(x.bytes_per_day(3600 * second) > 250'000'000);
  CAF_CHECK_EQUAL(x.slowdown(7200 * second), 1);
}
