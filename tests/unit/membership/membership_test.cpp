#undef CAF_SUITE
#define CAF_SUITE membership

#include "cluster/membership/local_health.hpp"
#include "config/model/patience.hpp"
#include "tests/unit/membership/room.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;

namespace {

membership::options named(const std::string& self) {
  membership::options o;
  o.self = self;
  o.addresses = {self + ":4710"};
  return o;
}

/// Node "b" of a cluster a, b, c: linked to both, at `now`.
struct membership_fixture {
  membership b{named("b")};
  mono_ns now = 1000 * sec;

  membership_fixture() {
    for (const auto* x : {"a", "c"}) {
      b.know(x, {std::string{x} + ":4710"}, now);
      b.on_link_up(x, 1, now, 0);
    }
    tick();
  }
  membership_effects tick(std::vector<heard> links) { return b.tick(now, 0, links); }
  membership_effects tick() { return tick({{"a", now, {}}, {"c", now, {}}}); }
  /// Lets both be heard, or only a.
  membership_effects pass(mono_ns length, bool c_too) {
    membership_effects all;
    const auto c_at = now;
    for (const auto end = now + length; now < end;) {
      now = std::min(end, now + 50 * ms);
      auto x = tick({{"a", now, {}}, {"c", c_too ? now : c_at, {}}});
      all.changes.insert(all.changes.end(), x.changes.begin(), x.changes.end());
      all.letters.insert(all.letters.end(), x.letters.begin(), x.letters.end());
      all.drop.insert(all.drop.end(), x.drop.begin(), x.drop.end());
    }
    return all;
  }
  member see(const std::string& name) const {
    for (const auto& x : b.members())
      if (x.name == name)
        return x;
    return {};
  }
  membership_effects view_from(const std::string& from, std::vector<member> rows) {
    return b.on_letter(from, {kind::view, {}, 0, std::move(rows)}, now, 0);
  }
};

const membership_effects::letter* letter_of(const membership_effects& all, kind what, const std::string& to) {
  for (const auto& x : all.letters)
    if (x.what.what == what && x.to == to)
      return &x;
  return nullptr;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(one_node, membership_fixture)

CAF_TEST(silence is asked about before it is called death) {
  auto done = pass(250 * ms, false);
  CAF_CHECK(see("c").is == standing::suspect);
  const auto* asked = letter_of(done, kind::ask, "a");
  CAF_REQUIRE(asked);
  CAF_CHECK_EQUAL(asked->what.about, "c");
  CAF_CHECK(letter_of(done, kind::deaf, "c"));
  // a hears it: not dead, but not by us
  b.on_letter("a", {kind::heard, "c", asked->what.question, {}}, now, 0);
  CAF_CHECK(see("c").is == standing::alive);
  CAF_CHECK(!see("c").direct);
  // then a does not either
  now += ms;
  done = pass(300 * ms, false);
  asked = letter_of(done, kind::ask, "a");
  CAF_REQUIRE(asked);
  b.on_letter("a", {kind::not_heard, "c", asked->what.question, {}}, now, 0);
  done = pass(700 * ms, false);
  CAF_CHECK(see("c").is == standing::down);
  CAF_CHECK(done.drop == std::vector<std::string>{"c"});
  CAF_CHECK(b.flap_score("c", now) > 990);
  CAF_CHECK(b.flap_score("c", now + 60 * sec) < 510);
}

CAF_TEST(a lost link whose redial is refused is down at once) {
  pass(2 * sec, true);
  auto done = b.on_link_down("c", "end of file", true, now, 0);
  CAF_CHECK(see("c").is == standing::suspect);
  CAF_REQUIRE_EQUAL(done.dial.size(), 1u);
  CAF_CHECK_EQUAL(done.dial[0].name, "c");
  now += ms;
  done = b.on_dial_failed("c", "refused", dial_end::refused, now, 0);
  CAF_CHECK(see("c").is == standing::down);
  CAF_REQUIRE_EQUAL(done.changes.size(), 1u);
  CAF_CHECK_EQUAL(done.changes[0].why, "its process is gone: end of file, and its host refuses connections");
  // A late letter of the ended session wakes nobody.
  b.on_letter("c", {kind::view, {}, 0, {row("c", 1, 5, standing::alive)}}, now, 0);
  CAF_CHECK(see("c").is == standing::down);
  CAF_CHECK(b.on_letter("c", {kind::ask, "b", 5, {}}, now, 0).letters.empty());
  // Nor does what others told before they noticed.
  view_from("a", {row("c", 1, 0, standing::alive)});
  CAF_CHECK(see("c").is == standing::down);
  b.on_link_up("c", 2, now, 0);
  CAF_CHECK(see("c").is == standing::alive);
  CAF_CHECK_EQUAL(see("c").incarnation, 2u);
}

CAF_TEST(a link that ends before its hello was a failed dial) {
  b.know("d", {"d:4710"}, now);
  CAF_REQUIRE_EQUAL(tick().dial.size(), 1u);
  now += 20 * ms; // it was reached, so nobody tells of a failed dial
  b.on_link_down("d", "end of file", true, now, 0);
  const auto ended = now;
  std::size_t dials = 0;
  while (dials == 0 && now - ended < 30 * sec) {
    now += 50 * ms;
    dials = tick().dial.size();
  }
  CAF_CHECK_EQUAL(dials, 1u);
  CAF_CHECK_LESS_OR_EQUAL((now - ended) / ms, 50 + profile{}.redial_first.count() * 3 / 2);
}

CAF_TEST(a link that nobody told of is seen) {
  const auto three = [&] { return tick({{"a", now, {}}, {"c", now, {}}, {"d", now, {}}}); };
  for (const bool known : {false, true}) {
    CAF_MESSAGE((known ? "of a known node" : "of one that nobody knew"));
    membership_effects done;
    for (int i = 0; i < 3; ++i, now += 50 * ms)
      done = three();
    CAF_CHECK(see("d").is != standing::alive); // the news may be on its way
    done = three();
    CAF_CHECK(see("d").is == standing::alive);
    const auto* asked = letter_of(done, kind::view, "d");
    CAF_REQUIRE(asked);
    CAF_CHECK_EQUAL(asked->what.question, 1u); // what it told before is lost
    // And its letters count.
    CAF_CHECK(letter_of(b.on_letter("d", {kind::ask, "b", 5, {}}, now, 0), kind::heard, "d"));
    if (!known)
      b.on_link_up("d", 1, now, 0); // the news comes after all, and is the same link
    b.on_link_down("d", "end of file", true, now, 0);
    b.on_dial_failed("d", "refused", dial_end::refused, now, 0);
    CAF_CHECK(see("d").is == standing::down);
    pass(2 * sec, true);
  }
}

CAF_TEST(a board is asked about nobody) {
  now += 50 * ms;
  tick({{"a", now, {}, true}, {"c", now, {}}});
  auto done = pass(250 * ms, false); // `pass` shows a as a node again ...
  CAF_CHECK(letter_of(done, kind::ask, "a"));
  pass(2 * sec, true);
  membership_effects all;
  const auto c_at = now;
  for (int i = 0; i < 6; ++i) {
    now += 50 * ms;
    done = tick({{"a", now, {}, true}, {"c", c_at, {}}});
    all.letters.insert(all.letters.end(), done.letters.begin(), done.letters.end());
  }
  CAF_CHECK(see("c").is == standing::suspect);
  CAF_CHECK(!letter_of(all, kind::ask, "a"));
  CAF_CHECK(letter_of(all, kind::deaf, "c"));
}

CAF_TEST(who is called dead contradicts) {
  auto done = view_from("a", {row("b", 1, 0, standing::suspect)});
  CAF_CHECK_EQUAL(b.self().refutation, 1u);
  CAF_CHECK(b.local_health() > 1.9); // it may be our own fault
  const auto* told_c = letter_of(done, kind::view, "c");
  CAF_REQUIRE(told_c);
  CAF_CHECK_EQUAL(told_c->what.members.at(0).refutation, 1u);
  view_from("c", {row("b", 1, 0, standing::down)}); // an old rumour
  CAF_CHECK_EQUAL(b.self().refutation, 1u);
  view_from("c", {row("b", 1, 1, standing::down)});
  CAF_CHECK_EQUAL(b.self().refutation, 2u);
  view_from("c", {row("b", 7, 0, standing::alive)}); // our counter of starts was set back
  CAF_CHECK_EQUAL(b.self().incarnation, 8u);
}

CAF_TEST(differences are kept for each teller) {
  view_from("a", {row("c", 1, 0, standing::down)});
  auto d = b.differences();
  CAF_REQUIRE(d.contains("c"));
  CAF_CHECK((d.at("c") == std::map<std::string, told>{{"a", {standing::down, false}}}));
  CAF_CHECK(see("c").is == standing::alive); // we hear it
  view_from("a", {row("c", 1, 1, standing::alive)}); // refuted
  CAF_CHECK(b.differences().empty());
}

CAF_TEST(a node that was stopped or late trusts itself less) {
  now += 5 * sec; // no tick for so long
  tick({{"a", now - 5 * sec, {}}, {"c", now - 5 * sec, {}}});
  CAF_CHECK(see("a").is == standing::alive);
  CAF_CHECK(see("c").is == standing::alive);
  CAF_CHECK_EQUAL(b.local_health(), 4.0);
  pass(10 * sec, true);
  CAF_CHECK_EQUAL(b.local_health(), 1.0);
}

CAF_TEST(busy ears multiply the limits) {
  for (int i = 0; i < 6; ++i) { // each tick 100 ms late
    now += 150 * ms;
    tick();
  }
  CAF_CHECK_EQUAL(b.local_health(), 4.0);
  const auto done = pass(600 * ms, false);
  CAF_CHECK(see("c").is == standing::alive);
}

CAF_TEST(discovery waits for an approval and is bounded) {
  auto done = b.found("d", {"d:4710"}, now, 0);
  CAF_CHECK(see("d").is == standing::waiting);
  CAF_CHECK(done.dial.empty());
  pass(3 * sec, true);
  CAF_CHECK(see("d").is == standing::waiting);
  for (int i = 0; i < 1000; ++i)
    b.found("x" + std::to_string(i), {"x:1"}, now, 0);
  CAF_CHECK_EQUAL(b.members().size(), 3 + membership::max_waiting);
  auto approved = b.approve("d", now, 0);
  CAF_REQUIRE(approved);
  CAF_REQUIRE_EQUAL(approved->dial.size(), 1u); // b < d
  CAF_CHECK_EQUAL(approved->dial[0].addresses.at(0), "d:4710");
  CAF_CHECK(b.approve("a", now, 0).why().code == errc::invalid_argument);
  CAF_CHECK(b.approve("nobody", now, 0).why().code == errc::not_found);
}

CAF_TEST(discovery brings new addresses for ever and displaces no others) {
  b.know("d", {"written:4710"}, now);
  for (int i = 0; i < 1000; ++i) {
    const auto at = "10.0.0." + std::to_string(i) + ":4710";
    now += 2 * sec;
    b.found("d", {at}, now, 0);
    const auto d = see("d");
    CAF_REQUIRE_EQUAL(d.addresses.size(), 2u); // not the one of yesterday
    CAF_CHECK_EQUAL(d.addresses[0], at);
    CAF_CHECK_EQUAL(d.addresses[1], "written:4710");
  }
  // A stranger says that "d" is everywhere.
  std::vector<std::string> everywhere;
  for (int i = 0; i < 16; ++i)
    everywhere.push_back("stranger:" + std::to_string(i + 1));
  b.found("d", everywhere, now, 0);
  CAF_CHECK_EQUAL(see("d").addresses.size(), 1 + membership::max_seen_addresses);
  CAF_CHECK_EQUAL(see("d").addresses.back(), "written:4710");
  b.lost("d", now);
  pass(2 * membership::waiting_forgotten_after, true);
  CAF_CHECK(see("d").is != standing::waiting);
  CAF_CHECK_EQUAL(see("d").name, "d"); // a member is never forgotten
  // A new address is dialled at once; many in one second are not.
  b.on_dial_failed("d", "no route", dial_end::silence, now, 0);
  CAF_CHECK_EQUAL(b.found("d", {"new:1"}, now, 0).dial.size(), 1u);
  for (int i = 2; i < 100; ++i) {
    b.on_dial_failed("d", "no route", dial_end::silence, now, 0);
    CAF_CHECK(b.found("d", {"new:" + std::to_string(i)}, now, 0).dial.empty());
  }
}

CAF_TEST(a node that comes back elsewhere is not looked for where it was) {
  auto c = row("c", 1, 0, standing::alive);
  c.addresses = {"old:4710"};
  b.on_letter("c", {kind::view, {}, 0, {c}}, now, 0);
  b.on_link_down("c", "end of file", true, now, 0);
  b.on_link_up("c", 2, now, 0);
  CAF_CHECK_EQUAL(see("c").addresses.at(0), "old:4710"); // as long as nothing better is known
  c.incarnation = 2;
  c.addresses = {"new:4710"};
  b.on_letter("c", {kind::view, {}, 0, {c}}, now, 0);
  CAF_CHECK((see("c").addresses == std::vector<std::string>{"new:4710", "c:4710"})); // and what was written
}

CAF_TEST(who waits is told to nobody and forgotten some time after it went) {
  auto done = b.found("d", {"d:4710"}, now, 0);
  for (const auto& x : done.letters)
    CAF_ERROR(x.to << " is told");
  done = pass(10 * sec, true);
  for (const auto& x : done.letters)
    for (const auto& row : x.what.members)
      CAF_CHECK(row.name != "d");
  // An older version may tell; a stranger must not fill our table through others.
  std::vector<member> rows;
  for (int i = 0; i < 100; ++i)
    rows.push_back(row("x" + std::to_string(i), 0, 0, standing::waiting));
  view_from("a", rows);
  CAF_CHECK_EQUAL(b.members().size(), 4u);
  b.lost("d", now);
  CAF_CHECK(see("d").is == standing::waiting);
  CAF_CHECK(see("d").addresses.empty());
  pass(membership::waiting_forgotten_after - sec, true);
  CAF_CHECK_EQUAL(b.members().size(), 4u);
  b.found("d", {"d:4711"}, now, 0); // a restart of it
  pass(2 * sec, true);
  CAF_CHECK_EQUAL(see("d").addresses.at(0), "d:4711");
  b.lost("d", now);
  pass(membership::waiting_forgotten_after + sec, true);
  CAF_CHECK_EQUAL(b.members().size(), 3u);
  b.lost("nobody", now);
}

CAF_TEST(a removed node is cut and stays out) {
  CAF_CHECK(b.remove("b", now, 0).why().code == errc::invalid_argument);
  CAF_CHECK(b.remove("nobody", now, 0).why().code == errc::not_found);
  auto done = b.remove("c", now, 0);
  CAF_REQUIRE(done);
  CAF_CHECK(done->drop == std::vector<std::string>{"c"});
  CAF_CHECK(letter_of(*done, kind::view, "c")); // it learns why
  b.on_link_down("c", "dropped", false, now, 0);
  const auto again = b.on_link_up("c", 9, now, 0);
  CAF_CHECK(again.drop == std::vector<std::string>{"c"});
  CAF_CHECK(see("c").is == standing::removed);
}

CAF_TEST(draining and leaving are told to all) {
  auto done = b.drain(true, 5);
  for (const auto* x : {"a", "c"}) {
    const auto* told_it = letter_of(done, kind::view, x);
    CAF_REQUIRE(told_it);
    CAF_CHECK(told_it->what.members.at(0).draining);
  }
  CAF_CHECK(b.drain(true, 6).changes.empty());
  done = b.leave(7);
  CAF_CHECK(letter_of(done, kind::goodbye, "a"));
  CAF_CHECK(letter_of(done, kind::goodbye, "c"));
  CAF_CHECK(b.self().is == standing::left);
  pass(3 * sec, false); // it judges and dials nobody any more
  CAF_CHECK(see("c").is == standing::alive);
}

CAF_TEST(new addresses of this node are told to all and its lost peers dialled at once) {
  b.know("d", {"d:4710"}, now);
  for (auto x = tick(); x.dial.empty(); x = tick())
    now += 50 * ms;
  b.on_dial_failed("d", "no answer", dial_end::silence, now, 0);
  CAF_CHECK(tick().dial.empty()); // it pauses
  auto done = b.moved({"10.0.0.7:4710", "[fd00::7]:4710"}, now, 0);
  CAF_REQUIRE_EQUAL(done.dial.size(), 1u);
  CAF_CHECK_EQUAL(done.dial[0].name, "d");
  for (const auto* to : {"a", "c"}) {
    const auto* told = letter_of(done, kind::view, to);
    CAF_REQUIRE(told);
    CAF_CHECK_EQUAL(told->what.members.at(0).name, "b");
    CAF_CHECK_EQUAL(told->what.members.at(0).refutation, 1u);
    CAF_CHECK((told->what.members.at(0).addresses == std::vector<std::string>{"10.0.0.7:4710", "[fd00::7]:4710"}));
  }
  CAF_REQUIRE_EQUAL(done.changes.size(), 1u);
  CAF_CHECK_EQUAL(done.changes[0].why, "this machine's addresses changed; it is reached at 10.0.0.7:4710, [fd00::7]:4710");
  CAF_CHECK(done.changes[0].before == standing::alive);
  // What says nothing new is told to nobody.
  for (const auto& same : std::vector<std::vector<std::string>>{{"[fd00::7]:4710", "10.0.0.7:4710"}, {}}) {
    done = b.moved(same, now, 0);
    CAF_CHECK(done.letters.empty() && done.changes.empty() && done.dial.empty());
  }
  CAF_CHECK_EQUAL(b.self().refutation, 1u);
  // Nor more than a member may have, over and over.
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i)
    many.push_back("10.0.0." + std::to_string(i) + ":1");
  CAF_CHECK(!b.moved(many, now, 0).changes.empty());
  CAF_CHECK(b.moved(many, now, 0).changes.empty());
}

CAF_TEST(new addresses of a peer take the place of its old ones and are dialled at once) {
  b.on_link_down("c", "cut", true, now, 0);
  for (int i = 0; i < 4; ++i) {
    b.on_dial_failed("c", "no answer", dial_end::silence, now, 0);
    now += 50 * ms;
    tick({{"a", now, {}}});
  }
  auto moved = row("c", 1, 1, standing::alive);
  moved.addresses = {"10.0.0.9:4710"};
  const auto done = view_from("a", {moved});
  CAF_REQUIRE_EQUAL(done.dial.size(), 1u);
  // What the operator wrote stays behind it.
  CAF_CHECK((done.dial[0].addresses == std::vector<std::string>{"10.0.0.9:4710", "c:4710"}));
  CAF_CHECK((see("c").addresses == done.dial[0].addresses));
}

CAF_TEST(a node that left hears nobody and says so) {
  b.leave(0);
  CAF_CHECK(see("c").is == standing::alive); // its link still stands
  for (const auto* x : {"a", "c"})
    b.on_link_down(x, "end of file", true, now, 0);
  b.tick(now + 50 * ms, 0, {});
  for (const auto* x : {"a", "c"}) {
    CAF_CHECK(see(x).is == standing::unknown);
    CAF_CHECK(!see(x).direct);
  }
  CAF_CHECK(b.self().is == standing::left);
}

CAF_TEST(a second link of one peer ends without a fuss) {
  b.on_link_up("c", 1, now, 0);
  CAF_CHECK(b.on_link_down("c", "a newer link took its place", false, now, 0).changes.empty());
  CAF_CHECK(see("c").direct);
}

CAF_TEST(who was removed and is taken back hears it over a new link) {
  auto ban = row("b", 1, 0, standing::removed);
  ban.banned = 1;
  CAF_CHECK_EQUAL(view_from("a", {ban}).drop.size(), 2u);
  CAF_CHECK(b.self().is == standing::removed);
  b.on_link_down("a", "dropped", false, now, 0);
  CAF_CHECK(b.on_link_up("a", 1, now, 0).drop.empty());
  ban.banned = 2;
  view_from("a", {ban});
  CAF_CHECK(b.self().is == standing::alive);
}

CAF_TEST(who was removed in an earlier run is removed and asks until somebody says whether that stands) {
  const auto started = [&](std::uint32_t banned) {
    auto how = named("b");
    how.banned = banned;
    auto out = std::make_unique<membership>(how);
    out->know("c", {"c:4710"}, now);
    return out;
  };
  const auto told = [&](membership& x, std::uint32_t banned) {
    auto b_row = row("b", 1, 0, banned % 2 == 1 ? standing::removed : standing::alive);
    b_row.banned = banned;
    return x.on_letter("c", {kind::view, {}, 0, {b_row}}, now, 0);
  };
  const auto dials = [&](membership& x) { return !x.tick(now, 0, {}).dial.empty(); };
  CAF_MESSAGE("not removed, or taken back before it stopped");
  for (const auto banned : {0u, 2u})
    CAF_CHECK(started(banned)->self().is == standing::alive);
  CAF_MESSAGE("removed, and it stands");
  const auto first = started(3);
  auto& x = *first;
  CAF_CHECK(x.self().is == standing::removed);
  CAF_CHECK(dials(x));
  x.on_link_up("c", 1, now, 0);
  CAF_CHECK(told(x, 3).drop == std::vector<std::string>{"c"});
  x.on_link_down("c", "dropped", true, now, 0);
  now += 60 * sec;
  CAF_CHECK(!dials(x));
  CAF_CHECK(x.self().is == standing::removed);
  CAF_MESSAGE("by who knows less it is not settled");
  const auto second = started(3);
  auto& y = *second;
  CAF_CHECK(dials(y));
  y.on_link_up("c", 1, now, 0);
  told(y, 2);
  CAF_CHECK(y.self().is == standing::removed);
  y.on_link_down("c", "dropped", false, now, 0);
  now += 60 * sec;
  CAF_CHECK(dials(y));
  CAF_MESSAGE("taken back meanwhile");
  y.on_link_up("c", 1, now, 0);
  CAF_CHECK_EQUAL(told(y, 4).changes.at(0).why, "an operator takes this node back");
  CAF_CHECK(y.self().is == standing::alive);
  CAF_MESSAGE("what was made anew in the same process is what it was");
  for (const auto banned : {3u, 4u}) {
    const auto z = started(banned == 3 ? 0 : 3);
    auto mine = row("b", 1, 0, banned == 3 ? standing::removed : standing::alive);
    mine.banned = banned;
    z->recall(mine, now);
    CAF_CHECK(z->self().is == (banned == 3 ? standing::removed : standing::alive));
  }
}

CAF_TEST(what was made anew asks its old links for all they know) {
  membership fresh{named("b")};
  member c = row("c", 4, 2, standing::down);
  c.banned = 1;
  fresh.recall(c, now);
  auto mine = row("b", 1, 3, standing::alive);
  mine.draining = true;
  fresh.recall(mine, now);
  CAF_CHECK(fresh.self().draining);
  CAF_CHECK_EQUAL(fresh.self().refutation, 3u);
  const auto up = fresh.on_link_up("a", 0, now, 0);
  const auto* view = letter_of(up, kind::view, "a");
  CAF_REQUIRE(view);
  CAF_CHECK_EQUAL(fresh.members().at(2).banned, 1u);
  const auto answer = b.on_letter("a", view->what, now, 0);
  const auto* all = letter_of(answer, kind::view, "a");
  CAF_REQUIRE(all);
  CAF_CHECK_EQUAL(all->what.question, 0u);
  CAF_CHECK_EQUAL(all->what.members.size(), 3u);
}

CAF_TEST(a letter of a stranger and a view without end do no harm) {
  CAF_CHECK(b.on_letter("stranger", {kind::view, {}, 0, {row("x", 1, 0, standing::alive)}}, now, 0).letters.empty());
  std::vector<member> flood;
  for (int i = 0; i < 1000; ++i)
    flood.push_back(row("x" + std::to_string(i), 1, 0, standing::alive));
  flood[0].addresses.assign(1000, "x:1");
  const auto said = view_from("a", flood);
  CAF_CHECK_EQUAL(b.members().size(), 3 + membership::max_told);
  for (const auto& x : b.members())
    CAF_CHECK(x.addresses.size() <= membership::max_addresses);
  CAF_REQUIRE_EQUAL(said.troubles.size(), 1u); // told once, with name, bound and a way out
  CAF_CHECK_EQUAL(said.troubles[0].about, "a");
  for (const auto* part : {"'x64' and others", "at most 64 may", "`troupe remove-node a`"})
    CAF_CHECK(said.troubles[0].text.find(part) != std::string::npos);
  CAF_CHECK(view_from("a", flood).troubles.empty());
}

CAF_TEST(I11 invented names keep no honest node out) {
  const auto invent = [&](const std::string& teller, int n) {
    std::vector<member> all;
    for (int i = 0; i < n; ++i)
      all.push_back(row(teller + std::to_string(i), 1, 0, i % 2 == 0 ? standing::alive : standing::removed));
    view_from(teller, all);
  };
  // Four liars with certificates, and the table is full of what they made up.
  for (const auto* x : {"e", "f", "g", "h"}) {
    b.on_link_up(x, 1, now, 0);
    invent(x, 100);
  }
  CAF_CHECK_EQUAL(b.members().size(), membership::max_members);
  // Whoever proves its name comes in nevertheless.
  for (int i = 0; i < 50; ++i) {
    const auto name = "honest" + std::to_string(i);
    CAF_CHECK(b.on_link_up(name, 1, now, 0).drop.empty());
    CAF_CHECK(see(name).is == standing::alive);
  }
  CAF_CHECK_EQUAL(b.members().size(), membership::max_members);
  CAF_CHECK(see("c").is == standing::alive);
  // Nobody hears from here of what nobody here has met ...
  const auto up = b.on_link_up("late", 1, now, 0);
  const auto* all = letter_of(up, kind::view, "late");
  CAF_REQUIRE(all);
  for (const auto& x : all->what.members)
    CAF_CHECK(b.hearsay().contains(x.name) == (x.incarnation == 0 && x.addresses.empty() && x.is == standing::unknown));
  // ... and a liar that is removed takes it all away.
  for (const auto* x : {"e", "f", "g", "h"})
    CAF_REQUIRE(b.remove(x, now, 0));
  tick();
  CAF_CHECK(b.hearsay().empty());
  CAF_CHECK_EQUAL(b.members().size(), 3u + 4 + 51);
}

CAF_TEST(hearsay that proves its name is hearsay no more) {
  view_from("a", {row("d", 1, 0, standing::alive)});
  CAF_CHECK_EQUAL(b.hearsay().at("d"), "a");
  const auto up = b.on_link_up("d", 1, now, 0);
  CAF_CHECK(b.hearsay().empty());
  b.on_link_down("d", "gone", true, now, 0);
  CAF_REQUIRE(b.remove("a", now, 0));
  tick();
  CAF_CHECK_EQUAL(see("d").name, "d");
}

CAF_TEST(a full table says so and drops who comes) {
  for (int i = 0; i < 300; ++i) {
    const auto up = b.on_link_up("n" + std::to_string(i), 1, now, 0);
    const auto members = static_cast<std::size_t>(i) + 4;
    CAF_CHECK_EQUAL(up.drop.empty(), members <= membership::max_members);
    CAF_CHECK_EQUAL(up.troubles.size(), members == membership::max_members + 1 ? 1u : 0u);
  }
}

CAF_TEST(who waits for an approval is bounded and told) {
  std::size_t told = 0;
  for (int i = 0; i < 200; ++i)
    for (const auto& x : b.found("x" + std::to_string(i), {"x:1"}, now, 0).troubles) {
      CAF_CHECK(x.text.find("64 nodes wait already") != std::string::npos);
      ++told;
    }
  CAF_CHECK_EQUAL(told, 1u);
}

CAF_TEST(dials of the invented leave room for dials of the house) {
  std::vector<member> all;
  for (int i = 0; i < 60; ++i) {
    all.push_back(row("z" + std::to_string(i), 1, 0, standing::alive));
    all.back().addresses = {"10.0.0.1:1"};
  }
  std::size_t dials = view_from("a", all).dial.size() + tick().dial.size();
  now += 1500 * ms;
  dials += tick().dial.size();
  CAF_CHECK_EQUAL(dials, membership::max_dials_of_hearsay);
  b.know("y", {"y:4710"}, now);
  std::size_t of_y = 0;
  for (int i = 0; i < 30; ++i, now += 50 * ms)
    for (const auto& x : tick().dial)
      of_y += x.name == "y" ? 1 : 0;
  CAF_CHECK_EQUAL(of_y, 1u);
}

CAF_TEST(I11 a word that is repeated with other addresses fills no memory) {
  for (int i = 0; i < 1000; ++i) {
    auto said = row("d", 1, 5, standing::alive);
    said.addresses = {std::to_string(i) + ":1", std::to_string(i) + ":2"};
    view_from("a", {said});
  }
  CAF_CHECK_LESS_OR_EQUAL(see("d").addresses.size(), membership::max_addresses);
}

CAF_TEST(the last number there is does not turn a node into its first start) {
  view_from("a", {row("b", UINT64_MAX, 5, standing::alive)});
  CAF_CHECK_EQUAL(b.self().incarnation, UINT64_MAX);
  view_from("a", {row("b", UINT64_MAX, UINT32_MAX, standing::suspect)});
  CAF_CHECK_EQUAL(b.self().refutation, UINT32_MAX);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(profiles leave room for lost beats) {
  for (const auto* name : {"lan", "wan", "radio"}) {
    const auto x = profile::named(name);
    CAF_CHECK_EQUAL(x.name, name);
    CAF_CHECK(x.suspect_after >= 4 * x.beat_every);
    CAF_CHECK(x.down_after >= 3 * x.suspect_after);
    // TCP gives nobody up whom the busiest detector would still keep.
    CAF_CHECK(unacknowledged_within(patience_of(name)) >= static_cast<int>(local_health::worst) * x.down_after);
    CAF_CHECK(unacknowledged_within(patience_of(name)) >= milliseconds{10'000});
  }
  CAF_CHECK_EQUAL(profile::named("moon").name, "lan");
}
