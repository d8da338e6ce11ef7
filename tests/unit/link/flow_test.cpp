// Present values on their way from one node's table to another's.
#define CAF_SUITE flow
#include "tests/support/suite.hpp"

#include "cluster/link/feed.hpp"
#include "actors/protocol/freshness.hpp"
#include "cluster/link/mirror.hpp"
#include "cluster/link/told.hpp"

#include <set>

using namespace troupe;
using namespace troupe::cluster;
using place = reading_batch::place;

namespace {

class hand_clock final : public clock_source {
public:
  mono_ns mono_now = 1'000'000'000'000;
  [[nodiscard]] mono_ns mono() const override { return mono_now; }
  [[nodiscard]] wall_ms wall() const override { return mono_now / 1'000'000; }
};

reading shows(std::int64_t x, std::uint64_t changes, origin told = origin::change) {
  reading r;
  r.val = value::integer(x);
  r.grade = quality::good;
  r.why = reason::none;
  r.told_as = told;
  r.changes = changes;
  return r;
}

/// A node with a table, linked to another one whose table mirrors it.
struct fixture {
  hand_clock here;
  hand_clock there;
  storage::live_table ours{here};
  storage::live_table theirs{there};
  std::vector<reading_batch> sent;
  std::vector<std::string> conflicts;
  feed out{ours, here, [this](reading_batch x) { sent.push_back(std::move(x)); }};
  mirror in{theirs, there, [this](const std::string& name, const std::string& node) {
              conflicts.push_back(name + "@" + node);
            }};

  void show(const std::string& name, const reading& r) {
    ours.publish(name, r);
    r.told_as == origin::refresh ? out.refreshed(name) : out.changed(name);
  }

  /// The other node takes everything and says so.
  void deliver() {
    while (!sent.empty()) {
      auto batch = std::move(sent.front());
      sent.erase(sent.begin());
      in.take("board", batch);
      out.taken(batch.seq);
    }
  }

  std::string theirs_say(const std::string& name) {
    const auto row = theirs.find(name);
    return row ? to_string(row->now) + " " + to_string(row->now.told_as) + " of " + row->node : "nothing";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(flow_tests, fixture)

CAF_TEST(I6 first sight restore and repetition are no change) {
  struct row {
    const char* what;
    std::optional<reading> shown;
    reading incoming;
    origin told;
  };
  const row table[] = {
    {"first sight", {}, shows(1, 5), origin::restore},
    {"the same again", shows(1, 5), shows(1, 5), origin::refresh},
    {"sent again after a break", shows(1, 5), shows(1, 5, origin::refresh), origin::refresh},
    {"a change", shows(1, 5), shows(2, 6), origin::change},
    {"a change that came as a picture", shows(1, 5), shows(2, 6, origin::refresh), origin::change},
    {"there and back between two looks", shows(1, 5), shows(1, 7), origin::change},
    {"its node restored another value", shows(1, 5), shows(2, 5, origin::restore), origin::restore},
    {"its node restored the same", shows(1, 5), shows(1, 5, origin::restore), origin::refresh},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(told_here(x.shown, x.incoming), x.told);
  }
}

CAF_TEST(the whole picture comes first and then what changes) {
  ours.publish("a", shows(1, 1));
  ours.publish("b", shows(2, 1));
  out.begin();
  CAF_REQUIRE_EQUAL(sent.size(), 1u);
  CAF_CHECK_EQUAL(sent[0].is, place::only);
  deliver();
  CAF_CHECK_EQUAL(theirs_say("a"), "1 (good) restore of board");
  show("a", shows(3, 2));
  deliver();
  CAF_CHECK_EQUAL(theirs_say("a"), "3 (good) change of board");
  CAF_CHECK_EQUAL(in.rows_of("board"), 2u);
}

CAF_TEST(an empty house is a picture too) {
  out.begin();
  CAF_REQUIRE_EQUAL(sent.size(), 1u);
  CAF_CHECK_EQUAL(sent[0].is, place::only);
}

CAF_TEST(nothing is sent before the picture) {
  show("a", shows(1, 1));
  CAF_CHECK(sent.empty());
}

CAF_TEST(I11 a peer that takes nothing costs the window and one entry a name) {
  out.begin();
  for (int i = 0; i < 100'000; ++i)
    show("n" + std::to_string(i % 10), shows(i, static_cast<std::uint64_t>(i)));
  CAF_CHECK_EQUAL(sent.size(), feed::batches);
  CAF_CHECK_EQUAL(out.waiting(), 10u);
  deliver();
  CAF_CHECK_EQUAL(theirs_say("n9"), "99999 (good) restore of board");
  CAF_CHECK_EQUAL(out.waiting(), 0u);
}

CAF_TEST(a large picture travels in parts and ends what is not in it) {
  for (int i = 0; i < 1000; ++i)
    ours.publish("n" + std::to_string(i), shows(i, 1));
  out.begin();
  CAF_CHECK_EQUAL(sent[0].is, place::first);
  deliver();
  CAF_CHECK_EQUAL(in.rows_of("board"), 1000u);
  // The board comes back with less.
  for (int i = 10; i < 1000; ++i)
    ours.remove("n" + std::to_string(i));
  feed again{ours, here, [this](reading_batch x) { sent.push_back(std::move(x)); }};
  again.begin();
  while (!sent.empty()) {
    auto batch = std::move(sent.front());
    sent.erase(sent.begin());
    in.take("board", batch);
    again.taken(batch.seq);
  }
  CAF_CHECK_EQUAL(in.rows_of("board"), 10u);
  CAF_CHECK(!theirs.find("n500"));
}

CAF_TEST(what is removed there goes here) {
  ours.publish("a", shows(1, 1));
  out.begin();
  deliver();
  ours.remove("a");
  out.changed("a");
  deliver();
  CAF_CHECK_EQUAL(theirs_say("a"), "nothing");
}

CAF_TEST(a lost node turns its values bad at once and they come back as refresh) {
  ours.publish("a", shows(1, 1));
  out.begin();
  deliver();
  in.lost("board");
  CAF_CHECK_EQUAL(theirs_say("a"), "1 (bad, node_lost) refresh of board");
  feed again{ours, here, [this](reading_batch x) { sent.push_back(std::move(x)); }};
  again.begin();
  in.take("board", sent.front());
  CAF_CHECK_EQUAL(theirs_say("a"), "1 (good) refresh of board");
}

CAF_TEST(a name that this node has keeps its value and the conflict is told once) {
  theirs.publish("a", shows(7, 1));
  ours.publish("a", shows(1, 1));
  out.begin();
  deliver();
  show("a", shows(2, 2));
  deliver();
  CAF_CHECK_EQUAL(theirs.find("a")->now.val, value::integer(7));
  CAF_CHECK_EQUAL(conflicts, std::vector<std::string>{"a@board"});
  // It is not the other node's to remove or to turn bad either.
  in.lost("board");
  in.forget("board");
  CAF_CHECK_EQUAL(theirs.find("a")->now.grade, quality::good);
}

CAF_TEST(a name that was refused is shown when its first holder goes) {
  ours.publish("a", shows(1, 1));
  ours.publish("b", shows(1, 1));
  theirs.publish("a", shows(7, 1));
  reading_batch other;
  other.rows.resize(1);
  other.rows[0].name = "b";
  other.rows[0].now = shows(8, 1);
  in.take("attic", other);
  out.begin();
  deliver();
  show("a", shows(2, 2));
  deliver();
  CAF_CHECK_EQUAL(conflicts.size(), 2u);
  theirs.remove("a");
  in.freed("a"); // as the link does when a name of its own goes
  CAF_CHECK_EQUAL(theirs.find("a")->now.val, value::integer(2));
  CAF_CHECK_EQUAL(theirs.find("a")->node, "board");
  in.forget("attic");
  CAF_CHECK_EQUAL(theirs.find("b")->node, "board");
  CAF_CHECK_EQUAL(in.rows_of("board"), 2u);
  // And what its owner took back is not kept for anybody: by a word of it, or
  // by a picture that does not show it.
  theirs.publish("c", shows(9, 1));
  reading_batch picture;
  picture.is = reading_batch::place::only;
  picture.rows.resize(1);
  picture.rows[0].name = "c";
  in.take("shed", picture);
  picture.rows[0].name = "d";
  in.take("shed", picture);
  theirs.remove("c");
  in.freed("c");
  CAF_CHECK(!theirs.find("c"));
  in.take("cellar", other);
  reading_batch gone;
  gone.gone = {"b"};
  in.take("cellar", gone);
  in.forget("board");
  CAF_CHECK(!theirs.find("b"));
}

CAF_TEST(I5 over a new link each actor counts as started anew) {
  reading_batch batch;
  batch.rows.resize(2);
  batch.rows[0].name = "lamp";
  batch.rows[0].incarnation = 5;
  batch.rows[1].name = "rule";
  std::set<std::uint32_t> seen;
  for (int link = 0; link < 100; ++link) {
    in.linked("board");
    in.take("board", batch);
    seen.insert(theirs.find("lamp")->incarnation);
    in.take("board", batch);
    seen.insert(theirs.find("lamp")->incarnation);
    CAF_CHECK_EQUAL(theirs.find("rule")->incarnation, 0u);
  }
  CAF_CHECK_EQUAL(seen.size(), 100u);
  CAF_MESSAGE("also when it refused something over a link that goes on, before it shows anything again");
  const auto before = *theirs.find("lamp");
  in.refused_by("board");
  CAF_CHECK_NOT_EQUAL(theirs.find("lamp")->incarnation, before.incarnation);
  CAF_CHECK(theirs.find("lamp")->now.val == before.now.val);
  in.take("board", batch);
  CAF_CHECK(seen.insert(theirs.find("lamp")->incarnation).second);
  CAF_CHECK(!seen.contains(0));
}

CAF_TEST(a board shows only names that it was given) {
  ours.publish("shed/light", shows(1, 1));
  ours.publish("house/alarm", shows(1, 1));
  out.begin();
  const std::vector<std::string> own{"shed/"}, none;
  const auto refused = in.take("board", sent.front(), &own);
  CAF_CHECK_EQUAL(refused.foreign, 1u);
  CAF_CHECK_EQUAL(refused.first, "house/alarm");
  CAF_CHECK(theirs.find("shed/light"));
  CAF_CHECK(!theirs.find("house/alarm"));
  CAF_CHECK_EQUAL(in.take("other", sent.front(), &none).foreign, 2u); // no names were given to it: it has none
}

CAF_TEST(ages travel and clocks do not) {
  there.mono_now = 5'000'000'000;
  auto r = shows(1, 1);
  r.measured_at = here.mono_now - 2'000'000'000;
  ours.publish("a", r);
  out.begin();
  deliver();
  CAF_CHECK_EQUAL(theirs.find("a")->now.measured_at, 3'000'000'000);
}

CAF_TEST(refreshes wait for a breath) {
  ours.publish("a", shows(1, 1));
  out.begin();
  deliver();
  show("a", shows(1, 1, origin::refresh));
  CAF_CHECK(sent.empty());
  out.breathe();
  CAF_CHECK_EQUAL(sent.size(), 1u);
}

CAF_TEST(a message is fresh by the clock of its receiver alone) {
  constexpr mono_ns ms = 1'000'000;
  struct row {
    const char* what;
    mono_ns now, echo;
    bool fresh;
  };
  const row table[] = {
    {"just heard", 10'000 * ms, 9'999 * ms, true},
    {"at the limit", 10'000 * ms, 8'000 * ms, true},
    {"past it", 10'000 * ms, 7'999 * ms, false},
    {"never heard anything", 10'000 * ms, 0, false},
    {"a tick that is still to come", 10'000 * ms, 10'001 * ms, false},
    {"negative", 10'000 * ms, -1, false},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(is_fresh(x.now, x.echo, milliseconds{2000}), x.fresh);
  }
}

CAF_TEST(a window ignores a peer that lies about what it took) {
  window w{2};
  CAF_CHECK_EQUAL(w.send(), 1u);
  CAF_CHECK_EQUAL(w.send(), 2u);
  CAF_CHECK(!w.is_open());
  w.taken(99);
  CAF_CHECK(!w.is_open());
  w.taken(1);
  CAF_CHECK(w.is_open());
  w.taken(0);
  CAF_CHECK_EQUAL(w.under_way(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
