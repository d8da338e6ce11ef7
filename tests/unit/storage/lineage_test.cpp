#undef CAF_SUITE
#define CAF_SUITE lineage
#include <caf/test/dsl.hpp>

#include "storage/lineage.hpp"

using namespace troupe::storage;

namespace {

constexpr std::uint64_t node = 7;

/// Boot, and which of that boot.
stream_id start(std::uint32_t boot, std::uint32_t which = 1) { return {node, boot, 2 * which}; }

/// 1 ── 2 ── 3           put back to 1:
/// └─── 2b ─ 3b ── 4b    put back to 3b:
///           └─── 4c     put back to 1:
/// └─── 2d ─ 5d          runs
lineage four_lines() {
  lineage out;
  out.add({start(1), start(2), start(3)});
  out.add({start(1), start(2, 2), start(3, 2), start(4, 2)});
  out.add({start(3, 2), start(4, 3)});
  out.add({start(1), start(2, 4), start(5, 4)});
  return out;
}

} // namespace

CAF_TEST(lines tell which start was later) {
  const auto all = four_lines();
  struct row {
    const char* what;
    stream_id of, than, present;
    bool later;
  };
  for (const auto& x : {
         row{"it went on from it", start(3), start(1), start(5, 4), true},
         row{"the other went on from it", start(1), start(3), start(5, 4), false},
         row{"the same one", start(3), start(3), start(5, 4), false},
         row{"of the present line, the other lost", start(2, 4), start(3), start(5, 4), true},
         row{"lost, the other of the present line", start(3), start(2, 4), start(5, 4), false},
         row{"its boot is higher, and it is lost", start(4, 2), start(2, 4), start(5, 4), false},
         row{"where both lines went on from, the other lost", start(1), start(3), start(5, 4), false},
         row{"lost, and left the present line later", start(4, 2), start(3), start(4, 3), true},
         row{"lost, and left it earlier", start(3), start(4, 2), start(4, 3), false},
         row{"both lost, left at one point: nothing tells", start(3), start(2, 2), start(5, 4), false},
         row{"the other way round: nothing tells", start(2, 2), start(3), start(5, 4), false},
         row{"nobody knows it, the other is of the present line", start(9, 9), start(2, 4), start(5, 4), false},
         row{"of the present line, nobody knows the other", start(2, 4), start(9, 9), start(5, 4), true},
         row{"nobody knows either", start(9, 9), start(8, 9), start(5, 4), false}}) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(all.later(x.of, x.than, x.present), x.later);
  }
}

CAF_TEST(what several starts tell of lines joins in any order) {
  lineage a, b;
  a.add({start(1), start(2)});
  b.add({start(2), start(3)}); // knows no more where 2 came from
  auto both = a, turned = b;
  both.join(b);
  turned.join(a);
  CAF_CHECK(both == turned);
  CAF_CHECK(both.later(start(3), start(1), start(3)));
}

CAF_TEST(a node tells its lines in a document) {
  const auto all = four_lines();
  const auto bytes = encode(all);
  const auto read = decode_lineage(bytes, node);
  CAF_REQUIRE(read);
  CAF_CHECK(*read == all);
  CAF_CHECK_EQUAL(bytes.size(), 1u + 9u * 16u);
  CAF_CHECK(!decode_lineage(bytes.substr(0, bytes.size() - 1), node));
  CAF_CHECK(!decode_lineage("\x02" + bytes.substr(1), node)); // of a later version
  CAF_CHECK(!decode_lineage("", node));
}

CAF_TEST(of many starts the latest are told) {
  std::vector<stream_id> line;
  for (std::uint32_t i = 1; i <= 100; ++i)
    line.push_back(start(i));
  lineage all;
  all.add(line);
  const auto read = decode_lineage(encode(all), node);
  CAF_REQUIRE(read);
  CAF_CHECK(read->later(start(100), start(70), start(100)));
  CAF_CHECK(read->later(start(100), start(3), start(100))); // of what is not told: earlier than what is
}

CAF_TEST(what goes round in circles ends) {
  lineage x;
  x.add({start(1), start(2), start(1)});
  CAF_CHECK(x.later(start(1), start(9), start(2)));
  x.add({start(3), start(3)});
  CAF_CHECK(!x.later(start(3), start(1), start(1)));
}
