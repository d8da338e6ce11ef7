#undef CAF_SUITE
#define CAF_SUITE output_core

#include "actors/channel/output_core.hpp"
#include "actors/channel/read_back.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

channel_config relay() {
  channel_config c;
  c.name = "boiler/pump";
  c.dir = direction::output;
  return c;
}

command wish(const std::string& source, value v, int priority = 10, int lease_s = 0) {
  command x;
  x.source = source;
  x.val = std::move(v);
  x.priority = priority;
  x.lease = std::chrono::seconds{lease_s}; // in int, a lease of a month would overflow
  return x;
}

struct output_core_fixture {
  output_core core{relay(), {}};
  mono_ns now = 100 * sec;
  std::string forbidden;
  output_core::decision last;

  output_core_fixture() { begin(relay()); }

  void begin(channel_config c) {
    core = output_core{std::move(c), {}};
    core.begin({}, now);
    now += sec;
    decide();
  }

  output_core::decision& decide() {
    last = core.decide(now, [this](const value&) { return forbidden; });
    return last;
  }

  command_answer send(const command& x) {
    auto a = core.apply(x, now);
    decide();
    return a.code == errc::none ? core.answer_for(x.source, last) : a;
  }
};

} // namespace

CAF_TEST(the priority array decides as BACnet does) {
  struct act {
    const char* source;
    int priority;
    int want; ///< 1 on, 0 off, -1 relinquish
    int lease_s;
  };
  const struct {
    const char* what;
    std::vector<act> acts;
    int after_s;
    bool shows;
    const char* winner;
  } rows[] = {
    {"nobody wants anything", {}, 0, false, ""},
    {"a rule", {{"rule/a", 10, 1, 0}}, 0, true, "rule/a"},
    {"a rule that lets go", {{"rule/a", 10, 1, 0}, {"rule/a", 10, -1, 0}}, 0, false, ""},
    {"letting go of nothing", {{"rule/a", 10, -1, 0}}, 0, false, ""},
    {"the lower number wins", {{"rule/a", 10, 1, 0}, {"rule/b", 9, 0, 0}}, 0, false, "rule/b"},
    {"whoever came first", {{"rule/b", 9, 0, 0}, {"rule/a", 10, 1, 0}}, 0, false, "rule/b"},
    {"on one level the newer", {{"rule/a", 10, 1, 0}, {"rule/b", 10, 0, 0}}, 0, false, "rule/b"},
    {"and again the newer",
     {{"rule/a", 10, 1, 0}, {"rule/b", 10, 0, 0}, {"rule/a", 10, 1, 0}}, 0, true, "rule/a"},
    {"a new wish of one source replaces its old one",
     {{"rule/a", 8, 1, 0}, {"rule/a", 12, 0, 0}, {"rule/b", 10, 1, 0}}, 0, true, "rule/b"},
    {"manual override above rules", {{"rule/a", 10, 0, 0}, {"operator/anna", 8, 1, 0}}, 0, true,
     "operator/anna"},
    {"and released", {{"rule/a", 10, 1, 0}, {"operator/anna", 8, 0, 0}, {"operator/anna", 8, -1, 0}},
     0, true, "rule/a"},
    {"a lease that holds I5", {{"rule/a", 10, 1, 5}}, 4, true, "rule/a"},
    {"a lease that is over I5", {{"rule/a", 10, 1, 5}}, 5, false, ""},
    {"the one below takes over", {{"rule/a", 9, 0, 5}, {"rule/b", 10, 1, 60}}, 5, true, "rule/b"},
    {"both over I5", {{"rule/a", 9, 1, 5}, {"rule/b", 10, 1, 6}}, 7, false, ""},
    {"a wish without lease stays", {{"operator/anna", 8, 1, 0}}, 100000, true, "operator/anna"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    output_core_fixture f;
    for (const auto& a : x.acts)
      f.send(wish(a.source, a.want < 0 ? value{} : value::digital(a.want == 1), a.priority,
                  a.lease_s));
    f.now += x.after_s * sec;
    f.decide();
    CAF_CHECK_EQUAL(f.last.effective.is_on(), x.shows);
    CAF_CHECK_EQUAL(f.last.winner, x.winner);
  }
}

CAF_TEST(what is wrong in itself is refused and changes nothing) {
  const struct {
    const char* what;
    command x;
    errc code;
  } rows[] = {
    {"nobody sent it", wish("", on), errc::invalid_argument},
    {"priority 0", wish("a", on, 0), errc::invalid_argument},
    {"priority 17", wish("a", on, 17), errc::invalid_argument},
    {"a number for a relay", wish("a", value::analog(1)), errc::invalid_argument},
    {"a negative lease", wish("a", on, 10, -1), errc::invalid_argument},
    {"a lease of a second over a year", wish("a", on, 10, 366 * 86400 + 1), errc::invalid_argument},
    {"a lease of ten years", wish("a", on, 10, 10 * 366 * 86400), errc::invalid_argument},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    output_core_fixture f;
    const auto a = f.send(x.x);
    CAF_CHECK(a.code == x.code);
    CAF_CHECK(!a.text.empty());
    CAF_CHECK(f.core.remember().array.slots().empty());
  }
}

CAF_TEST(a lease of a year is the longest) {
  output_core_fixture f;
  CAF_CHECK(f.send(wish("a", on, 10, 366 * 86400)).code == errc::none);
  CAF_CHECK(f.last.effective.is_on());
}

CAF_TEST(more sources than slots are refused and the old ones stay I11) {
  output_core_fixture f;
  for (int i = 0; i < 32; ++i)
    CAF_CHECK(f.send(wish("rule/" + std::to_string(i), on)).code == errc::none);
  CAF_CHECK(f.send(wish("rule/more", off)).code == errc::over_limit);
  CAF_CHECK(f.send(wish("rule/7", off)).code == errc::none);
  CAF_CHECK_EQUAL(f.last.winner, "rule/7");
}

CAF_TEST(a renewal extends a lease and changes nothing else I5) {
  output_core_fixture f;
  f.send(wish("rule/a", on, 10, 5));
  for (int i = 0; i < 10; ++i) {
    f.now += 4 * sec;
    CAF_CHECK(f.core.renew({"boiler/pump", "rule/a"}, f.now));
    CAF_CHECK(!f.decide().changed);
    CAF_CHECK_EQUAL(f.last.guard, f.now + 5 * sec);
  }
  f.now += 5 * sec;
  CAF_CHECK(!f.decide().effective.is_on());
  CAF_CHECK(!f.core.renew({"boiler/pump", "rule/a"}, f.now));
}

CAF_TEST(minimum times hold both ways except before priority six) {
  const struct {
    const char* what;
    int on_for_s;
    int off_priority;
    bool still_on;
  } rows[] = {
    {"too early", 10, 10, true},
    {"in time", 30, 10, false},
    {"priority 6 waits", 10, 6, true},
    {"priority 5 does not", 10, 5, false},
    {"life safety does not", 10, 1, false},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    output_core_fixture f;
    auto c = relay();
    c.min_on = milliseconds{30000};
    c.min_off = milliseconds{60000};
    f.begin(c);
    f.send(wish("rule/a", on));
    CAF_CHECK(!f.last.effective.is_on()); // off only since the start
    CAF_CHECK(!f.last.held_back.empty());
    f.now = f.last.next;
    CAF_CHECK(f.decide().effective.is_on());
    f.now += x.on_for_s * sec;
    f.send(wish("rule/b", off, x.off_priority));
    f.send(wish("rule/a", value{}));
    CAF_CHECK_EQUAL(f.last.effective.is_on(), x.still_on);
  }
}

CAF_TEST(a lease that ends within the minimum time waits for it also in the guard) {
  output_core_fixture f;
  auto c = relay();
  c.min_on = milliseconds{30000};
  f.begin(c);
  f.send(wish("rule/a", on, 10, 5));
  const auto switched = f.now;
  CAF_CHECK_EQUAL(f.last.guard, switched + 30 * sec);
  f.now += 6 * sec;
  CAF_CHECK(f.decide().effective.is_on());
  CAF_CHECK_EQUAL(f.last.guard, switched + 30 * sec);
  CAF_CHECK_EQUAL(f.last.next, switched + 30 * sec);
  f.now = switched + 30 * sec;
  CAF_CHECK(!f.decide().effective.is_on());
}

CAF_TEST(an interlock holds a wish back until it clears and force too) {
  output_core_fixture f;
  f.forbidden = "'boiler/valve' is on";
  auto a = f.send(wish("rule/a", on));
  CAF_CHECK(a.code == errc::interlocked);
  CAF_CHECK_EQUAL(a.text, "'boiler/valve' is on");
  CAF_CHECK(f.core.force(on, "anna").code == errc::none);
  CAF_CHECK(!f.decide().effective.is_on());
  f.forbidden.clear();
  CAF_CHECK(f.decide().effective.is_on());
  f.forbidden = "'boiler/valve' is on";
  CAF_CHECK(!f.decide().effective.is_on()); // the other came on: this one goes
}

CAF_TEST(no minimum time keeps on what an interlock forbids) {
  output_core_fixture f;
  auto c = relay();
  c.min_on = std::chrono::seconds{60};
  for (const bool let_go : {false, true}) { // the wish still stands, or it ended before
    f.forbidden.clear();
    f.begin(c);
    f.send(wish("rule/a", on));
    CAF_CHECK(f.last.effective == on);
    f.now += sec;
    if (let_go) {
      f.send(wish("rule/a", {}));
      CAF_CHECK(f.last.effective == on); // min-on
    }
    f.forbidden = "boiler/valve is on";
    f.decide();
    CAF_CHECK(f.last.effective == off);
    CAF_CHECK(f.last.interlocked);
    CAF_CHECK_EQUAL(f.last.held_back, f.forbidden);
  }
}

CAF_TEST(force stands above all and its answer says so) {
  output_core_fixture f;
  CAF_CHECK(f.core.force(off, "anna").code == errc::none);
  const auto a = f.send(wish("operator/bert", on, 1));
  CAF_CHECK(a.code == errc::none);
  CAF_CHECK_EQUAL(a.text, "forced by anna");
  CAF_CHECK(a.effective == off);
  CAF_CHECK(f.core.force({}, "anna").code == errc::none);
  CAF_CHECK(f.decide().effective == on);
  CAF_CHECK(f.core.force(value::analog(3), "anna").code == errc::invalid_argument);
}

CAF_TEST(the answer says what stands in front) {
  output_core_fixture f;
  f.send(wish("operator/anna", off, 8));
  const auto a = f.send(wish("rule/a", on, 10));
  CAF_CHECK(a.code == errc::none);
  CAF_CHECK_EQUAL(a.text, "operator/anna at priority 8 stands in front");
}

CAF_TEST(the guard is exact where only safe follows and kind where another does I5) {
  const struct {
    const char* what;
    std::vector<command> acts;
    mono_ns guard; ///< from now; 0: none
  } rows[] = {
    {"the safe state needs none", {wish("a", off, 10, 5)}, 0},
    {"a lease", {wish("a", on, 10, 5)}, 5 * sec},
    {"a second one that wants the same goes on", {wish("a", on, 9, 5), wish("b", on, 10, 9)},
     9 * sec},
    {"one that ends sooner does not matter", {wish("a", on, 9, 9), wish("b", off, 10, 5)},
     9 * sec},
    {"one that wants off follows",
     {wish("a", on, 9, 5), wish("b", off, 10, 9)}, 5 * sec + output_core::grace},
    {"no lease: the unit itself renews", {wish("a", on)}, 5 * sec},
    {"a lease above one without", {wish("a", on, 9, 3), wish("b", on, 10)}, 5 * sec},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    output_core_fixture f;
    for (const auto& a : x.acts)
      f.send(a);
    CAF_CHECK_EQUAL(f.last.guard, x.guard == 0 ? no_deadline : f.now + x.guard);
    if (f.last.guard != no_deadline)
      CAF_CHECK(f.last.next <= f.last.guard);
  }
}

CAF_TEST(a slope is kept up and down) {
  auto c = relay();
  c.kind = value_kind::analog;
  c.safe = value::analog(0);
  c.max_slope = 10;
  output_core_fixture f;
  f.begin(c);
  f.send(wish("rule/a", value::analog(25), 10, 60));
  double before = 0;
  for (int i = 0; i < 100 && f.last.effective.real < 25; ++i) {
    f.now = f.last.next;
    f.decide();
    CAF_CHECK(f.last.effective.real - before <= 1.0 + 1e-9);
    CAF_CHECK(f.last.guard > f.now);
    before = f.last.effective.real;
  }
  CAF_CHECK_EQUAL(f.last.effective.real, 25.0);
  f.send(wish("rule/a", value{}));
  f.now += sec;
  CAF_CHECK_EQUAL(f.decide().effective.real, 15.0);
}

CAF_TEST(a ramp makes no more steps than one each 100 ms however often it is asked) {
  auto c = relay();
  c.kind = value_kind::analog;
  c.safe = value::analog(0);
  c.max_slope = 10;
  output_core_fixture f;
  f.begin(c);
  f.send(wish("rule/a", value::analog(20), 10, 60));
  int steps = 0;
  for (int i = 0; i < 200; ++i) { // one second, each 5 ms
    f.now += 5 * ms;
    const auto before = f.last.effective.real;
    steps += f.decide().changed ? 1 : 0;
    CAF_CHECK(f.last.effective.real - before <= 1.0 + 1e-9);
    CAF_CHECK(f.last.next <= f.now + output_core::ramp_step);
    CAF_CHECK(f.last.guard > f.last.next);
  }
  CAF_CHECK_EQUAL(steps, 10);
  CAF_CHECK(std::abs(f.last.effective.real - 10.0) < 1e-6);
}

CAF_TEST(analog limits refuse) {
  auto c = relay();
  c.kind = value_kind::analog;
  c.safe = value::analog(0);
  c.minimum = 0;
  c.maximum = 100;
  output_core_fixture f;
  f.begin(c);
  CAF_CHECK(f.send(wish("a", value::analog(101))).code == errc::invalid_argument);
  CAF_CHECK(f.send(wish("a", value::analog(-0.1))).code == errc::invalid_argument);
  CAF_CHECK(f.send(wish("a", value::analog(100))).code == errc::none);
}

CAF_TEST(what was shown before a start obeys a lease like any wish I5) {
  output_core core{relay(), {}};
  core.begin(on, sec);
  const auto none = [](const value&) { return std::string{}; };
  auto d = core.decide(sec, none);
  CAF_CHECK(d.effective.is_on());
  CAF_CHECK(!d.changed);
  CAF_CHECK_EQUAL(d.guard, 6 * sec);
  d = core.decide(6 * sec, none);
  CAF_CHECK(!d.effective.is_on());
}

CAF_TEST(what the dead-man did is a change that minimum times see) {
  auto c = relay();
  c.min_off = milliseconds{10000};
  output_core_fixture f;
  f.begin(c);
  f.now += 20 * sec;
  f.send(wish("operator/anna", on, 8));
  CAF_CHECK(f.last.effective.is_on());
  f.now += 60 * sec; // the unit was starved; its bus acted
  f.core.on_guarded(f.now);
  CAF_CHECK(!f.decide().effective.is_on());
  f.now += 10 * sec;
  CAF_CHECK(f.decide().effective.is_on());
}

CAF_TEST(a command seen before is remembered the oldest of many is not I11) {
  output_core_fixture f;
  for (int i = 0; i < 100; ++i)
    f.core.remember_answer(std::to_string(i), {});
  CAF_CHECK_EQUAL(f.core.remember().ids.size(), 64u);
  CAF_CHECK_EQUAL(f.core.remember().ids.front().first, "36");
}

CAF_TEST(a deviation needs time and a word from the pin) {
  const struct {
    const char* what;
    std::vector<std::pair<int, int>> looks; ///< second, 1 agrees 0 disagrees -1 unknown
    bool deviates;
  } rows[] = {
    {"agrees", {{0, 1}, {10, 1}}, false},
    {"disagrees, not for long", {{0, 0}, {1, 0}}, false},
    {"disagrees for too long", {{0, 0}, {2, 0}}, true},
    {"disagrees twice, each not for long", {{0, 0}, {1, 1}, {2, 0}, {3, 0}}, false},
    {"unknown is no deviation", {{0, -1}, {10, -1}}, false},
    {"agrees again", {{0, 0}, {5, 0}, {6, 1}}, false},
    {"unknown does not clear it", {{0, 0}, {5, 0}, {6, -1}}, true},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    read_back_watch w{milliseconds{2000}};
    bool deviates = false;
    for (const auto& [at, says] : x.looks)
      deviates = w.look(says < 0 ? std::nullopt : std::optional{says == 1}, 0,
                        100 * sec + at * sec);
    CAF_CHECK_EQUAL(deviates, x.deviates);
  }
}

CAF_TEST(what was shown last is held when its source falls silent and that is wanted) {
  output_core_fixture x;
  auto c = relay();
  c.on_silence = silence_policy::hold;
  x.begin(c);
  (void)x.send(wish("rule/a", value::digital(true), 10, 2));
  CAF_CHECK_EQUAL(x.last.guard, x.now + 2 * sec + output_core::grace); // the unit must be there to hold it
  x.now += 3 * sec;
  x.decide();
  CAF_CHECK(x.last.effective == value::digital(true));
  CAF_CHECK(x.last.begins_to_hold);
  CAF_CHECK_EQUAL(x.last.winner, "held");
  CAF_CHECK(!x.decide().begins_to_hold); // told once
  CAF_CHECK(x.last.guard > x.now);
  x.now += 1000 * sec;
  CAF_CHECK(x.decide().effective == value::digital(true));
  (void)x.send(wish("rule/a", value::digital(true), 10, 2));
  CAF_CHECK_EQUAL(x.last.winner, "rule/a");
  (void)x.send(wish("rule/a", value{})); // lets go in order
  CAF_CHECK(x.last.effective == value::digital(false));
  CAF_CHECK_EQUAL(x.last.winner, "");
}

CAF_TEST(nothing is held that another one wants otherwise or an interlock forbids) {
  output_core_fixture x;
  auto c = relay();
  c.on_silence = silence_policy::hold;
  x.begin(c);
  (void)x.send(wish("operator/anna", value::digital(false), 12));
  (void)x.send(wish("rule/a", value::digital(true), 10, 2));
  x.now += 3 * sec;
  CAF_CHECK(x.decide().effective == value::digital(false)); // the next priority
  CAF_CHECK_EQUAL(x.last.winner, "operator/anna");
  x.begin(c);
  (void)x.send(wish("rule/a", value::digital(true), 10, 2));
  x.now += 3 * sec;
  x.forbidden = "'boiler/valve' is on";
  CAF_CHECK(x.decide().effective == value::digital(false));
  x.forbidden.clear();
  x.begin(relay()); // safe is the default
  (void)x.send(wish("rule/a", value::digital(true), 10, 2));
  x.now += 3 * sec;
  CAF_CHECK(x.decide().effective == value::digital(false));
}
