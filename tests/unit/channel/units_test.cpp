#undef CAF_SUITE
#define CAF_SUITE channel_units

#include "actors/bus/make.hpp"
#include "actors/channel/make.hpp"
#include "actors/protocol/channel.hpp"
#include "tests/support/unit_bench.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// One bus with a pump, a valve, a button and a sensor, without actors.
struct units_fixture : unit_bench {
  std::shared_ptr<bus_desk> desk = std::make_shared<bus_desk>("main", clock);

  using unit_bench::unit_bench;

  void start_bus() {
    start("bus/main", make_bus(*all, desk, bus_config{}, [this](const bus_config&) {
            return open_fake(hw);
          }));
  }

  void bus() { tell("bus/main", wake_atom::value); }
  void channel(const std::string& name) { tell(name, wake_atom::value); }

  static channel_config output_of(const std::string& name) {
    channel_config c;
    c.name = name;
    c.line.line = name;
    c.dir = direction::output;
    return c;
  }

  void start_output(channel_config c) {
    const auto name = c.name;
    start(name, make_output(*all, desk, std::move(c)));
    bus();
    channel(name);
  }

  void start_input(channel_config c) {
    const auto name = c.name;
    start(name, make_input(*all, desk, std::move(c)));
    bus();
    channel(name);
  }

  command_answer wish(const std::string& output, value v, const std::string& source = "rule/a",
                      int priority = 10, int lease_s = 0, const std::string& id = {}) {
    command x;
    x.id = id;
    x.output = output;
    x.source = source;
    x.val = std::move(v);
    x.priority = priority;
    x.lease = std::chrono::seconds{lease_s};
    x.story = {{"rule", source, "line 3", 1}};
    auto answer = ask<command_answer>(output, x);
    bus();
    return answer;
  }

  static command pulse_of(const std::string& output, const std::string& id, int length_ms = 500) {
    command x;
    x.id = id;
    x.output = output;
    x.source = id.substr(0, id.find('#'));
    x.val = on;
    x.pulse = milliseconds{length_ms};
    x.story = {{"rule", x.source, "line 3", 1}};
    return x;
  }

  command_answer pulse(const std::string& output, const std::string& id, int length_ms = 500) {
    auto answer = ask<command_answer>(output, pulse_of(output, id, length_ms));
    bus();
    return answer;
  }

  std::vector<std::string> texts(const std::string& subject, const std::string& kind) {
    std::vector<std::string> all;
    for (const auto& x : store->journal({.subject = subject, .kind = kind}))
      all.push_back(x.text);
    return all;
  }

  std::string shown(const std::string& name) {
    const auto r = live.get(name);
    return r ? to_string(*r) : "nothing";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(units, units_fixture)

CAF_TEST(a command reaches the pin the table and the journal with its story) {
  start_bus();
  start_output(output_of("pump"));
  CAF_CHECK_EQUAL(shown("pump"), "off (good)");
  CAF_CHECK(wish("pump", on).code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  CAF_CHECK_EQUAL(shown("pump"), "on (good)");
  const auto row = live.find("pump");
  CAF_REQUIRE(row->why);
  CAF_REQUIRE_EQUAL(row->why->size(), 2u);
  CAF_CHECK_EQUAL(row->why->front().name, "rule/a");
  CAF_CHECK_EQUAL(row->why->back().text, "off -> on");
  const auto events = store->journal({.subject = "pump", .kind = "output"});
  CAF_REQUIRE_EQUAL(events.size(), 1u);
  CAF_CHECK_EQUAL(events[0].text, "off -> on by rule/a");
  CAF_CHECK_EQUAL(events[0].story.size(), 2u);
}

CAF_TEST(slots survive a crash of the output and obey their leases I5 I8) {
  start_bus();
  start_output(output_of("pump"));
  wish("pump", on, "rule/a", 10, 5);
  clock.now += 2 * sec;
  const auto writes = hw.written("pump");
  crash("pump");
  bus();
  CAF_CHECK_EQUAL(hw.written("pump"), writes); // no glitch
  auto view = ask<output_view>("pump", view_output{});
  CAF_REQUIRE_EQUAL(view.slots.size(), 1u);
  CAF_CHECK_EQUAL(view.slots[0].lease_left.count(), 3000);
  pass(3 * sec);
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  CAF_CHECK_EQUAL(shown("pump"), "off (good)");
}

CAF_TEST(a command with an id is obeyed once) {
  start_bus();
  start_output(output_of("pump"));
  wish("pump", on, "rule/a", 10, 0, "c1");
  wish("pump", off, "rule/a", 10, 0, "c2");
  const auto again = wish("pump", on, "rule/a", 10, 0, "c1");
  CAF_CHECK(again.code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  crash("pump");
  wish("pump", on, "rule/a", 10, 0, "c1");
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
}

CAF_TEST(two outputs that exclude each other are never on together) {
  start_bus();
  auto up = output_of("up");
  up.interlock = {"down"};
  auto down = output_of("down");
  down.interlock = {"up"};
  start_output(up);
  // Unknown is not off.
  CAF_CHECK(wish("up", on).code == errc::interlocked);
  start_output(down);
  channel("up");
  bus();
  CAF_CHECK_EQUAL(hw.pin("up"), 1);
  CAF_CHECK(wish("down", on).code == errc::interlocked);
  CAF_CHECK_EQUAL(hw.pin("down"), 0);
  wish("up", off);
  channel("down");
  bus();
  CAF_CHECK_EQUAL(hw.pin("down"), 0); // the contact of `up` may still be closed
  pass(60 * ms);
  bus();
  CAF_CHECK_EQUAL(hw.pin("down"), 1);
}

CAF_TEST(start-up policies) {
  const struct {
    const char* what;
    startup_policy policy;
    double pin_before;
    bool last_on;
    double pin_after;
    std::size_t writes;
    double pin_later; ///< when nobody has renewed it
  } rows[] = {
    {"safe", startup_policy::safe, 1, true, 0, 1, 0},
    {"last, which was on", startup_policy::last, 0, true, 1, 1, 0},
    {"last, which was off", startup_policy::last, 1, false, 0, 1, 0},
    {"hold an on", startup_policy::hold, 1, false, 1, 0, 0},
    {"hold an off", startup_policy::hold, 0, true, 0, 0, 0},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    auto shared = std::make_shared<storage::memory_disk>();
    auto c = output_of("pump");
    c.startup = x.policy;
    {
      units_fixture before{shared};
      before.start_bus();
      before.start_output(c);
      before.wish("pump", on);
      if (!x.last_on)
        before.wish("pump", off);
      before.seats.at("pump").inside->stop();
      CAF_REQUIRE(static_cast<bool>(before.store->close()));
    }
    units_fixture f{shared};
    f.hw.pins["pump"] = x.pin_before;
    f.start_bus();
    f.start_output(c);
    CAF_CHECK_EQUAL(f.hw.pin("pump"), x.pin_after);
    CAF_CHECK_EQUAL(f.hw.written("pump"), x.writes);
    CAF_CHECK(f.live.get("pump")->told_as != origin::change);
    f.pass(6 * sec);
    CAF_CHECK_EQUAL(f.hw.pin("pump"), x.pin_later);
  }
}

CAF_TEST(a manual override without a lease stays while its unit lives and no longer I5) {
  start_bus();
  start_output(output_of("pump"));
  wish("pump", on, "operator/anna", 8);
  for (int i = 0; i < 100; ++i) {
    pass(sec);
    CAF_REQUIRE_EQUAL(hw.pin("pump"), 1);
  }
  seats.at("pump").context->timers.clear(); // starved: it hears no timer any more
  pass(6 * sec);
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  channel("pump"); // alive again: the operator's word still stands
  bus();
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  const auto told = store->journal({.subject = "pump", .kind = "", .at_least = storage::severity::warning});
  CAF_REQUIRE_EQUAL(told.size(), 1u);
}

CAF_TEST(a wish that ends as it was meant to is no warning also where the bus writes it first I5) {
  start_bus();
  auto c = output_of("pump");
  c.min_on = milliseconds{2000};
  start_output(c);
  const auto warnings = [&] { return store->journal({.subject = "pump", .kind = "", .at_least = storage::severity::warning}).size(); };
  const auto starved = [&](mono_ns length) {
    seats.at("pump").context->timers.clear();
    pass(length + 100 * ms);
    CAF_CHECK_EQUAL(hw.pin("pump"), 0);
    channel("pump");
    bus();
    CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  };
  wish("pump", on);
  pass(sec);
  wish("pump", off); // it stays on for the rest of its minimum time
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  starved(sec);
  CAF_CHECK_EQUAL(warnings(), 0u);
  wish("pump", {}); // let go: else the output must be there to show what follows
  wish("pump", on, "operator/anna", 8, 5);
  starved(5 * sec);
  CAF_CHECK_EQUAL(warnings(), 0u);
  wish("pump", on, "rule/b", 9, 5);
  starved(5 * sec);
  CAF_CHECK_EQUAL(warnings(), 1u);
}

CAF_TEST(a read-back channel that disagrees raises one alarm and clears) {
  start_bus();
  channel_config contact;
  contact.name = "contact";
  contact.line.line = "contact";
  start_input(contact);
  auto c = output_of("pump");
  c.read_back = "contact";
  start_output(c);
  wish("pump", on);
  CAF_CHECK_EQUAL(shown("pump"), "on (good)");
  pass(1100 * ms);
  CAF_CHECK_EQUAL(shown("pump"), "on (uncertain, deviation)");
  pass(5 * sec);
  CAF_CHECK_EQUAL(store->journal({.subject = "pump", .kind = "alarm"}).size(), 1u);
  hw.edge("contact", true, clock.now);
  channel("contact");
  channel("pump");
  CAF_CHECK_EQUAL(shown("pump"), "on (good)");
}

CAF_TEST(a quarantined output goes to safe and says so) {
  start_bus();
  start_output(output_of("pump"));
  wish("pump", on);
  channel_quarantine(*all, desk, output_of("pump"))(true);
  bus();
  CAF_CHECK_EQUAL(hw.pin("pump"), 0);
  CAF_CHECK_EQUAL(shown("pump"), "off (bad, quarantined)");
}

CAF_TEST(a line that fails turns the reading bad with the words of the driver) {
  hw.broken["pump"] = {errc::busy, "held by gpioset"};
  start_bus();
  start_output(output_of("pump"));
  CAF_CHECK_EQUAL(shown("pump"), "off (bad, bus_lost)");
  const auto view = ask<output_view>("pump", view_output{});
  CAF_CHECK_EQUAL(view.line, "busy: held by gpioset");
}

CAF_TEST(a burst is told edge by edge and the table shows the last) {
  start_bus();
  channel_config c;
  c.name = "button";
  c.line.line = "button";
  start_input(c);
  for (int i = 0; i < 9; ++i)
    hw.edge("button", i % 2 == 0, clock.now + i);
  channel("button");
  const auto r = live.get("button");
  CAF_CHECK(r->val == on);
  CAF_CHECK_EQUAL(r->changes, 9u);
  const auto why = live.find("button")->why;
  CAF_REQUIRE(why);
  CAF_CHECK_EQUAL(why->front().kind, "input");
  CAF_CHECK_EQUAL(why->front().text, "off -> on");
}

CAF_TEST(a force survives a crash of the input and is on record) {
  start_bus();
  channel_config c;
  c.name = "button";
  c.line.line = "button";
  start_input(c);
  ask<command_answer>("button", force_value{on, "anna"});
  crash("button");
  CAF_CHECK_EQUAL(shown("button"), "on (uncertain, forced)");
  const auto view = ask<input_view>("button", view_input{});
  CAF_CHECK(view.forced);
  CAF_CHECK(view.measured == off);
  ask<command_answer>("button", force_value{{}, "anna"});
  CAF_CHECK_EQUAL(shown("button"), "off (good)");
  CAF_CHECK_EQUAL(store->journal({.subject = "button", .kind = "command"}).size(), 2u);
}

CAF_TEST(a last reading comes back as restored and then as measured I6) {
  auto shared = std::make_shared<storage::memory_disk>();
  channel_config c;
  c.name = "temp";
  c.line.line = "temp";
  c.kind = value_kind::analog;
  {
    units_fixture before{shared};
    before.hw.pins["temp"] = 21.5;
    before.start_bus();
    before.start_input(c);
    CAF_CHECK_EQUAL(before.shown("temp"), "21.5 (good)");
    before.seats.at("temp").inside->stop();
    CAF_REQUIRE(static_cast<bool>(before.store->close()));
  }
  units_fixture f{shared};
  f.hw.pins["temp"] = 21.5;
  f.start("temp", make_input(*f.all, f.desk, c));
  CAF_CHECK_EQUAL(f.shown("temp"), "21.5 (uncertain, restored)");
  CAF_CHECK(f.live.get("temp")->told_as == origin::restore);
  f.start_bus();
  f.channel("temp");
  CAF_CHECK_EQUAL(f.shown("temp"), "21.5 (good)");
  CAF_CHECK(f.live.get("temp")->told_as == origin::refresh);
}

CAF_TEST(readings are put to the store at most once a minute) {
  start_bus();
  channel_config c;
  c.name = "temp";
  c.line.line = "temp";
  c.kind = value_kind::analog;
  start_input(c);
  int puts = 0;
  const auto feed = store->on_change(storage::slot_kind::own, "reading/",
                                     [&](const storage::entry&, bool) { ++puts; });
  for (int i = 0; i < 600; ++i) {
    hw.pins["temp"] = i;
    pass(sec);
    channel("temp");
  }
  CAF_CHECK(puts >= 9);
  CAF_CHECK(puts <= 10);
}

CAF_TEST(a crash of the bus actor beside its driver loses no edge I8) {
  start_bus();
  channel_config c;
  c.name = "button";
  c.line.line = "button";
  start_input(c);
  for (int i = 0; i < 100; ++i) {
    crash("bus/main");
    CAF_CHECK_EQUAL(hw.edge("button", i % 2 == 0, clock.now), 1u);
    channel("button");
  }
  CAF_CHECK_EQUAL(hw.opened.load(), 1);
  CAF_CHECK_EQUAL(live.get("button")->changes, 100u);
}

CAF_TEST(a driver that throws is opened anew and the time between is a gap) {
  start_bus();
  start_output(output_of("pump"));
  channel_config c;
  c.name = "button";
  c.line.line = "button";
  start_input(c);
  hw.throws_at = "pump";
  command x;
  x.source = "rule/a";
  x.val = on;
  ask<command_answer>("pump", x);
  bool threw = false;
  try {
    bus();
  } catch (const std::runtime_error&) {
    threw = true;
  }
  CAF_CHECK(threw);
  hw.throws_at.clear();
  crash("bus/main");
  CAF_CHECK_EQUAL(hw.opened.load(), 2);
  CAF_CHECK_EQUAL(hw.pin("pump"), 1);
  CAF_CHECK(hw.held.count("button"));
}

CAF_TEST(a pulse reaches the pin for its time and tells its length and who said it) {
  start_bus();
  start_output(output_of("gate"));
  CAF_CHECK(pulse("gate", "rule/a#1").code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("gate"), 1);
  CAF_REQUIRE(live.find("gate")->why);
  CAF_CHECK_EQUAL(live.find("gate")->why->front().name, "rule/a");
  const auto view = ask<output_view>("gate", view_output{});
  CAF_REQUIRE_EQUAL(view.slots.size(), 1u);
  CAF_CHECK(view.slots[0].pulse && view.slots[0].lease_left == milliseconds{500});
  pass(499 * ms);
  bus();
  CAF_CHECK_EQUAL(hw.pin("gate"), 1);
  pass(1 * ms);
  bus();
  CAF_CHECK_EQUAL(hw.pin("gate"), 0);
  const auto told = texts("gate", "output");
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(told[0], "off -> on (pulse of 500 ms) by rule/a");
  CAF_CHECK_EQUAL(told[1], "on -> off (the pulse of rule/a is over) by the safe state");
  const auto why = live.find("gate")->why;
  CAF_REQUIRE_EQUAL(why->size(), 3u); // what led to it, that it was over, the change
  CAF_CHECK_EQUAL((*why)[1].text, "its pulse of 500 ms was over");
  CAF_CHECK(texts("gate", "pulse").empty());
}

CAF_TEST(a pulse is done once by its id also over a crash of its output in the middle of it I8) {
  start_bus();
  start_output(output_of("gate"));
  (void)pulse("gate", "rule/a#1");
  pass(200 * ms);
  crash("gate");
  bus();
  CAF_CHECK_EQUAL(hw.pin("gate"), 1); // it goes on
  CAF_CHECK_EQUAL(pulse("gate", "rule/a#1").text, "a pulse of 500 ms");
  pass(300 * ms);
  bus();
  CAF_CHECK_EQUAL(hw.pin("gate"), 0); // and was not lengthened
  CAF_CHECK(pulse("gate", "rule/a#1").code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("gate"), 0);
  CAF_CHECK(pulse("gate", "rule/a#2").code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("gate"), 1);
}

CAF_TEST(what was refused is told and not done when it is said again) {
  start_bus();
  auto c = output_of("gate");
  c.interlock = {"lock"};
  start_output(c);
  start_output(output_of("lock"));
  wish("lock", on);
  const auto no = pulse("gate", "rule/a#1");
  CAF_CHECK(no.code == errc::interlocked);
  wish("lock", off);
  pass(10 * sec);
  channel("gate");
  CAF_CHECK(pulse("gate", "rule/a#1").code == errc::interlocked);
  CAF_CHECK_EQUAL(hw.pin("gate"), 0);
  for (int i = 2; i < 9; ++i)
    (void)pulse("gate", "rule/a#" + std::to_string(i), 10); // too short; a flood is one line
  const auto told = texts("gate", "pulse");
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(told[0], "refused a pulse of 500 ms by rule/a: 'lock' is on");
  pass(1 * sec);
  channel("gate");
  CAF_REQUIRE_EQUAL(texts("gate", "pulse").size(), 3u); // and its sum, though no more comes
  CAF_CHECK_EQUAL(texts("gate", "pulse")[2], "refused 6 more pulses within a second");
  CAF_CHECK(pulse("gate", "rule/a#9").code == errc::none);
  CAF_CHECK_EQUAL(hw.pin("gate"), 1);
}

CAF_TEST(a dead line does no pulse and a slow bus that missed one says so) {
  start_bus();
  start_output(output_of("gate"));
  command x = pulse_of("gate", "rule/a#1");
  (void)ask<command_answer>("gate", x); // the bus does not get to it
  pass(500 * ms);
  bus();
  CAF_CHECK_EQUAL(hw.pin("gate"), 0);
  const auto told = texts("gate", "pulse");
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told[0], "the pulse of rule/a for 500 ms did not reach its line: the bus was busy for longer");
  hw.broken["pump"] = {errc::busy, "held by gpioset"};
  start_output(output_of("pump"));
  const auto no = pulse("pump", "rule/a#1");
  CAF_CHECK(no.code == errc::device_lost);
  CAF_CHECK_EQUAL(no.text, "its line cannot be written now: busy: held by gpioset");
}

CAF_TEST(the next life of the process knows the last pulses and refuses those before it that it does not know) {
  auto shared = std::make_shared<storage::memory_disk>();
  auto last = output_of("gate");
  last.startup = startup_policy::last;
  {
    units_fixture before{shared};
    before.start_bus();
    before.start_output(last);
    for (int i = 1; i <= 20; ++i) {
      (void)before.pulse("gate", "rule/a#" + std::to_string(i));
      before.pass(sec);
      before.bus();
    }
    (void)before.pulse("gate", "rule/a#21");
    before.seats.at("gate").inside->stop(); // in the middle of it
    CAF_REQUIRE(static_cast<bool>(before.store->close()));
  }
  units_fixture f{shared};
  f.clock.now += 100 * sec;
  f.start_bus();
  f.start_output(last);
  CAF_CHECK_EQUAL(f.hw.pin("gate"), 0); // a pulse is no last value
  f.pass(2 * sec);
  const struct {
    const char* id;
    int age_s;
    errc code;
  } rows[] = {
    {"rule/a#21", 3, errc::none}, // done: it is answered, and not done again
    {"rule/a#6", 3, errc::none},
    {"rule/a#5", 3, errc::fenced}, // too long ago to be known
    {"rule/b#1", 3, errc::fenced}, // perhaps it was done
  };
  for (const auto& x : rows) {
    auto again = pulse_of("gate", x.id);
    again.age = std::chrono::seconds{x.age_s};
    CAF_CHECK(f.ask<command_answer>("gate", again).code == x.code);
    f.bus();
    CAF_CHECK_EQUAL(f.hw.pin("gate"), 0);
  }
  CAF_CHECK(f.pulse("gate", "rule/b#2").code == errc::none); // decided now
  CAF_CHECK_EQUAL(f.hw.pin("gate"), 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
