#undef CAF_SUITE
#define CAF_SUITE engine
#include <caf/test/dsl.hpp>

#include "storage/ring.hpp"
#include "tests/contract/storage/engines.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

using rows = std::vector<std::pair<std::string, std::string>>;

rows scan(engine& x, family where, std::string_view prefix = {}) {
  rows out;
  auto ok = x.scan(where, prefix, [&](auto key, auto value) { out.emplace_back(key, value); });
  if (!ok)
    CAF_FAIL(to_string(ok.why()));
  return out;
}

void each_engine(const std::function<void(test::engine_kind&)>& claim) {
  for (auto& kind : test::all_engines()) {
    CAF_MESSAGE("engine: " << kind.name);
    claim(kind);
  }
}

bool fine(const status& x) {
  if (!x)
    CAF_MESSAGE(to_string(x.why()));
  return static_cast<bool>(x);
}

} // namespace

CAF_TEST(a batch lands in all its families and is there after a reopen) {
  each_engine([](auto& kind) {
    {
      auto x = kind.make();
      CAF_REQUIRE(fine(x->open(access::read_write)));
      batch b;
      b.put(family::slot, "k", "1");
      b.put(family::byseq, "k", "2");
      b.put(family::jrn, "k", "3");
      b.put(family::meta, std::string("k\0z", 3), std::string("4\0", 2));
      CAF_REQUIRE(fine(x->commit(b, true)));
      CAF_CHECK(fine(x->close()));
    }
    auto x = kind.make();
    CAF_REQUIRE(fine(x->open(access::read_write)));
    CAF_CHECK_EQUAL(scan(*x, family::slot), (rows{{"k", "1"}}));
    CAF_CHECK_EQUAL(scan(*x, family::byseq), (rows{{"k", "2"}}));
    CAF_CHECK_EQUAL(scan(*x, family::jrn), (rows{{"k", "3"}}));
    CAF_CHECK_EQUAL(scan(*x, family::meta),
                    (rows{{std::string("k\0z", 3), std::string("4\0", 2)}}));
    CAF_CHECK(fine(x->verify()));
  });
}

CAF_TEST(within a batch the later change of a key wins) {
  each_engine([](auto& kind) {
    auto x = kind.make();
    CAF_REQUIRE(fine(x->open(access::read_write)));
    batch b;
    b.erase(family::slot, "a");
    b.put(family::slot, "a", "1");
    b.put(family::slot, "b", "1");
    b.erase(family::slot, "b");
    CAF_REQUIRE(fine(x->commit(b, true)));
    CAF_CHECK_EQUAL(scan(*x, family::slot), (rows{{"a", "1"}}));
  });
}

CAF_TEST(a scan yields one prefix in the order of bytes) {
  each_engine([](auto& kind) {
    auto x = kind.make();
    CAF_REQUIRE(fine(x->open(access::read_write)));
    batch b;
    for (const char* key : {"a", "b\xff", "b", "b\x01", "c"})
      b.put(family::slot, key, "");
    CAF_REQUIRE(fine(x->commit(b, false)));
    CAF_CHECK_EQUAL(scan(*x, family::slot, "b"),
                    (rows{{"b", ""}, {"b\x01", ""}, {"b\xff", ""}}));
    CAF_CHECK_EQUAL(scan(*x, family::slot, "d"), rows{});
  });
}

CAF_TEST(a closed engine says so and opens again) {
  each_engine([](auto& kind) {
    auto x = kind.make();
    batch b;
    b.put(family::slot, "k", "v");
    CAF_CHECK(x->commit(b, true).why().code == errc::closed);
    CAF_REQUIRE(fine(x->open(access::read_write)));
    CAF_REQUIRE(fine(x->commit(b, true)));
    CAF_CHECK(fine(x->close()));
    CAF_CHECK(fine(x->close()));
    CAF_CHECK(x->commit(b, true).why().code == errc::closed);
    CAF_CHECK(x->scan(family::slot, {}, [](auto, auto) {}).why().code == errc::closed);
    CAF_REQUIRE(fine(x->open(access::read_write)));
    CAF_CHECK_EQUAL(scan(*x, family::slot).size(), 1u);
  });
}

CAF_TEST(reading only takes no writes and finds nothing where nothing was) {
  each_engine([](auto& kind) {
    auto x = kind.make();
    CAF_CHECK(x->open(access::read_only).why().code == errc::not_found);
    CAF_REQUIRE(fine(x->open(access::read_write)));
    batch b;
    b.put(family::slot, "k", "v");
    CAF_REQUIRE(fine(x->commit(b, true)));
    CAF_CHECK(fine(x->close()));
    CAF_REQUIRE(fine(x->open(access::read_only)));
    CAF_CHECK_EQUAL(scan(*x, family::slot).size(), 1u);
    CAF_CHECK(!x->commit(b, true));
  });
}

CAF_TEST(what is moved aside is out of the way) {
  each_engine([](auto& kind) {
    auto x = kind.make();
    CAF_REQUIRE(fine(x->open(access::read_write)));
    batch b;
    b.put(family::slot, "k", "v");
    CAF_REQUIRE(fine(x->commit(b, true)));
    auto to = x->move_aside();
    CAF_REQUIRE(to);
    CAF_CHECK(!to->empty());
    CAF_REQUIRE(fine(x->open(access::read_write)));
    CAF_CHECK_EQUAL(scan(*x, family::slot), rows{});
    CAF_CHECK(fine(x->commit(b, true)));
  });
}

CAF_TEST(a ring keeps its pages apart and is there after a reopen) {
  each_engine([](auto& kind) {
    const std::string one(ring_page_bytes, '1');
    const std::string last(ring_page_bytes, 'z');
    {
      auto x = kind.make();
      auto ring = x->open_ring(kind.ring);
      CAF_REQUIRE(ring);
      CAF_CHECK_EQUAL(*(*ring)->read(), std::string(ring_bytes, '\0'));
      CAF_CHECK(fine((*ring)->write(1, one)));
      CAF_CHECK(fine((*ring)->write(ring_pages - 1, last)));
    }
    auto x = kind.make();
    auto ring = x->open_ring(kind.ring);
    CAF_REQUIRE(ring);
    const auto all = *(*ring)->read();
    CAF_CHECK_EQUAL(all.size(), ring_bytes);
    CAF_CHECK(all.substr(ring_page_bytes, ring_page_bytes) == one);
    CAF_CHECK(all.substr(ring_bytes - ring_page_bytes) == last);
    CAF_CHECK(all.substr(0, ring_page_bytes) == std::string(ring_page_bytes, '\0'));
  });
}

CAF_TEST(a second process is told that the database is busy) {
  auto kind = test::all_engines()[2];
  auto x = kind.make();
  auto y = kind.make();
  CAF_REQUIRE(fine(x->open(access::read_write)));
  const auto refused = y->open(access::read_write);
  CAF_REQUIRE(!refused);
  CAF_MESSAGE(to_string(refused.why()));
  CAF_CHECK(refused.why().code == errc::busy);
}
