#undef CAF_SUITE
#define CAF_SUITE bus_session

#include "actors/bus/session.hpp"
#include "tests/support/unit_bench.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

struct session_fixture {
  moved_clock clock;
  fake_hardware hw;
  std::shared_ptr<bus_desk> desk = std::make_shared<bus_desk>("main", clock);
  std::uint64_t epoch = desk->take_over({});
  std::shared_ptr<bus_session> session;

  session_fixture() { open(); }

  void open() {
    session = std::make_shared<bus_session>(bus_config{}, open_fake(hw).value());
    desk->park(session);
  }

  mono_ns work() {
    const auto next = session->work(*desk, epoch);
    CAF_REQUIRE(static_cast<bool>(next));
    return *next;
  }

  std::shared_ptr<output_cell> output(const std::string& name,
                                      std::optional<value> initial = off) {
    output_wish w;
    w.line.line = name;
    w.safe = off;
    w.initial = initial;
    return desk->attach_output(name, w, {});
  }

  std::shared_ptr<input_port> input(const std::string& name, value_kind kind,
                                    milliseconds every = milliseconds{0}) {
    input_wish w;
    w.line.line = name;
    w.kind = kind;
    w.poll_every = every;
    return desk->attach_input(name, w, {});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sessions, session_fixture)

CAF_TEST(the bus itself brings an output to safe when nobody renews it I5) {
  auto cell = output("pump");
  work();
  if (cell->want(on, clock.now + sec))
    desk->nudge("pump");
  CAF_CHECK(work() <= clock.now + sec);
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  clock.now += sec;
  work();
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  CAF_CHECK_EQUAL(cell->now().guarded, 1u);
}

CAF_TEST(a renewed output is not touched) {
  auto cell = output("pump");
  work();
  cell->want(on, clock.now + sec);
  desk->nudge("pump");
  work();
  for (int i = 0; i < 20; ++i) {
    clock.now += sec / 2;
    cell->want(on, clock.now + sec);
    work();
  }
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  CAF_CHECK_EQUAL(hw.written("pump"), 2u); // at opening, and on
}

CAF_TEST(adding and removing one line opens and closes no other I8) {
  auto a = input("a", value_kind::digital);
  auto pump = output("pump");
  work();
  pump->want(on, no_deadline);
  desk->nudge("pump");
  work();
  const auto openings = a->look().openings;
  auto b = input("b", value_kind::digital);
  work();
  CAF_CHECK(b->look().open);
  desk->detach("b");
  work();
  CAF_CHECK_EQUAL(a->look().openings, openings);
  CAF_CHECK_EQUAL(a->look().gaps, 0u);
  CAF_CHECK_EQUAL(hw.written("pump"), 2u);
  CAF_CHECK(!hw.held.count("b"));
}

CAF_TEST(a changed line is opened anew and keeps its counts) {
  auto port = input("a", value_kind::digital);
  work();
  hw.edge("a", true, clock.now);
  input_wish w;
  w.line.line = "b";
  CAF_CHECK(desk->attach_input("a", w, {}) == port);
  work();
  hw.edge("b", true, clock.now);
  CAF_CHECK_EQUAL(port->look().rising, 2u);
  CAF_CHECK_EQUAL(port->look().gaps, 1u);
}

CAF_TEST(an output that is removed goes to its safe state first) {
  auto cell = output("pump");
  work();
  cell->want(on, no_deadline);
  desk->nudge("pump");
  work();
  desk->detach("pump");
  work();
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  CAF_CHECK(!hw.held.count("pump"));
}

CAF_TEST(inputs of one period are read in one wake-up) {
  std::vector<std::shared_ptr<input_port>> all;
  for (const char* name : {"a", "b", "c"}) {
    all.push_back(input(name, value_kind::analog, milliseconds{500}));
    clock.now += 70 * ms; // attached at odd moments
    work();
  }
  auto next = work();
  CAF_CHECK_EQUAL(next % (500 * ms), 0);
  clock.now = next;
  const auto before = hw.reads.load();
  next = work();
  CAF_CHECK_EQUAL(hw.reads.load(), before + 3);
  CAF_CHECK_EQUAL(next, clock.now + 500 * ms);
}

CAF_TEST(a line that cannot be opened says why and is tried again with pauses) {
  hw.broken["a"] = {errc::busy, "held by gpiomon"};
  auto a = input("a", value_kind::digital);
  auto b = input("b", value_kind::digital);
  auto next = work();
  CAF_CHECK(a->look().trouble.code == errc::busy);
  CAF_CHECK(b->look().open);
  CAF_CHECK_EQUAL(next, clock.now + sec);
  clock.now = next;
  next = work();
  CAF_CHECK_EQUAL(next, clock.now + 2 * sec);
  hw.broken.clear();
  clock.now = next;
  work();
  CAF_CHECK(a->look().open);
}

CAF_TEST(a line in other hands is opened as soon as it is free) {
  input("old-name", value_kind::digital);
  work();
  input_wish same_line;
  same_line.line.line = "old-name";
  auto renamed = desk->attach_input("new-name", same_line, {});
  work();
  CAF_CHECK(!renamed->look().open);
  desk->detach("old-name");
  work(); // and not only after the pause
  CAF_CHECK(renamed->look().open);
}

CAF_TEST(a write that fails is told and tried again) {
  auto cell = output("pump");
  work();
  hw.broken["pump"] = {errc::io_error, "relay board"};
  cell->want(on, no_deadline);
  desk->nudge("pump");
  auto next = work();
  CAF_CHECK(cell->now().trouble.code == errc::io_error);
  hw.broken.clear();
  clock.now = next;
  work();
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  CAF_CHECK(cell->now().trouble.code == errc::none);
}

CAF_TEST(hold opens a line as it stands and tells what it shows) {
  hw.pins["pump"] = 1;
  auto cell = output("pump", std::nullopt);
  work();
  CAF_CHECK_EQUAL(hw.written("pump"), 0u);
  CAF_CHECK(cell->now().written == std::optional{on});
}

CAF_TEST(a lost device ends the session and a new one takes up where it was I5) {
  auto cell = output("pump");
  auto port = input("a", value_kind::digital);
  work();
  cell->want(on, clock.now + 10 * sec);
  desk->nudge("pump");
  work();
  hw.check_says = {errc::device_lost, "unplugged"};
  hw.lose("a", {errc::device_lost, "unplugged"});
  const auto lost = session->work(*desk, epoch);
  CAF_REQUIRE(!lost);
  CAF_CHECK(lost.why().code == errc::device_lost);
  hw.check_says = {};
  for (const auto& [what, away, shows] :
       {std::tuple{"still valid", 3 * sec, 1.0}, std::tuple{"expired", 20 * sec, 0.0}}) {
    CAF_MESSAGE(what);
    session.reset();
    desk->park({});
    desk->trouble(lost.why());
    hw.pins["pump"] = 0; // the board's relay fell off
    clock.now += away;
    open();
    work();
    CAF_CHECK_EQUAL(hw.pin("pump"), shows);
    CAF_CHECK(port->look().open);
  }
  CAF_CHECK_EQUAL(port->look().gaps, 2u);
}

CAF_TEST(a fenced bus actor writes nothing more I4) {
  auto cell = output("pump");
  work();
  const auto successor = desk->take_over({});
  cell->want(on, no_deadline);
  desk->nudge("pump");
  bool fenced = false;
  try {
    (void)session->work(*desk, epoch);
  } catch (const fenced_out&) {
    fenced = true;
  }
  CAF_CHECK(fenced);
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  CAF_CHECK(static_cast<bool>(session->work(*desk, successor)));
}

CAF_TEST(the bus is told of the lines that changed and of no other) {
  for (int i = 0; i < 100; ++i)
    input("in/" + std::to_string(i), value_kind::digital);
  const auto first = desk->take_changes(epoch, true);
  CAF_REQUIRE(first.has_value());
  CAF_CHECK(first->all);
  CAF_CHECK_EQUAL(first->lines.size(), 100u);
  input("one-more", value_kind::digital);
  desk->detach("in/7");
  const auto second = desk->take_changes(epoch, false);
  CAF_REQUIRE(second.has_value());
  CAF_CHECK(!second->all);
  CAF_REQUIRE_EQUAL(second->lines.size(), 2u);
  CAF_CHECK_EQUAL(second->lines[0].name, "in/7");
  CAF_CHECK(!second->lines[0].wanted);
  CAF_CHECK(second->lines[1].wanted != nullptr);
  CAF_CHECK(desk->take_changes(epoch, false)->lines.empty());
}

CAF_TEST(changes are kept for the successor and not given to who is fenced I4) {
  work();
  auto port = input("a", value_kind::digital);
  const auto successor = desk->take_over({});
  CAF_CHECK(!desk->take_changes(epoch, false));
  CAF_REQUIRE(static_cast<bool>(session->work(*desk, successor)));
  CAF_CHECK(port->look().open);
}

CAF_TEST(names that come and go while the bus takes nothing do not pile up I11) {
  auto stays = input("stays", value_kind::digital);
  auto goes = input("goes", value_kind::digital);
  work();
  desk->detach("goes");
  for (int i = 0; i < 5000; ++i) {
    input("x" + std::to_string(i), value_kind::digital);
    desk->detach("x" + std::to_string(i));
  }
  auto late = input("late", value_kind::digital);
  work();
  CAF_CHECK(late->look().open);
  CAF_CHECK(!hw.held.count("goes"));
  CAF_CHECK_EQUAL(hw.held.size(), 2u);
  CAF_CHECK_EQUAL(stays->look().openings, 1u);
}

CAF_TEST(a driver that throws while lines are opened leaves none behind) {
  work();
  hw.throws_at = "pump";
  auto cell = output("pump");
  auto port = input("z", value_kind::digital);
  work(); // opening does not write
  cell->want(on, no_deadline);
  desk->nudge("pump");
  auto late = input("a", value_kind::digital);
  bool thrown = false;
  try {
    (void)session->work(*desk, epoch);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  CAF_CHECK(thrown);
  hw.throws_at.clear();
  // The next bus actor opens the bus anew; what came meanwhile is not forgotten.
  session.reset();
  open();
  epoch = desk->take_over({});
  work();
  CAF_CHECK(late->look().open);
  CAF_CHECK(port->look().open);
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
}

CAF_TEST(what a fenced write may have done is written over) {
  auto cell = output("pump");
  work();
  cell->want(on, no_deadline);
  desk->nudge("pump");
  work();
  hw.pins["pump"] = 0; // what a call that hung has written at last
  desk->disturbed();
  work();
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
}

CAF_TEST(a pin that does not follow is read back) {
  auto cell = output("pump");
  work();
  cell->want(on, no_deadline);
  desk->nudge("pump");
  clock.now = work();
  work();
  CAF_CHECK(cell->now().level == std::optional{on});
}

CAF_TEST(an orderly end drives outputs to safe unless they shall hold) {
  auto safe = output("safe");
  output_wish w;
  w.line.line = "hold";
  w.safe = off;
  w.initial = off;
  w.keep_at_stop = true;
  auto hold = desk->attach_output("hold", w, {});
  work();
  for (auto* name : {"safe", "hold"}) {
    (name == std::string{"safe"} ? safe : hold)->want(on, no_deadline);
    desk->nudge(name);
  }
  work();
  session->close_down(*desk);
  CAF_CHECK_EQUAL(hw.pin("safe"), 0);
  CAF_CHECK_EQUAL(hw.pin("hold"), 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
