#undef CAF_SUITE
#define CAF_SUITE output_pulses

#include "actors/channel/kept.hpp"
#include "actors/channel/output_core.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

channel_config opener() {
  channel_config c;
  c.name = "gate/opener";
  c.dir = direction::output;
  return c;
}

/// An output in virtual time. As the unit does it decides before a pulse, after
/// everything, and at each deadline.
struct pulsed_output {
  output_core core;
  mono_ns now = 100'000 * sec;
  std::string forbidden;
  output_core::decision last;
  std::vector<output_core::pulse_end> ends;
  std::vector<std::pair<bool, mono_ns>> shown; ///< each change, and when since the beginning

  explicit pulsed_output(channel_config c = opener()) : core{std::move(c), {}} {
    core.begin({}, now);
    pass(60'000);
    shown.clear();
  }

  void decide() {
    last = core.decide(now, [this](const value&) { return forbidden; });
    if (last.changed)
      shown.emplace_back(last.effective.is_on(), now / ms);
    if (last.pulse_over)
      ends.push_back(*last.pulse_over);
  }

  command_answer pulse(int length_ms, int priority = 10, bool is_on = true, const std::string& source = "rule/gate") {
    command x;
    x.source = source;
    x.val = value::digital(is_on);
    x.priority = priority;
    x.pulse = milliseconds{length_ms};
    return say(x);
  }

  command_answer say(const command& x) {
    decide();
    const auto a = core.pulse(x, now, [this](const value&) { return forbidden; });
    decide();
    return a;
  }

  void wish(const std::string& source, value v, int priority = 10, int lease_ms = 0) {
    command x;
    x.source = source;
    x.val = std::move(v);
    x.priority = priority;
    x.lease = milliseconds{lease_ms};
    (void)core.apply(x, now);
    decide();
  }

  void pass(int span_ms) {
    const auto until = now + span_ms * ms;
    for (int i = 0; i < 1000 && last.next <= until; ++i) {
      now = std::max(now, last.next);
      decide();
    }
    now = until;
    decide();
  }

  /// How long it was on, of its first time.
  [[nodiscard]] mono_ns on_for() const {
    for (std::size_t i = 0; i + 1 < shown.size(); ++i)
      if (shown[i].first)
        return shown[i + 1].second - shown[i].second;
    return -1;
  }
};

} // namespace

CAF_TEST(a pulse lasts its length by the clock of the output and ends in what was before) {
  pulsed_output x;
  CAF_CHECK(x.pulse(500).code == errc::none);
  CAF_CHECK(x.last.effective.is_on());
  CAF_CHECK_EQUAL(x.last.winner, "rule/gate");
  CAF_CHECK_EQUAL(x.last.pulse.count(), 500);
  CAF_CHECK_EQUAL(x.last.guard, x.now + 500 * ms); // the bus alone ends it in time
  x.pass(499);
  CAF_CHECK(x.last.effective.is_on());
  x.pass(1);
  CAF_CHECK(!x.last.effective.is_on());
  CAF_CHECK_EQUAL(x.on_for(), 500);
  CAF_REQUIRE_EQUAL(x.ends.size(), 1u);
  CAF_CHECK(x.ends[0].whole && x.ends[0].source == "rule/gate" && x.ends[0].length == milliseconds{500});
  CAF_CHECK(x.core.remember().array.slots().empty());
}

CAF_TEST(of an output that is on a pulse of off is the way to let it rest for a moment) {
  pulsed_output x;
  x.wish("rule/modem", on);
  x.shown.clear();
  CAF_CHECK(x.pulse(5000, 10, false).code == errc::none);
  CAF_CHECK(!x.last.effective.is_on());
  x.pass(5000);
  CAF_CHECK(x.last.effective.is_on());
  CAF_CHECK_EQUAL(x.last.winner, "rule/modem");
  CAF_CHECK_EQUAL(x.shown.size(), 2u);
}

CAF_TEST(nothing that its controller says or leaves unsaid changes a pulse) {
  const struct {
    const char* what;
    void (*act)(pulsed_output& x);
    bool ends_on;
  } rows[] = {
    {"it falls silent", [](pulsed_output&) {}, false},
    {"it renews", [](pulsed_output& x) { (void)x.core.renew({"gate/opener", "rule/gate"}, x.now); }, false},
    {"it lets go", [](pulsed_output& x) { x.wish("rule/gate", {}); }, false},
    {"it, or a successor, says again that the output be off", [](pulsed_output& x) { x.wish("rule/gate", off); }, false},
    {"another rule wants off at the same number", [](pulsed_output& x) { x.wish("rule/b", off); }, false},
    {"it wants on from now", [](pulsed_output& x) { x.wish("rule/gate", on); }, true},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    pulsed_output x;
    CAF_CHECK(x.pulse(500).code == errc::none);
    x.pass(200);
    row.act(x);
    x.decide();
    x.pass(299);
    CAF_CHECK(x.last.effective.is_on());
    x.pass(1);
    CAF_CHECK_EQUAL(x.last.effective.is_on(), row.ends_on);
    CAF_CHECK(x.ends.size() == 1 && x.ends[0].whole);
  }
}

CAF_TEST(what cannot be done at once and whole is refused and not done later) {
  auto with_times = opener();
  with_times.min_on = milliseconds{200};
  with_times.min_off = milliseconds{5000};
  auto analog = opener();
  analog.kind = value_kind::analog;
  analog.safe = value::analog(0);
  auto held = opener();
  held.startup = startup_policy::hold;
  const struct {
    const char* what;
    channel_config c;
    void (*before)(pulsed_output& x);
    int length_ms;
    int priority;
    errc code;
    const char* says;
  } rows[] = {
    {"an interlock", opener(), [](pulsed_output& x) { x.forbidden = "'gate/lock' is on"; }, 500, 10, errc::interlocked, "'gate/lock' is on"},
    {"a force", opener(), [](pulsed_output& x) { (void)x.core.force(off, "anna"); }, 500, 1, errc::busy, "forced by anna"},
    {"somebody in front", opener(), [](pulsed_output& x) { x.wish("operator/anna", off, 8); }, 500, 10, errc::busy,
     "operator/anna at priority 8 stands in front"},
    {"it is on", opener(), [](pulsed_output& x) { x.wish("operator/anna", on, 12); }, 500, 10, errc::busy,
     "it is on already: nothing would be seen of the pulse"},
    {"another pulse", opener(), [](pulsed_output& x) { (void)x.pulse(800, 10, true, "rule/b"); x.pass(300); }, 500, 10, errc::busy,
     "a pulse of rule/b runs for another 500 ms; it is not begun anew"},
    {"also of a lower number", opener(), [](pulsed_output& x) { (void)x.pulse(800); }, 500, 3, errc::busy,
     "a pulse of rule/gate runs for another 800 ms; it is not begun anew"},
    {"min-off", with_times, [](pulsed_output& x) { (void)x.pulse(300); x.pass(1300); }, 500, 10, errc::busy,
     "stays off for another 4000 ms (min-off)"},
    {"not for who goes before it", with_times, [](pulsed_output& x) { (void)x.pulse(300); x.pass(1300); }, 500, 5, errc::none, "a pulse of 500 ms"},
    {"shorter than min-on", with_times, nullptr, 199, 5, errc::invalid_argument, "a pulse of 199 ms is outside 200 ms (min-on) to one hour"},
    {"too short", opener(), nullptr, 19, 10, errc::invalid_argument, "a pulse of 19 ms is outside 20 ms (the shortest) to one hour"},
    {"the shortest", opener(), nullptr, 20, 10, errc::none, "a pulse of 20 ms"},
    {"the longest", opener(), nullptr, 3'600'000, 10, errc::none, "a pulse of 3600000 ms"},
    {"too long", opener(), nullptr, 3'600'001, 10, errc::invalid_argument, "a pulse of 3600001 ms is outside 20 ms (the shortest) to one hour"},
    {"priority 0", opener(), nullptr, 500, 0, errc::invalid_argument, "priority 0 is outside 1 to 16"},
    {"no relay", analog, nullptr, 500, 10, errc::unsupported, "'gate/opener' is analog; only digital outputs are pulsed"},
    {"a pin that nobody would let go", held, nullptr, 500, 10, errc::unsupported,
     "'gate/opener' has startup = \"hold\": nobody would end its pulse when the process ends; use safe or last"},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    pulsed_output x{row.c};
    if (row.before)
      row.before(x);
    const auto was = x.last.effective;
    x.shown.clear();
    const auto answer = x.pulse(row.length_ms, row.priority);
    CAF_CHECK_EQUAL(answer.text, row.says);
    CAF_CHECK(answer.code == row.code);
    CAF_CHECK_EQUAL(x.shown.size(), row.code == errc::none ? 1u : 0u);
    if (row.code == errc::none)
      continue;
    // Whatever stood in its way is gone: it is not done now.
    x.forbidden.clear();
    (void)x.core.force({}, "");
    x.wish("operator/anna", {});
    x.pass(20'000);
    for (const auto& [is_on, at] : x.shown)
      CAF_CHECK(!is_on);
  }
}

CAF_TEST(what comes in front cuts a pulse and the rest of it is not shown when that has gone) {
  const struct {
    const char* what;
    void (*come)(pulsed_output& x);
    void (*go)(pulsed_output& x);
  } rows[] = {
    {"an interlock", [](pulsed_output& x) { x.forbidden = "'gate/lock' is on"; }, [](pulsed_output& x) { x.forbidden.clear(); }},
    {"a force", [](pulsed_output& x) { (void)x.core.force(off, "anna"); }, [](pulsed_output& x) { (void)x.core.force({}, ""); }},
    {"an operator", [](pulsed_output& x) { x.wish("operator/anna", off, 8); }, [](pulsed_output& x) { x.wish("operator/anna", {}, 8); }},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    pulsed_output x;
    (void)x.pulse(500);
    x.pass(200);
    row.come(x);
    x.decide();
    CAF_CHECK(!x.last.effective.is_on());
    CAF_REQUIRE_EQUAL(x.ends.size(), 1u);
    CAF_CHECK(!x.ends[0].whole);
    CAF_CHECK_EQUAL(x.ends[0].ran.count(), 200);
    x.pass(50);
    row.go(x);
    x.decide();
    x.pass(1000);
    CAF_CHECK_EQUAL(x.shown.size(), 2u); // on, off, and never on again
    CAF_CHECK_EQUAL(x.ends.size(), 1u);
  }
}

CAF_TEST(who takes back a wish by hand ends the pulse that is its own) {
  pulsed_output x;
  (void)x.pulse(60'000, 8, true, "operator/anna");
  x.wish("operator/bert", {}, 8);
  CAF_CHECK(x.last.effective.is_on());
  x.wish("operator/anna", {}, 8);
  CAF_CHECK(!x.last.effective.is_on());
}

CAF_TEST(a pulse is never held though its source falls silent) {
  auto c = opener();
  c.on_silence = silence_policy::hold;
  pulsed_output x{c};
  (void)x.pulse(500);
  x.pass(1000);
  CAF_CHECK(!x.last.effective.is_on());
  // What it hid is held, when that fell silent meanwhile.
  x.wish("rule/a", on, 10, 700);
  (void)x.pulse(1000, 10, false);
  CAF_CHECK(!x.last.effective.is_on());
  x.pass(1000);
  CAF_CHECK(x.last.effective.is_on());
  CAF_CHECK_EQUAL(x.last.winner, "held");
}

CAF_TEST(what was decided before the output started is refused unless it may be done twice) {
  const struct {
    const char* what;
    pulse_policy policy;
    int up_ms;
    int age_ms;
    int echo_ms; ///< of what it had heard of this output's clock, before now; -1: nothing
    bool done;
  } rows[] = {
    {"decided now", pulse_policy::at_most_once, 1000, 0, -1, true},
    {"decided in this life", pulse_policy::at_most_once, 5000, 4999, -1, true},
    {"decided before it", pulse_policy::at_most_once, 5000, 5001, -1, false},
    {"and it may be done twice", pulse_policy::at_least_once, 5000, 5001, -1, true},
    {"on its way for a while", pulse_policy::at_most_once, 5000, 4950, 100, false},
    {"for not so long", pulse_policy::at_most_once, 5000, 4850, 100, true},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.what);
    auto c = opener();
    c.pulses = row.policy;
    pulsed_output x{c};
    x.core = output_core{c, {}};
    x.core.begin({}, x.now);
    x.pass(row.up_ms);
    command p;
    p.source = "rule/gate";
    p.val = on;
    p.pulse = milliseconds{500};
    p.age = milliseconds{row.age_ms};
    if (row.echo_ms >= 0)
      p.pass.echo = x.now - row.echo_ms * ms;
    const auto answer = x.say(p);
    CAF_CHECK_EQUAL(answer.code == errc::none, row.done);
    if (!row.done)
      CAF_CHECK(answer.code == errc::fenced);
  }
}

CAF_TEST(ids of pulses stand apart from those of commands and are bounded) {
  output_core core{opener(), {}};
  core.remember_pulse("p0", {errc::none, "a pulse of 500 ms", on});
  for (std::size_t i = 0; i < output_core::remembered_ids; ++i)
    core.remember_answer("c" + std::to_string(i), {errc::none, "", off});
  CAF_REQUIRE(core.answered("p0") != nullptr);
  CAF_CHECK_EQUAL(core.answered("p0")->text, "a pulse of 500 ms");
  CAF_CHECK(core.answered("c0") != nullptr);
  core.remember_answer("c64", {errc::none, "", off});
  CAF_CHECK(core.answered("c0") == nullptr);
  for (std::size_t i = 1; i <= output_core::remembered_ids; ++i)
    core.remember_pulse("p" + std::to_string(i), {errc::none, "", on});
  CAF_CHECK(core.answered("p0") == nullptr);
  CAF_CHECK(core.answered("") == nullptr);
}

CAF_TEST(ids are kept as text and what is not such a text keeps none) {
  CAF_CHECK(kept_pulses(keep_pulses({"rule/gate#1", "operator/anna#2"})) == std::deque<std::string>({"rule/gate#1", "operator/anna#2"}));
  for (const auto* text : {"", "{", "[]", "{\"v\":1}", "{\"v\":1,\"ids\":7}", "{\"v\":1,\"ids\":[7]}"})
    CAF_CHECK(kept_pulses(text).empty());
}
