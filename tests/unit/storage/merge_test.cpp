#undef CAF_SUITE
#define CAF_SUITE merge
#include <caf/test/dsl.hpp>

#include "storage/read.hpp"

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

stream_id writer(unsigned x) {
  return {1 + x % 3, 1 + x / 3, x};
}

slot contribution(std::uint64_t seq, const std::string& payload = "v") {
  slot x;
  x.seq = seq;
  x.stamp.raw = seq;
  x.payload = payload;
  return x;
}

/// Slots as streams could have written them: content depends on (stream, seq)
/// only, contexts differ between replicas, as joins make them differ.
rc::Gen<std::pair<stream_id, slot>> any_slot() {
  return rc::gen::apply(
    [](unsigned of, unsigned seq, unsigned seen, unsigned seen_seq, bool gone) {
      auto x = contribution(1 + seq, std::to_string(of) + "/" + std::to_string(seq));
      x.flags = (of + seq) % 5 == 0 ? slot::deleted_flag : 0;
      if (seen != of && !gone)
        x.ctx.raise(writer(seen), seen_seq);
      return std::pair{writer(of), x};
    },
    rc::gen::inRange(0u, 6u), rc::gen::inRange(0u, 5u), rc::gen::inRange(0u, 6u),
    rc::gen::inRange(0u, 5u), rc::gen::arbitrary<bool>());
}

rc::Gen<std::vector<std::pair<stream_id, slot>>> any_slots() {
  return rc::gen::container<std::vector<std::pair<stream_id, slot>>>(any_slot());
}

slot_set all(const std::vector<std::pair<stream_id, slot>>& xs) {
  slot_set out;
  for (const auto& [of, x] : xs)
    merge(out, of, x);
  return out;
}

slot_set join(slot_set x, const slot_set& y) {
  for (const auto& [of, s] : y)
    merge(x, of, s);
  return x;
}

template <class F>
void property(const char* name, F f) {
  if (!rc::check(name, f))
    CAF_FAIL(name);
  CAF_CHECK(true);
}

} // namespace

CAF_TEST(I2 merging is commutative and associative and idempotent) {
  property("commutative", [] {
    const auto x = all(*any_slots()), y = all(*any_slots());
    RC_ASSERT(join(x, y) == join(y, x));
  });
  property("associative", [] {
    const auto x = all(*any_slots()), y = all(*any_slots()), z = all(*any_slots());
    RC_ASSERT(join(join(x, y), z) == join(x, join(y, z)));
  });
  property("idempotent", [] {
    const auto x = all(*any_slots());
    RC_ASSERT(join(x, x) == x);
  });
}

CAF_TEST(I2 the shown value does not depend on the order of arrival) {
  property("order", [] {
    auto xs = *any_slots();
    const auto forward = all(xs);
    std::reverse(xs.begin(), xs.end());
    const auto backward = all(xs);
    const auto x = read_map(forward), y = read_map(backward);
    RC_ASSERT(x.has_value() == y.has_value());
    RC_ASSERT(!x || (x->writer == y->writer && x->conflict == y->conflict));
  });
}

CAF_TEST(any slot survives its encoding and any damage to it is found) {
  property("round trip", [] {
    const auto x = (*any_slot()).second;
    const auto back = decode_slot(encode(x));
    RC_ASSERT(back && *back == x);
  });
  property("damage", [] {
    auto bytes = encode((*any_slot()).second);
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << *rc::gen::inRange(0, 8)));
    RC_ASSERT(!decode_slot(bytes));
    RC_ASSERT(!decode_slot(bytes.substr(0, at)));
  });
}

CAF_TEST(what was seen is replaced whatever the stamps say) {
  slot_set set;
  auto old = contribution(9, "old");
  old.stamp.raw = 1'000'000; // a clock years ahead
  merge(set, writer(0), old);
  auto news = contribution(1, "new");
  news.ctx = observed(set, writer(1));
  merge(set, writer(1), news);
  CAF_CHECK_EQUAL(read_map(set)->payload, "new");
  CAF_CHECK(!read_map(set)->conflict);
}

CAF_TEST(an add wins against a concurrent delete and concurrent writes show as a conflict) {
  slot_set set;
  merge(set, writer(0), contribution(1, "first"));
  auto gone = contribution(1);
  gone.flags = slot::deleted_flag;
  gone.ctx = observed(set, writer(1));
  auto again = contribution(1, "again");
  again.ctx = observed(set, writer(2));
  again.stamp.raw = 5;
  merge(set, writer(1), gone);
  CAF_CHECK(!read_map(set));
  merge(set, writer(2), again);
  CAF_CHECK_EQUAL(read_map(set)->payload, "again");
  CAF_CHECK(!read_map(set)->conflict);
  auto other = contribution(1, "other");
  other.ctx.raise(writer(0), 1);
  other.stamp.raw = 6;
  merge(set, writer(3), other);
  CAF_CHECK_EQUAL(read_map(set)->payload, "other");
  CAF_CHECK(read_map(set)->conflict);
  CAF_CHECK_EQUAL(siblings(set).size(), 2u);
}

CAF_TEST(a later operation of a stream keeps what its earlier ones had seen) {
  slot_set set;
  merge(set, writer(0), contribution(1, "old"));
  auto first = contribution(1, "a");
  first.ctx.raise(writer(0), 1);
  merge(set, writer(1), first);
  merge(set, writer(1), contribution(2, "b")); // its writer had collected "old"
  CAF_CHECK(dominated(set, writer(0), 1));
  CAF_CHECK_EQUAL(read_map(set)->payload, "b");
}

CAF_TEST(a dominated slot is collected only with its dominator and its context stable) {
  slot_set set;
  merge(set, writer(0), contribution(1));
  auto news = contribution(1);
  news.ctx.raise(writer(0), 1);
  news.ctx.raise(writer(4), 3);
  merge(set, writer(1), news);
  version_vector stable;
  stable.raise(writer(0), 1);
  CAF_CHECK(collectable(set, stable).empty());
  stable.raise(writer(1), 1);
  CAF_CHECK(collectable(set, stable).empty());
  stable.raise(writer(4), 3);
  CAF_CHECK_EQUAL(collectable(set, stable), std::vector<stream_id>{writer(0)});
}

CAF_TEST(of owners the highest ballot is shown and a later boot is a higher one) {
  slot_set set;
  auto x = contribution(9, own_payload(1, "before"));
  auto y = contribution(1, own_payload(2, "after"));
  merge(set, writer(0), x);
  merge(set, writer(1), y);
  CAF_CHECK_EQUAL(read_own(set)->payload, "after");
}
