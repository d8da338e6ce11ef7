#define CAF_SUITE arbitration
#include "tests/support/suite.hpp"

#include "cluster/transport/arbitration.hpp"

using namespace troupe::cluster;
using verdict = arbitration::verdict;

namespace {

// As seen by "a" or by "b"; a is the smaller name.
constexpr bool at_a = true, at_b = false;
enum who { by_a, by_b };
enum state { greeting, silent, live };

rival make(bool at, who dialled, state is) {
  return {dialled == by_a, (dialled == by_a) == at, is != greeting, is == live};
}

struct row {
  const char* what;
  bool at;
  who fresh;
  std::vector<std::pair<who, state>> others;
  verdict after_tls, when_up;
};

constexpr auto go = verdict::proceed, linked = verdict::already_linked, lost = verdict::other_wins;

const row table[] = {
  {"the first connection", at_a, by_a, {}, go, go},
  {"the first connection, from there", at_a, by_b, {}, go, go},
  {"a dials though linked", at_a, by_a, {{by_a, live}}, linked, linked},
  {"a dials though linked by b", at_a, by_a, {{by_b, live}}, linked, linked},
  {"b dials a though linked", at_a, by_b, {{by_a, live}}, linked, linked},
  {"b dials again, seen by a", at_a, by_b, {{by_b, live}}, linked, linked},
  {"b itself sees that", at_b, by_b, {{by_b, live}}, linked, linked},
  {"b itself sees the link of a", at_b, by_b, {{by_a, live}}, linked, linked},
  {"a decided anew: b follows when it speaks", at_b, by_a, {{by_b, live}}, go, go},
  {"a came back before b noticed", at_b, by_a, {{by_a, live}}, go, go},
  {"cross dial, at a: b's is late", at_a, by_b, {{by_a, greeting}}, lost, lost},
  {"cross dial, at a: own goes on", at_a, by_a, {{by_b, greeting}}, go, go},
  {"cross dial, at b: own gives way", at_b, by_b, {{by_a, greeting}}, lost, lost},
  {"cross dial, at b: a's goes on", at_b, by_a, {{by_b, greeting}}, go, go},
  {"the old link is silent, a dials", at_a, by_a, {{by_a, silent}}, go, go},
  {"the old link is silent, b dials", at_a, by_b, {{by_a, silent}}, go, go},
  {"two of a's own dials", at_a, by_a, {{by_a, greeting}}, go, go},
  {"one of many is live", at_a, by_b, {{by_b, silent}, {by_b, live}}, linked, linked},
};

} // namespace

CAF_TEST(of two connections one wins) {
  for (const auto& x : table) {
    std::vector<rival> others;
    for (auto [dialled, is] : x.others)
      others.push_back(make(x.at, dialled, is));
    const auto fresh = make(x.at, x.fresh, greeting);
    if (arbitration::on_authenticated(fresh, others) != x.after_tls)
      CAF_ERROR("after TLS: " << x.what);
    if (arbitration::on_up(fresh, others) != x.when_up)
      CAF_ERROR("when up: " << x.what);
    CAF_CHECK(true);
  }
}

// Both ends of both connections, in every order of events: in the end each
// node has one connection and it is the same one.
CAF_TEST(any order of a cross dial ends with the same link at both ends) {
  struct end {
    bool open = true, authenticated = false, up = false;
  };
  // Events: 0..3 TLS done, 4..7 up, of (connection by a/by b) x (end a/b).
  struct world {
    end ends[2][2]; // [dialled by][at]
  };
  // TLS ends at the dialler first; a server's end is up only after the
  // dialler's is (its handshake answers), and the dialler's only after the
  // server's TLS is done.
  auto possible = [](const world& w, int event) {
    const int dialled = event % 4 / 2, at = event % 2, server = 1 - dialled;
    const auto& here = w.ends[dialled][at];
    const auto& there = w.ends[dialled][1 - at];
    if (!here.open)
      return false;
    if (event < 4)
      return !here.authenticated && (at != server || there.authenticated);
    return here.authenticated && !here.up
           && (at == server ? there.up : there.authenticated);
  };
  auto play = [](world& w, int event) {
    const int dialled = event % 4 / 2, at = event % 2;
    auto close = [&w](int which) { w.ends[which][0].open = w.ends[which][1].open = false; };
    auto& here = w.ends[dialled][at];
    auto view = [&](int which) {
      const auto& x = w.ends[which][at];
      return rival{which == 0, which == at, x.up, x.up};
    };
    std::vector<rival> others;
    const auto& other = w.ends[1 - dialled][at];
    if (other.open && other.authenticated)
      others.push_back(view(1 - dialled));
    const bool rises = event >= 4;
    const auto says = rises ? arbitration::on_up(view(dialled), others)
                            : arbitration::on_authenticated(view(dialled), others);
    if (says != verdict::proceed)
      return close(dialled);
    (rises ? here.up : here.authenticated) = true;
    if (rises && !others.empty())
      close(1 - dialled);
  };
  int runs = 0, ends_without = 0;
  auto explore = [&](auto& self, const world& w) -> void {
    bool any = false;
    for (int event = 0; event < 8; ++event)
      if (possible(w, event)) {
        any = true;
        auto next = w;
        play(next, event);
        self(self, next);
      }
    if (any)
      return;
    ++runs;
    int both = 0;
    for (const auto& connection : w.ends)
      both += connection[0].open && connection[0].up && connection[1].up;
    ends_without += both != 1;
  };
  explore(explore, world{});
  CAF_CHECK(runs > 10);
  CAF_CHECK_EQUAL(ends_without, 0);
}
