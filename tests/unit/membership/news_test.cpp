// The rules of what is told, believed and dialled, one by one. Which test keeps
// which rule: docs/operations/testing.md.

#undef CAF_SUITE
#define CAF_SUITE membership_news

#include "cluster/membership/dial_plan.hpp"
#include "cluster/membership/local_health.hpp"
#include "tests/unit/membership/room.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

// --- who is told what, and when ---

CAF_TEST(those that watch a peer tell its silence at once and others do not repeat it) {
  room x{seven, 2};
  const auto near = x.watchers("b", 2)[0], far = x.far(2);
  x.silent = {near};
  while (!x.sees(near, standing::suspect)) {
    x.now += 50 * ms;
    const auto done = x.tick();
    if (x.sees(near, standing::suspect))
      CAF_CHECK_EQUAL(receivers(done, kind::view, near).size(), 7u);
  }
  const auto its = x.watchers(far, 2);
  const auto by = its[its[0] == near ? 1 : 0];
  const auto done = x.view(by, {row(far, 1, 0, standing::suspect)});
  CAF_CHECK(x.sees(far, standing::suspect, true));
  CAF_CHECK(receivers(done, kind::view, far).empty());
  CAF_CHECK_EQUAL(receivers(x.pass(300 * ms), kind::view, far).size(), 7u); // later, against lost news
}

CAF_TEST(facts about others go to a few and not back) {
  room all{seven};
  all.b.know("z", {}, all.now); // of hearsay nothing is told on
  auto to = receivers(all.view("a", {row("z", 1, 0, standing::alive)}), kind::view, "z");
  CAF_CHECK_EQUAL(to.size(), 3u);
  CAF_CHECK(!to.contains("a"));
  room x{two};
  x.b.know("z", {}, x.now);
  to = receivers(x.view("a", {row("z", 1, 0, standing::alive)}), kind::view, "z");
  CAF_CHECK((to == std::set<std::string>{"c"}));
}

CAF_TEST(a full view goes to somebody at times) {
  room x{two};
  const auto views = letters(x.pass(11 * sec), kind::view);
  const auto full = std::count_if(views.begin(), views.end(), [](const auto& v) { return v.what.members.size() == 3; });
  CAF_CHECK(full >= 2);
  CAF_CHECK(full <= 4);
}

CAF_TEST(a view tells what configuration says of a node that was never met and no more than it may) {
  room x{two};
  x.b.know("d", {"d:1"}, x.now);
  for (int i = 0; i < 100; ++i) {
    auto said = row("e", 1, 5, standing::alive);
    said.addresses = {fmt::format("{}:1", i), fmt::format("{}:2", i)};
    x.view("a", {said});
  }
  const auto done = x.b.on_letter("a", {kind::view, {}, 1, {}}, x.now, 0);
  const auto views = letters(done, kind::view);
  CAF_REQUIRE(!views.empty());
  for (const auto& m : views[0].what.members) {
    if (m.name == "d")
      CAF_CHECK((m.addresses == std::vector<std::string>{"d:1"}));
    CAF_CHECK(m.addresses.size() <= membership::max_addresses); // I11
  }
}

// --- what a node says of itself ---

CAF_TEST(a word of this node is later than all that it hears of itself) {
  room x{two};
  x.view("a", {row("b", 1, 7, standing::alive)}); // from before the membership was made anew
  CAF_CHECK_EQUAL(x.b.self().refutation, 8u);
  const auto health = x.b.local_health();
  x.view("a", {row("b", 1, 3, standing::down)}); // contradicted long ago
  CAF_CHECK_EQUAL(x.b.self().refutation, 8u);
  CAF_CHECK_EQUAL(x.b.local_health(), health);
  x.b.drain(true, 0);
  CAF_CHECK_EQUAL(x.b.self().refutation, 9u);
  x.b.leave(0);
  CAF_CHECK_EQUAL(x.b.self().refutation, 10u);
}

CAF_TEST(its goodbye of an earlier life does not make a node leave) {
  room x{two};
  x.view("a", {row("b", 1, 4, standing::left)});
  CAF_CHECK(x.b.self().is == standing::alive);
  CAF_CHECK_EQUAL(x.b.self().incarnation, 2u);
}

CAF_TEST(what this node was told to be outlives a restart of its membership) {
  room x{two};
  auto mine = row("b", 1, 3, standing::alive);
  mine.draining = true;
  mine.addresses = {"10.0.0.8:4710"};
  x.b.recall(mine, x.now);
  CAF_CHECK(x.b.self().draining);
  CAF_CHECK((x.b.self().addresses == mine.addresses));
}

// --- starts, goodbyes, removals ---

CAF_TEST(a later start begins anew) {
  room x{two};
  auto said = row("c", 1, 5, standing::alive);
  said.draining = true;
  x.view("c", {said});
  CAF_CHECK(x.see("c").draining);
  const auto done = x.link("c", 2);
  CAF_CHECK_EQUAL(x.see("c").refutation, 0u);
  CAF_CHECK(!x.see("c").draining);
  CAF_REQUIRE_EQUAL(done.changes.size(), 1u);
  CAF_CHECK_EQUAL(done.changes[0].why, "its process was started again");
}

CAF_TEST(who said goodbye has left and is cut and not dialled) {
  room x{two};
  const auto bye = [&](std::vector<member> rows) { return x.b.on_letter("c", {kind::goodbye, {}, 0, std::move(rows)}, x.now, 0); };
  CAF_CHECK(bye({row("a", 1, 9, standing::left)}).drop == std::vector<std::string>{"c"});
  for (const auto* name : {"a", "c"})
    CAF_CHECK(x.sees(name, standing::alive, true)); // that is not its to say
  bye({row("c", 1, 1, standing::left)});
  CAF_CHECK(!dials(x.lose("c"), "c"));
  CAF_CHECK(!dials(x.pass(20 * sec), "c"));
  CAF_CHECK(x.sees("c", standing::left));
}

CAF_TEST(who was removed is not heard nor dialled and may be taken back) {
  room x{two};
  CAF_REQUIRE(x.b.remove("c", x.now, 0));
  x.view("c", {row("d", 1, 0, standing::alive)});
  CAF_CHECK_EQUAL(x.see("d").name, "");
  CAF_CHECK(!dials(x.lose("c"), "c"));
  CAF_CHECK(!dials(x.pass(20 * sec), "c"));
  CAF_CHECK(x.sees("c", standing::removed));
  const auto back = x.b.approve("c", x.now, 0);
  CAF_REQUIRE(back);
  CAF_CHECK_EQUAL(x.see("c").banned, 2u);
  CAF_CHECK(dials(*back, "c"));
  CAF_CHECK(x.link("c").drop.empty());
}

CAF_TEST(a node that left takes no link and dials nobody) {
  room x{two};
  x.b.leave(0);
  CAF_CHECK(x.link("a", 2).drop == std::vector<std::string>{"a"});
  CAF_CHECK(!dials(x.lose("c"), "c"));
  CAF_CHECK(x.pass(20 * sec).dial.empty());
}

CAF_TEST(a certificate admits also who waits and approval can be left out) {
  room x{two};
  x.b.found("d", {"d:1"}, x.now, 0);
  CAF_CHECK(x.sees("d", standing::waiting));
  CAF_CHECK(x.pass(5 * sec).dial.empty());
  x.link("d");
  CAF_CHECK(x.sees("d", standing::alive, true));
  x.lose("d", false);
  CAF_CHECK(!x.sees("d", standing::waiting));
  room open{two, 8, false};
  CAF_CHECK(dials(open.b.found("d", {"d:1"}, open.now, 0), "d"));
}

// --- flapping, ring, dials ---

CAF_TEST(a down adds to what is left of earlier ones) {
  room x{two};
  for (int i = 0; i < 3; ++i) {
    x.silent = {"c"};
    x.pass(sec);
    CAF_CHECK(x.sees("c", standing::down));
    x.lose("c", false);
    x.silent = {};
    x.link("c");
    x.pass(sec);
  }
  CAF_CHECK(x.b.flap_score("c", x.now) > 2800);
  CAF_CHECK(x.b.flap_score("c", x.now) < 3000);
  CAF_CHECK(x.sees("c", standing::alive, true)); // it delays no verdict
}

CAF_TEST(so many dials at once and no more) {
  room x{two};
  for (int i = 0; i < 40; ++i)
    x.b.know(fmt::format("x{}", i), {"x:1"}, x.now);
  CAF_CHECK_EQUAL(x.pass(sec).dial.size(), membership::max_dials);
}

CAF_TEST(pauses are of the failures since a link lived and of the addresses they were made with) {
  const profile pace;
  std::mt19937_64 chance{1};
  const auto fail = [&](dial_plan& x, int times) {
    for (int i = 0; i < times; ++i)
      x.on_failed(dial_end::turned_away, pace, chance, 0);
  };
  dial_plan lived;
  fail(lived, 9);
  lived.on_up(0);
  lived.on_down(false, pace, chance, 2 * sec);
  CAF_CHECK(*lived.due() <= 2 * sec + 150 * ms);
  dial_plan flaps; // its links do not live
  for (int i = 0; i < 9; ++i) {
    flaps.on_up(0);
    flaps.on_down(false, pace, chance, 100 * ms);
  }
  CAF_CHECK(*flaps.due() > 2 * sec);
  dial_plan moved;
  fail(moved, 9);
  moved.on_new_address(0);
  fail(moved, 1);
  CAF_CHECK(*moved.due() <= 150 * ms);
}

CAF_TEST(a pause of the process is longer than two windows and the figure has bounds) {
  local_health x{50 * ms, 200 * ms};
  CAF_CHECK(!x.seen(sec));
  CAF_CHECK(!x.seen(sec + 400 * ms));
  CAF_CHECK(x.may_judge(sec + 400 * ms));
  CAF_CHECK(x.seen(sec + 801 * ms));
  CAF_CHECK(!x.may_judge(sec + 1000 * ms));
  CAF_CHECK(x.may_judge(sec + 1001 * ms));
  for (int i = 0; i < 10; ++i)
    x.accused();
  CAF_CHECK_EQUAL(x.factor(), local_health::worst);
  x.ticked(2 * sec, 2 * sec);
  CAF_CHECK(x.factor() > 3.97);
  for (int i = 0; i < 200; ++i)
    x.ticked(2 * sec, 2 * sec);
  CAF_CHECK_EQUAL(x.factor(), 1.0);
  x.ticked(2 * sec, 2 * sec + 50 * ms); // one beat late is timely
  CAF_CHECK_EQUAL(x.factor(), 1.0);
  x.ticked(2 * sec, 2 * sec + 100 * ms);
  CAF_CHECK_EQUAL(x.factor(), 2.0);
}
