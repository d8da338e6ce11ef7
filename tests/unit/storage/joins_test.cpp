#undef CAF_SUITE
#define CAF_SUITE joins
#include <caf/test/dsl.hpp>

#include "storage/counter_state.hpp"

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

stream_id any_stream() {
  const auto boot = *rc::gen::inRange(1u, 5u);
  return {*rc::gen::inRange<std::uint64_t>(7, 9), boot, 2 * boot};
}

version_vector any_vector() {
  version_vector out;
  for (auto n = *rc::gen::inRange(0, 5); n > 0; --n)
    out.raise(any_stream(), *rc::gen::inRange<std::uint64_t>(0, 6));
  return out;
}

stream_id any_disk() { return {*rc::gen::inRange<std::uint64_t>(7, 9), 1, 2}; }

/// As different nodes may hold it: of one setting, which streams it excludes and
/// what came after it may be known more or less.
override_mark any_mark() {
  override_mark x;
  x.stamp.raw = *rc::gen::inRange<std::uint64_t>(1, 4);
  x.at = {7, static_cast<std::uint32_t>(x.stamp.raw), 2 * static_cast<std::uint32_t>(x.stamp.raw)};
  x.disk = {7, 1, 2 * static_cast<std::uint32_t>(x.stamp.raw)};
  x.disk_made = static_cast<wall_ms>(x.stamp.raw);
  x.count = x.stamp.raw * 3;
  x.set = 1000 * x.stamp.raw;
  for (auto n = *rc::gen::inRange(0, 3); n > 0; --n)
    x.before.raise(any_disk(), *rc::gen::inRange(1u, 5u));
  std::set<stream_id> also;
  for (auto n = *rc::gen::inRange(0, 3); n > 0; --n)
    also.insert(any_stream());
  x.also.assign(also.begin(), also.end());
  for (const std::uint64_t node : {7, 8})
    if (*rc::gen::arbitrary<bool>()) {
      const auto upto = *rc::gen::inRange(1u, 5u);
      x.parts.push_back({{node, 1, 2}, upto, 10 * upto + node});
    }
  for (std::uint64_t i = 1; i <= x.stamp.raw; ++i)
    x.requests.push_back("r" + std::to_string(i));
  return x;
}

counter_state any_counter() {
  counter_state out;
  for (const std::uint64_t node : {7, 8}) {
    if (*rc::gen::arbitrary<bool>())
      continue;
    auto& d = out.of({node, 1, 2});
    const auto any = any_vector();
    for (const auto& [of, n] : any.items())
      if (of.node == node)
        d.counts.raise(of, n);
    d.made = *rc::gen::inRange(0, 3);
    // What a disk has summed up to a boot is one number, whoever holds it.
    d.upto = *rc::gen::inRange(0u, 5u);
    d.pulses = d.upto == 0 ? 0 : 10 * d.upto + node;
    // Which streams are in it, two copies of the disk may say differently.
    d.closed = *rc::gen::inRange(0u, d.upto + 1);
    std::set<stream_id> summed;
    for (auto n = d.closed < d.upto ? *rc::gen::inRange(0, 24) : 0; n > 0; --n)
      summed.insert({node, *rc::gen::inRange(d.closed + 1, d.upto + 1), 2 * *rc::gen::inRange(0u, 9u)});
    d.summed.assign(summed.begin(), summed.end());
  }
  if (*rc::gen::arbitrary<bool>())
    out.mark = any_mark();
  counter_state clean;
  join(clean, out); // no state that exists counts what it has summed
  return clean;
}

template <class X, class Any, class Join>
void lattice(const char* name, Any any, Join joined) {
  if (!rc::check(name, [&] {
        const X x = any(), y = any(), z = any();
        RC_ASSERT(joined(x, y) == joined(y, x));
        RC_ASSERT(joined(joined(x, y), z) == joined(x, joined(y, z)));
        RC_ASSERT(joined(x, x) == x);
        RC_ASSERT(joined(joined(x, y), y) == joined(x, y));
      }))
    CAF_FAIL(name);
  CAF_CHECK(true);
}

} // namespace

CAF_TEST(I2 version vectors join in any order and grouping and number) {
  lattice<version_vector>("version vectors", any_vector, [](auto x, const auto& y) {
    x.join(y);
    return x;
  });
  if (!rc::check("limit and cover", [] {
        const auto x = any_vector(), y = any_vector();
        auto least = x, most = x;
        least.limit(y);
        RC_ASSERT(x.covers(least) && y.covers(least));
        RC_ASSERT(most.join(y) == !x.covers(y));
        RC_ASSERT(most.covers(x) && most.covers(y));
      }))
    CAF_FAIL("limit and cover");
}

CAF_TEST(I3 counters with sums and marks join in any order and grouping and number) {
  lattice<counter_state>("counters", any_counter, [](auto x, const auto& y) {
    join(x, y);
    return x;
  });
}

CAF_TEST(a later setting wins against an earlier one and copies of one are completed) {
  counter_state x, y;
  x.mark = override_mark{1000, {7, 1, 2}, {}, 0, 5, {1}, {}, {}, {}, {"r1"}};
  y.mark = override_mark{2000, {7, 1, 2}, {}, 0, 6, {2}, {}, {}, {}, {"r1", "r2"}};
  auto both = x;
  join(both, y);
  CAF_CHECK_EQUAL(both.mark->set, 2000u);
  auto copy = y;
  copy.mark->before.raise({7, 1, 2}, 3); // its owner has learned of earlier streams since
  copy.mark->also = {{7, 2, 4}};
  join(both, copy);
  join(both, y);
  CAF_CHECK(both.mark->before == copy.mark->before);
  CAF_CHECK(both.mark->also == copy.mark->also);
}

CAF_TEST(I3 any counter and any mark survive their encoding and half of one is refused) {
  if (!rc::check("payloads", [] {
        auto x = any_counter();
        x.mark = any_mark();
        counter_state back;
        const auto medium = *rc::gen::arbitrary<bool>() ? disk_name{any_stream(), 1'800'000'000'000} : disk_name{};
        if (x.find(medium.first))
          x.of(medium.first).made = medium.made; // who runs on a disk knows when it was made
        const auto counts = encode_counts(x, medium);
        counts_writer writer;
        RC_ASSERT(decode_counts(counts, back, &writer));
        RC_ASSERT(writer == (medium.first.empty() ? counts_writer{} : counts_writer{medium, x.mark->stamp}));
        back.mark = decode_mark(encode_mark(*x.mark));
        RC_ASSERT(back == x);
        counter_state none;
        const auto cut = *rc::gen::inRange<std::size_t>(0, counts.size());
        RC_ASSERT((cut == counts.size() || !decode_counts(std::string_view{counts}.substr(0, cut), none)));
        const auto mark = encode_mark(*x.mark);
        RC_ASSERT(!decode_mark(std::string_view{mark}.substr(0, *rc::gen::inRange<std::size_t>(0, mark.size()))));
      }))
    CAF_FAIL("payloads");
  CAF_CHECK(true);
}
