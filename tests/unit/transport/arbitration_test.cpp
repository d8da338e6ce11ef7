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
  {"a dials though linked; when up, an old link woke up", at_a, by_a, {{by_a, live}}, linked, linked},
  {"the same, and b had dialled it", at_a, by_a, {{by_b, live}}, linked, linked},
  {"b dials a though linked; when up, b has it already", at_a, by_b, {{by_a, live}}, linked, go},
  {"b dials again, seen by a", at_a, by_b, {{by_b, live}}, linked, go},
  {"b itself sees that; when up, a chose it", at_b, by_b, {{by_b, live}}, linked, go},
  {"b itself sees the link of a", at_b, by_b, {{by_a, live}}, linked, go},
  {"a decided anew: b follows when it speaks", at_b, by_a, {{by_b, live}}, go, go},
  {"a came back before b noticed", at_b, by_a, {{by_a, live}}, go, go},
  {"cross dial, at a: own was first", at_a, by_b, {{by_a, greeting}}, lost, go},
  {"cross dial, at a: b's was first", at_a, by_a, {{by_b, greeting}}, lost, go},
  {"cross dial, at b: own may be the choice", at_b, by_b, {{by_a, greeting}}, go, go},
  {"cross dial, at b: a's may be the choice", at_b, by_a, {{by_b, greeting}}, go, go},
  {"the old link is silent, a dials", at_a, by_a, {{by_a, silent}}, go, go},
  {"the old link is silent, b dials", at_a, by_b, {{by_a, silent}}, go, go},
  {"two of a's own dials", at_a, by_a, {{by_a, greeting}}, lost, go},
  {"two of b's own dials, seen by a", at_a, by_b, {{by_b, greeting}}, lost, go},
  {"one of many is live", at_a, by_b, {{by_b, silent}, {by_b, live}}, linked, go},
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

namespace {

// One end of one connection. A dialler that declines has sent its last TLS
// message before; the other end sees a close as late as it likes, before or
// after what was sent.
enum phase : char { nothing, greets, is_up, closed };

struct connection {
  phase ends[2] = {nothing, nothing};                 // at a, at b
  bool finished = false, server_spoke = false, client_spoke = false; // what was sent
};

struct world {
  connection by[2]; // dialled by a, by b
};

std::vector<rival> rivals(const world& w, int dialled, int at) {
  const auto is = w.by[1 - dialled].ends[at];
  if (is == nothing || is == closed)
    return {};
  return {rival{dialled != 0, 1 - dialled == at, is == is_up, is == is_up}};
}

/// Every world that one event makes of this one.
std::vector<world> after(const world& w) {
  std::vector<world> out;
  for (int dialled : {0, 1})
    for (int at : {0, 1}) {
      const auto& c = w.by[dialled];
      const bool dials = at == dialled;
      const rival fresh{dialled == 0, dials, false, false};
      auto next = w;
      auto& end = next.by[dialled].ends[at];
      if (c.ends[at] == nothing && (dials ? c.ends[1 - at] != closed : c.finished)) {
        const bool go_on = arbitration::on_authenticated(fresh, rivals(w, dialled, at)) == verdict::proceed;
        end = go_on ? greets : closed;
        (dials ? next.by[dialled].finished : next.by[dialled].server_spoke) |= dials || go_on;
        out.push_back(next);
      }
      if (c.ends[at] == greets && (dials ? c.server_spoke : c.client_spoke)) {
        next = w;
        const bool go_on = arbitration::on_up(fresh, rivals(w, dialled, at)) == verdict::proceed;
        end = go_on ? is_up : closed;
        if (dials && go_on)
          next.by[dialled].client_spoke = true;
        auto& other = next.by[1 - dialled].ends[at];
        if (go_on && other == is_up)
          other = closed;
        out.push_back(next);
      }
      if (c.ends[1 - at] == closed && c.ends[at] != closed) {
        next = w;
        end = closed;
        out.push_back(next);
      }
    }
  return out;
}

} // namespace

CAF_TEST(any order of a cross dial ends with the same link at both ends) {
  int runs = 0, wrong = 0, won[2] = {0, 0};
  auto explore = [&](auto& self, const world& w) -> void {
    const auto all = after(w);
    for (const auto& next : all)
      self(self, next);
    if (!all.empty())
      return;
    ++runs;
    int links = 0, open = 0;
    for (int dialled : {0, 1}) {
      const auto& c = w.by[dialled];
      const bool link = c.ends[0] == is_up && c.ends[1] == is_up;
      links += link;
      won[dialled] += link;
      open += !link && (c.ends[0] != closed || c.ends[1] != closed);
    }
    wrong += links != 1 || open != 0;
  };
  explore(explore, world{});
  CAF_CHECK(runs > 40);
  CAF_CHECK(won[0] > 0 && won[1] > 0); // whichever came first at a
  CAF_CHECK_EQUAL(wrong, 0);
}
