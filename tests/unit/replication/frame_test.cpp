#undef CAF_SUITE
#define CAF_SUITE frames
#include <caf/test/dsl.hpp>

#include "cluster/replication/frame.hpp"
#include "storage/bytes.hpp"

#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::cluster;
using storage::slot;
using storage::slot_kind;
using storage::stream_id;
using storage::version_vector;

namespace {

stream_id stream(std::uint32_t x) { return {0x1122334455667788u + x, 1 + x, 7 * x + 2}; }

version_vector vector(std::initializer_list<std::pair<std::uint32_t, std::uint64_t>> xs) {
  version_vector out;
  for (const auto& [of, seq] : xs)
    out.raise(stream(of), seq);
  return out;
}

slot contribution(std::uint64_t seq) {
  slot x;
  x.seq = seq;
  x.flags = 0x43;
  x.kind = slot_kind::own;
  x.schema = 9;
  x.stamp.raw = 1'000'000 + seq;
  x.ctx = vector({{4, 5}, {6, 700}});
  x.payload = std::string{"what a node\0says", 16};
  return x;
}

frame::range a_range() {
  frame::range x;
  x.session = stream(1);
  x.number = 300;
  x.run = 0x8000000000000001u;
  x.range_ = {stream(2), 10, 20, false, {{"light/hall", contribution(11)}, {"light/attic", contribution(20)}}};
  return x;
}

frame::whole a_whole() {
  frame::whole x;
  x.session = stream(1);
  x.to = stream(2);
  x.number = 4;
  x.run = 5;
  x.piece = 6;
  x.last = true;
  x.part.seen = vector({{1, 2}, {3, 4}});
  x.part.collected = vector({{1, 1}});
  slot named;
  named.kind = slot_kind::ovr;
  named.seq = 77;
  x.part.items = {{"a", stream(3), contribution(8), false}, {"b", stream(4), named, true}};
  return x;
}

/// One of each, no field at its default.
std::vector<frame::any> one_of_each() {
  frame::hello hello;
  hello.session = stream(1);
  hello.oldest = 2;
  hello.newest = 3;
  hello.house = "a house";
  hello.archive = hello.answer = true;
  hello.seen = vector({{1, 5}, {2, 1u << 20}});
  hello.durable = vector({{1, 4}});
  hello.journals = vector({{3, 9}});
  hello.runs = {{stream(2), 7, 9}, {stream(3), 8, 1}};
  hello.whole_run = 12;
  frame::taken taken{stream(1), 3, vector({{1, 5}}), vector({{2, 4}}), vector({{3, 3}})};
  frame::digests digests{stream(1), 99, {}};
  for (std::size_t i = 0; i < digests.sums.sums.size(); ++i)
    digests.sums.sums[i] = 0x0101010101010101u * (i + 1);
  frame::rows rows{stream(1), 98, 63, true, {{slot_kind::map, "a", stream(2), 3, 4}, {slot_kind::ctr, "b", stream(3), 5, 6}}};
  frame::repair repair{stream(1), a_whole().part.items};
  return {hello, a_range(), a_whole(), taken, frame::pulse{stream(1), 1, 2, 3, {1'795'000'000'000, storage::clock_quality::peer}}, digests, rows, repair};
}

/// What must hold of a frame that was accepted, whatever its bytes were.
bool sound(const frame::any& x) {
  const auto key_ok = [](const std::string& key, slot_kind kind) {
    return (kind == slot_kind::jrn && key.empty())
           || (!key.empty() && key.size() <= storage::max_key_bytes && key.find('\0') == std::string::npos);
  };
  const auto items_ok = [&](const std::vector<storage::whole_state::item>& all) {
    return std::all_of(all.begin(), all.end(), [&](const auto& i) { return key_ok(i.key, i.content.kind); });
  };
  if (const auto* r = std::get_if<frame::range>(&x))
    return std::all_of(r->range_.slots.begin(), r->range_.slots.end(), [&](const auto& s) {
      return key_ok(s.key, s.content.kind) && s.content.seq > r->range_.after && s.content.seq <= r->range_.upto;
    });
  if (const auto* w = std::get_if<frame::whole>(&x))
    return items_ok(w->part.items);
  if (const auto* r = std::get_if<frame::repair>(&x))
    return items_ok(r->slots);
  if (const auto* r = std::get_if<frame::rows>(&x))
    return r->bucket < storage::digest::buckets;
  return true;
}

rc::Gen<std::string> any_bytes() {
  return rc::gen::container<std::string>(rc::gen::map(rc::gen::inRange(0, 256), [](int x) { return static_cast<char>(x); }));
}

template <class F>
void property(const char* name, F f) {
  if (!rc::check(name, f))
    CAF_FAIL(name);
  CAF_CHECK(true);
}

} // namespace

CAF_TEST(every frame survives its encoding with no field at its default) {
  std::set<std::size_t> types;
  for (const auto& x : one_of_each()) {
    types.insert(x.index());
    const auto back = frame::decode(encode(x));
    CAF_REQUIRE(back);
    CAF_CHECK(*back == x);
  }
  CAF_CHECK_EQUAL(types.size(), std::variant_size_v<frame::any>);
}

CAF_TEST(a frame that ends too early is refused wherever it ends) {
  for (const auto& x : one_of_each()) {
    const auto bytes = encode(x);
    const auto without_clock = std::holds_alternative<frame::pulse>(x) ? bytes.size() - 9 : 0; // as earlier versions end it
    for (std::size_t n = 1; n < bytes.size(); ++n) {
      if (n == without_clock)
        continue;
      const auto back = frame::decode(std::string_view{bytes}.substr(0, n));
      CAF_REQUIRE(!back);
      if (n >= 2) // from there on its type is known
        CAF_CHECK(back.why().code == errc::corrupt);
    }
  }
}

CAF_TEST(a pulse of an earlier version says nothing of the time) {
  auto bytes = encode(frame::pulse{stream(1), 1, 2, 3, {1'795'000'000'000, storage::clock_quality::ntp}});
  const auto back = frame::decode(std::string_view{bytes}.substr(0, bytes.size() - 9));
  CAF_REQUIRE(back);
  CAF_CHECK(std::get<frame::pulse>(*back) == (frame::pulse{stream(1), 1, 2, 3, {}}));
}

CAF_TEST(rubbish is refused or at least harmless) {
  property("any bytes", [] {
    const auto x = frame::decode(*any_bytes());
    RC_ASSERT((!x || sound(*x)));
  });
  property("bytes that begin well", [] {
    storage::byte_writer out;
    out.u8(1);
    out.u8(*rc::gen::inRange<std::uint8_t>(0, 8));
    const auto x = frame::decode(out.take() + *any_bytes());
    RC_ASSERT((!x || sound(*x)));
  });
}

CAF_TEST(a flipped bit never changes what a slot says and never lets a wrong one in) {
  for (const auto& x : one_of_each()) {
    const auto bytes = encode(x);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto bad = bytes;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      const auto back = frame::decode(bad);
      if (!back)
        continue;
      CAF_REQUIRE(sound(*back));
      if (const auto* r = std::get_if<frame::range>(&*back))
        for (const auto& s : r->range_.slots)
          CAF_REQUIRE(s.content == contribution(11) || s.content == contribution(20));
    }
  }
}

CAF_TEST(I11 a count that promises more than comes costs neither time nor memory) {
  for (std::uint8_t type = 0; type < std::variant_size_v<frame::any>; ++type) {
    storage::byte_writer out;
    out.u8(1);
    out.u8(type);
    write(out, stream(1));
    auto bytes = out.take();
    bytes += std::string(40, '\xff'); // the largest numbers that there are
    CAF_CHECK(!frame::decode(bytes) || type == 4); // a pulse is 24 bytes of anything
  }
}

CAF_TEST(a later version and an unknown type are told apart from damage) {
  auto bytes = encode(one_of_each().front());
  bytes[0] = 2;
  CAF_CHECK(frame::decode(bytes).why().code == errc::unsupported);
  bytes[0] = 1;
  bytes[1] = 100;
  CAF_CHECK(frame::decode(bytes).why().code == errc::unsupported);
}

CAF_TEST(a key that no store would take does not come in by a frame) {
  for (const auto& key : {std::string{}, std::string(256, 'k'), std::string{"a\0b", 3}}) {
    auto r = a_range();
    r.range_.slots.front().key = key;
    CAF_CHECK(frame::decode(encode(r)).why().code == errc::corrupt);
    auto w = a_whole();
    w.part.items.back().key = key;
    CAF_CHECK(frame::decode(encode(w)).why().code == errc::corrupt);
  }
}

CAF_TEST(a contribution outside of its range is refused) {
  for (const auto seq : {10u, 21u}) {
    auto r = a_range();
    r.range_.slots.front().content.seq = seq;
    CAF_CHECK(frame::decode(encode(r)).why().code == errc::corrupt);
  }
}

CAF_TEST(equal vectors have equal hashes and a single step shows) {
  property("hash", [] {
    version_vector x, y;
    const auto all = *rc::gen::container<std::map<std::uint32_t, std::uint64_t>>(
      rc::gen::inRange<std::uint32_t>(0, 50), rc::gen::inRange<std::uint64_t>(1, 1000));
    for (auto i = all.begin(); i != all.end(); ++i)
      x.raise(stream(i->first), i->second);
    for (auto i = all.rbegin(); i != all.rend(); ++i)
      y.raise(stream(i->first), i->second);
    RC_ASSERT(frame::hash(x) == frame::hash(y));
    const auto of = *rc::gen::inRange<std::uint32_t>(0, 50);
    y.raise(stream(of), y.at(stream(of)) + 1);
    RC_ASSERT(frame::hash(x) != frame::hash(y));
  });
}
