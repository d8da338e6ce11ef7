#undef CAF_SUITE
#define CAF_SUITE membership_merge

#include "cluster/membership/inspect.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/test/dsl.hpp>
#include <rapidcheck.h>

using namespace troupe;
using namespace troupe::cluster;

namespace {

/// Few values each, so that ties are frequent.
rc::Gen<member> any_member() {
  return rc::gen::build<member>(
    rc::gen::set(&member::name, rc::gen::just(std::string{"board-1"})),
    rc::gen::set(&member::addresses, rc::gen::container<std::vector<std::string>>(
                                       rc::gen::element<std::string>("a:1", "b:1", "c:1"))),
    rc::gen::set(&member::incarnation, rc::gen::inRange<std::uint64_t>(0, 3)),
    rc::gen::set(&member::refutation, rc::gen::inRange<std::uint32_t>(0, 3)),
    rc::gen::set(&member::is, rc::gen::map(rc::gen::inRange(0, 7), [](int x) { return static_cast<standing>(x); })),
    rc::gen::set(&member::banned, rc::gen::inRange<std::uint32_t>(0, 3)),
    rc::gen::set(&member::draining, rc::gen::arbitrary<bool>()),
    rc::gen::set(&member::direct, rc::gen::arbitrary<bool>()),
    rc::gen::set(&member::version, rc::gen::element<std::string>("", "1", "2")),
    rc::gen::set(&member::since, rc::gen::inRange<wall_ms>(0, 3)));
}

} // namespace

namespace troupe::cluster {
std::ostream& operator<<(std::ostream& out, const member& x) {
  return out << x.name << " " << x.incarnation << "." << x.refutation << " " << to_string(x.is) << " banned " << x.banned;
}
} // namespace troupe::cluster

CAF_TEST(views may arrive in any order and twice and by detours) {
  const auto check = [](const char* what, auto law) {
    CAF_MESSAGE(what);
    CAF_CHECK(rc::check(what, law));
  };
  check("commutative", [] {
    const auto a = *any_member(), b = *any_member();
    RC_ASSERT(merge(a, b) == merge(b, a));
  });
  check("associative", [] {
    const auto a = *any_member(), b = *any_member(), c = *any_member();
    RC_ASSERT(merge(a, merge(b, c)) == merge(merge(a, b), c));
  });
  check("idempotent", [] {
    const auto a = *any_member();
    RC_ASSERT(merge(a, a) == a);
    const auto b = *any_member();
    RC_ASSERT(merge(merge(a, b), b) == merge(a, b));
  });
}

CAF_TEST(a node has the last word about itself and an operator the very last) {
  const auto row = [](std::uint64_t incarnation, std::uint32_t refutation, standing is, std::uint32_t banned = 0) {
    member x;
    x.incarnation = incarnation;
    x.refutation = refutation;
    x.is = is;
    x.banned = banned;
    return x;
  };
  struct line {
    const char* what;
    member a, b, so;
  };
  const line table[] = {
    {"a suspicion beats the same life", row(1, 0, standing::alive), row(1, 0, standing::suspect), row(1, 0, standing::suspect)},
    {"a refutation beats a suspicion", row(1, 1, standing::alive), row(1, 0, standing::down), row(1, 1, standing::alive)},
    {"a new life beats its death", row(2, 0, standing::alive), row(1, 9, standing::down), row(2, 0, standing::alive)},
    {"configured beats announced", row(0, 0, standing::unknown), row(0, 0, standing::waiting), row(0, 0, standing::unknown)},
    {"goodbye beats down", row(1, 0, standing::down), row(1, 0, standing::left), row(1, 0, standing::left)},
    {"removal outlives new lives", row(1, 0, standing::alive, 1), row(5, 0, standing::alive), row(5, 0, standing::alive, 1)},
    {"approval takes it back", row(1, 0, standing::alive, 1), row(0, 0, standing::waiting, 2), row(1, 0, standing::alive, 2)},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(merge(x.a, x.b) == x.so);
  }
}

CAF_TEST(every field of a letter travels) {
  membership_message x;
  x.what = membership_message::kind::not_heard;
  x.about = "board-1";
  x.question = 77;
  x.members = {{"server-2", {"[::1]:4710", "server-2:4710"}, 5, 3, standing::suspect, 1, true, true, "1.2", 1234}};
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  CAF_REQUIRE(!sink(x));
  membership_message y;
  caf::binary_deserializer source{nullptr, bytes};
  CAF_REQUIRE(!source(y));
  CAF_CHECK(x == y);
}
