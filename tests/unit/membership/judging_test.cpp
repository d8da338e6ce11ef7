// The rules by which a node judges and asks, one by one. Which test keeps which
// rule: docs/operations/testing.md.

#undef CAF_SUITE
#define CAF_SUITE membership_judging

#include "tests/unit/membership/room.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using name_set = std::set<std::string>;

/// A large house in which each node watches two others.
struct large : room {
  std::string who = far(2);                          ///< not watched by us
  std::vector<std::string> near = watchers("b", 2);  ///< watched by us
  std::vector<std::string> its = watchers(who, 2);   ///< its watchers
  std::string other;                                 ///< neither
  large() : room(seven, 2) {
    for (const auto& x : seven)
      if (x != who && !test::has(its, x))
        other = x;
  }
};

} // namespace

// --- words of others ---

CAF_TEST(a word about an earlier start of the peer is void) {
  room x{two};
  x.view("a", {row("d", 1, 0, standing::down)});
  CAF_CHECK(x.sees("d", standing::down));
  x.view("c", {row("d", 2, 0, standing::unknown)});
  CAF_CHECK(x.sees("d", standing::unknown));
}

CAF_TEST(a bad word that the peer has contradicted is void) {
  room x{two};
  x.view("a", {row("d", 1, 0, standing::down)});
  x.view("c", {row("d", 1, 1, standing::unknown)});
  CAF_CHECK(x.sees("d", standing::unknown));
}

CAF_TEST(a bad word from before a link is void and a later one counts) {
  large x;
  x.lose(x.who, false);
  x.pass(200 * ms);
  for (const auto& by : x.its)
    x.view(by, {row(x.who, 1, 0, standing::suspect)});
  x.now += ms;
  x.link(x.who);
  CAF_CHECK(x.sees(x.who, standing::alive, true));
  x.now += ms;
  x.view(x.its[0], {row(x.who, 1, 0, standing::suspect)});
  CAF_CHECK(x.sees(x.who, standing::suspect, true));
}

CAF_TEST(those that watch a peer speak before all others) {
  large x;
  x.view(x.other, {row(x.who, 1, 0, standing::alive)});
  x.view(x.its[0], {row(x.who, 1, 0, standing::suspect)});
  CAF_CHECK(x.sees(x.who, standing::suspect, true));
}

CAF_TEST(a watcher that knows of somebody who hears the peer silences doubts) {
  large x;
  auto by_others = row(x.who, 1, 0, standing::alive);
  by_others.direct = false;
  x.view(x.its[0], {by_others});
  x.view(x.its[1], {row(x.who, 1, 0, standing::suspect)});
  CAF_CHECK(x.sees(x.who, standing::alive, true));
}

CAF_TEST(whom we lost has no word about others) {
  room x{two};
  x.view("a", {row("d", 1, 0, standing::alive)});
  CAF_CHECK(x.sees("d", standing::alive));
  x.silent = {"a"};
  x.pass(sec);
  CAF_CHECK(x.sees("a", standing::down));
  CAF_CHECK(x.sees("d", standing::unknown));
}

CAF_TEST(what a teller hears is an opinion and told on to nobody) {
  room x{two};
  for (const auto is : {standing::alive, standing::suspect, standing::down}) {
    auto said = row("c", 1, 0, is);
    said.since = 77;
    CAF_CHECK(x.view("a", {said}).letters.empty());
  }
  CAF_CHECK(x.sees("c", standing::alive, true));
  CAF_CHECK(x.view("a", {row("c", 1, 0, standing::removed)}).changes.size() == 1); // a fact
  CAF_CHECK(x.sees("c", standing::removed));
}

CAF_TEST(a refutation that others bring is a sign of life) {
  room x{two};
  x.silent = {"c"};
  x.pass(250 * ms);
  CAF_CHECK(x.sees("c", standing::suspect));
  x.view("a", {row("c", 1, 1, standing::alive)});
  CAF_CHECK(x.sees("c", standing::alive));
}

CAF_TEST(what a node says of itself is no claim) {
  room x{two};
  x.view("c", {row("c", 1, 0, standing::alive)});
  x.silent = {"c"};
  const auto asked = x.pass(250 * ms);
  x.letter("a", kind::heard, "c", letters(asked, kind::ask).at(0).what.question);
  CAF_CHECK(x.sees("c", standing::alive));
  CAF_CHECK(x.b.differences().empty());
}

// --- silence ---

CAF_TEST(silence counts from when we begin to watch) {
  room x{{"a", "c", "d"}, 2};
  const auto who = x.far(2);
  const auto near = x.watchers("b", 2);
  x.silent = {who};
  CAF_CHECK(!test::has(x.pass(5 * sec).beat, who));
  CAF_CHECK(x.sees(who, standing::alive, true));
  x.lose(near[0]);
  x.b.on_dial_failed(near[0], "refused", dial_end::refused, x.now, 0);
  CAF_CHECK(x.sees(near[0], standing::down)); // and no longer on the ring
  CAF_CHECK(test::has(x.pass(200 * ms).beat, who));
  CAF_CHECK(x.sees(who, standing::alive, true));
  x.pass(100 * ms);
  CAF_CHECK(x.sees(who, standing::suspect));
}

CAF_TEST(a letter is a sign of life) {
  room x{two};
  x.silent = {"c"};
  x.pass(200 * ms);
  x.letter("c", kind::ask, "b");
  x.pass(150 * ms);
  CAF_CHECK(x.sees("c", standing::alive, true));
}

CAF_TEST(after a pause of our own nobody is asked about) {
  room x{two};
  x.silent = {"c"};
  x.now += 5 * sec;
  const auto done = x.tick();
  CAF_CHECK(letters(done, kind::ask).empty());
  CAF_CHECK(letters(done, kind::deaf).empty());
}

CAF_TEST(a busy node takes longer to call a peer down) {
  room x{two};
  for (int i = 0; i < 6; ++i) { // each tick 100 ms late
    x.now += 150 * ms;
    x.tick();
  }
  CAF_CHECK_EQUAL(x.b.local_health(), 4.0);
  x.silent = {"c"};
  const auto asked = x.pass(900 * ms);
  x.letter("a", kind::not_heard, "c", letters(asked, kind::ask).at(0).what.question);
  x.pass(700 * ms);
  CAF_CHECK(x.sees("c", standing::suspect));
  x.pass(800 * ms);
  CAF_CHECK(x.sees("c", standing::down));
}

CAF_TEST(a link that the transport does not show is lost after some looks) {
  room x{two};
  x.heard_at.erase("c");
  x.pass(150 * ms);
  CAF_CHECK(x.sees("c", standing::alive, true)); // its word may be under way
  const auto done = x.pass(100 * ms);
  CAF_CHECK(x.sees("c", standing::suspect));
  CAF_CHECK(dials(done, "c"));
}

CAF_TEST(an ordered end leaves the silence as it was and the end of a dead link is no news) {
  room x{two};
  x.silent = {"c"};
  x.pass(150 * ms);
  x.lose("c", false);
  CAF_CHECK(x.sees("c", standing::suspect));
  x.pass(500 * ms);
  CAF_CHECK(x.sees("c", standing::down));
  x.silent = {"a"};
  x.pass(sec);
  CAF_CHECK(x.sees("a", standing::down));
  CAF_CHECK(x.lose("a", true).changes.empty());
  CAF_CHECK(x.sees("a", standing::down));
}

// --- questions ---

CAF_TEST(at most three are asked and only those that watch the peer) {
  room all{seven};
  all.silent = {"c"};
  CAF_CHECK_EQUAL(receivers(all.pass(250 * ms), kind::ask, "c").size(), 3u);
  large x;
  x.silent = {x.near[0]};
  auto its = x.watchers(x.near[0], 2);
  std::erase(its, "b");
  CAF_CHECK((receivers(x.pass(250 * ms), kind::ask, x.near[0]) == name_set{its.begin(), its.end()}));
}

CAF_TEST(where none of its watchers can be asked anybody is) {
  large x;
  x.silent = {x.near[0]};
  x.pass(150 * ms);
  for (const auto& by : x.watchers(x.near[0], 2))
    if (by != "b")
      x.lose(by); // suspect, so it keeps its place on the ring for now
  CAF_CHECK(!receivers(x.pass(100 * ms), kind::ask, x.near[0]).empty());
}

CAF_TEST(only those that we hear are asked) {
  room x{{"a", "c", "d"}};
  x.silent = {"a"};
  auto done = x.pass(250 * ms);
  x.letter("d", kind::heard, "a", letters(done, kind::ask).at(0).what.question);
  CAF_CHECK(x.sees("a", standing::alive)); // by d
  x.silent = {"a", "c"};
  done = x.pass(250 * ms);
  CAF_CHECK((receivers(done, kind::ask, "c") == name_set{"d"}));
}

CAF_TEST(a yes is asked for again and is good for a while) {
  room x{two};
  x.silent = {"c"};
  auto done = x.pass(250 * ms);
  x.letter("a", kind::heard, "c", letters(done, kind::ask).at(0).what.question);
  done = x.pass(250 * ms);
  CAF_CHECK_EQUAL(letters(done, kind::ask).size(), 1u);
  CAF_CHECK(x.sees("c", standing::alive));
  x.pass(700 * ms); // and a says nothing any more: the last question ends without an answer
  CAF_CHECK(x.sees("c", standing::down));
}

CAF_TEST(a link that stays silent is given up also while others hear the peer) {
  room x{two};
  x.silent = {"c"};
  std::size_t dropped = 0;
  const auto look = [&](mono_ns time) {
    for (mono_ns t = 0; t < time; t += 50 * ms) {
      const auto done = x.pass(50 * ms);
      dropped += done.drop.size();
      for (const auto& q : letters(done, kind::ask))
        x.letter("a", kind::heard, "c", q.what.question);
    }
  };
  look(1400 * ms);
  CAF_CHECK(x.sees("c", standing::alive));
  CAF_CHECK_EQUAL(dropped, 0u);
  look(300 * ms);
  CAF_CHECK(x.sees("c", standing::alive));
  CAF_CHECK(dropped > 0);
}

CAF_TEST(a peer that was heard again is asked about anew) {
  room x{two};
  x.silent = {"c"};
  auto done = x.pass(250 * ms);
  x.letter("a", kind::not_heard, "c", letters(done, kind::ask).at(0).what.question);
  x.silent = {};
  CAF_CHECK(letters(x.pass(sec), kind::ask).empty());
  CAF_CHECK(x.sees("c", standing::alive, true));
  x.silent = {"c"};
  done = x.pass(250 * ms);
  CAF_CHECK_EQUAL(letters(done, kind::ask).size(), 1u);
}

CAF_TEST(only answers to the newest question of those that were asked count) {
  room x{{"a", "c", "d"}};
  x.silent = {"c"};
  const auto first = letters(x.pass(250 * ms), kind::ask).at(0).what.question;
  x.letter("d", kind::heard, "c", first);
  const auto later = letters(x.pass(500 * ms), kind::ask);
  const auto newest = later.back().what.question;
  CAF_REQUIRE(newest != first);
  x.pass(150 * ms); // the yes is too old now, and the newest question is open
  CAF_CHECK(x.sees("c", standing::suspect));
  x.letter("a", kind::not_heard, "c", first);
  x.letter("d", kind::not_heard, "c", first);
  CAF_CHECK(x.sees("c", standing::suspect));
  x.letter("a", kind::not_heard, "c", newest); // one of two
  CAF_CHECK(x.sees("c", standing::suspect));
  x.letter("d", kind::not_heard, "c", newest);
  CAF_CHECK(x.sees("c", standing::down));

  room all{seven};
  all.silent = {"c"};
  const auto done = all.pass(250 * ms);
  const auto asked = receivers(done, kind::ask, "c");
  for (const auto& name : seven)
    if (name != "c" && !asked.contains(name))
      all.letter(name, kind::heard, "c", letters(done, kind::ask).at(0).what.question);
  CAF_CHECK(all.sees("c", standing::suspect));
}

CAF_TEST(what a node answers about a peer) {
  room x{two};
  const auto said = [&](const std::string& about) {
    const auto done = x.letter("a", kind::ask, about, 5);
    if (!letters(done, kind::heard).empty())
      return std::string{"heard"};
    return std::string{letters(done, kind::not_heard).empty() ? "nothing" : "not heard"};
  };
  x.b.know("d", {"d:1"}, x.now);
  CAF_CHECK_EQUAL(said("b"), "heard");
  CAF_CHECK_EQUAL(said("c"), "heard");
  CAF_CHECK_EQUAL(said("d"), "nothing"); // it never had a link: no evidence
  CAF_CHECK_EQUAL(said("nobody"), "nothing");
  x.silent = {"c"};
  x.pass(250 * ms);
  CAF_CHECK_EQUAL(said("c"), "not heard");
  x.silent = {};
  x.tick();
  x.lose("c");
  CAF_CHECK_EQUAL(said("c"), "not heard");
}

CAF_TEST(who does not watch a peer asks it and answers when it is heard) {
  large x;
  x.silent = {x.who};
  x.pass(sec);
  const auto done = x.letter(x.other, kind::ask, x.who, 5);
  CAF_CHECK((receivers(done, kind::ask, x.who) == name_set{x.who}));
  CAF_CHECK(letters(done, kind::heard).empty());
  CAF_CHECK(letters(done, kind::not_heard).empty());
  for (int i = 0; i < 1000; ++i)
    x.letter(x.other, kind::ask, x.who, 5);
  x.now += 10 * ms;
  const auto answers = letters(x.letter(x.who, kind::heard, x.who), kind::heard);
  CAF_CHECK(!answers.empty());
  CAF_CHECK(answers.size() <= membership::max_members); // I11
  CAF_CHECK_EQUAL(answers.at(0).to, x.other);
  CAF_CHECK_EQUAL(answers.at(0).what.question, 5u);
}

// --- one way ---

CAF_TEST(who does not hear us gets signs of life and the second time an operator is told) {
  large x;
  const auto told = [](const membership_effects& all) {
    return std::any_of(all.changes.begin(), all.changes.end(),
                       [](const auto& c) { return c.why.starts_with("it hears nothing of us"); });
  };
  CAF_CHECK(!test::has(x.pass(100 * ms).beat, x.who));
  auto done = x.letter(x.who, kind::deaf);
  CAF_CHECK(test::has(done.beat, x.who));
  CAF_CHECK(!told(done));
  CAF_CHECK(test::has(x.pass(300 * ms).beat, x.who));
  done = x.letter(x.who, kind::deaf);
  CAF_CHECK(told(done));
  CAF_CHECK(x.b.deaf_to_us(x.now) == std::vector<std::string>{x.who});
  CAF_CHECK(!told(x.letter(x.who, kind::deaf))); // once
  x.pass(2 * sec);
  CAF_CHECK(x.b.deaf_to_us(x.now).empty());
  CAF_CHECK(!test::has(x.pass(100 * ms).beat, x.who));
  CAF_CHECK(!told(x.letter(x.who, kind::deaf)));
  CAF_CHECK(told(x.letter(x.who, kind::deaf))); // a new trouble
}

// --- trust in oneself ---

CAF_TEST(a node that has not read its links blames nobody for silence) {
  room x{two};
  x.pass(sec);
  x.silent = {"a", "c"};
  for (int i = 1; i <= 19; ++i) { // 950 ms, with timely ticks
    x.now += 50 * ms;
    x.deaf_for = i * 50 * ms;
    x.tick();
    CAF_CHECK(x.sees("a", standing::alive, true));
  }
  x.deaf_for = 0; // its ears are open again, and there is nothing to hear
  x.pass(3 * sec);
  CAF_CHECK(!x.sees("a", standing::alive, true));
}
