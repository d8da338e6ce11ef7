#undef CAF_SUITE
#define CAF_SUITE input_core

#include "actors/channel/input_core.hpp"
#include "actors/channel/kept.hpp"
#include "tests/support/words.hpp"

#include <caf/test/dsl.hpp>

#include <limits>

using namespace troupe;
using namespace troupe::test;

namespace {

channel_config sensor() {
  channel_config c;
  c.name = "boiler/flow-temp";
  c.kind = value_kind::analog;
  c.scale = 0.1;
  c.offset = -10;
  return c;
}

channel_config button() {
  channel_config c;
  c.name = "hall/button";
  return c;
}

std::string how(const reading& r) { return to_string(r) + " " + to_string(r.told_as); }

/// Samples one a second; what was told after each, "" for nothing.
std::vector<std::string> tell_all(channel_config c, const std::vector<double>& raw) {
  input_core core{std::move(c)};
  std::vector<std::string> out;
  mono_ns now = sec;
  for (const auto x : raw) {
    core.on_sample(x, now, now / 1'000'000);
    const auto r = core.tell(now, now / 1'000'000);
    out.push_back(r ? how(*r) : "");
    now += sec;
  }
  return out;
}

} // namespace

CAF_TEST(samples become readings) {
  const auto with = [](auto change) {
    auto c = sensor();
    change(c);
    return c;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    const char* what;
    channel_config config;
    std::vector<double> raw;
    std::vector<std::string> told;
  } rows[] = {
    {"scaled, and the first is no change I6", sensor(), {310}, {"21 (good) refresh"}},
    {"a change", sensor(), {310, 320}, {"21 (good) refresh", "22 (good) change"}},
    {"the same again is not told", sensor(), {310, 310}, {"21 (good) refresh", ""}},
    {"less than the dead band is not told", with([](auto& c) { c.dead_band = 0.5; }),
     {310, 314, 316}, {"21 (good) refresh", "", "21.6 (good) change"}},
    {"slow drift is told when it has gone that far", with([](auto& c) { c.dead_band = 0.3; }),
     {310, 312, 315}, {"21 (good) refresh", "", "21.5 (good) change"}},
    {"below the limit", with([](auto& c) { c.minimum = 0; }), {50},
     {"-5 (bad, out_of_range) refresh"}},
    {"above the limit and back", with([](auto& c) { c.maximum = 50; }), {310, 700, 310},
     {"21 (good) refresh", "60 (bad, out_of_range) change", "21 (good) change"}},
    {"a substitute stands in while bad",
     with([](auto& c) { c.maximum = 50; c.substitute = value::analog(20); }), {310, 700, 310},
     {"21 (good) refresh", "20 (uncertain, substituted) change", "21 (good) change"}},
    {"no number at all keeps the last", sensor(), {310, nan, 310},
     {"21 (good) refresh", "21 (bad, out_of_range) refresh", "21 (good) refresh"}},
    {"a median swallows one wild sample",
     with([](auto& c) { c.filter = filter_kind::median; c.filter_window = 3; }),
     {310, 310, 9000, 310}, {"21 (good) refresh", "", "", ""}},
    {"a median of two is their middle",
     with([](auto& c) { c.filter = filter_kind::median; c.filter_window = 3; }), {310, 330},
     {"21 (good) refresh", "22 (good) change"}},
    {"an average follows slowly",
     with([](auto& c) { c.filter = filter_kind::average; c.filter_window = 2; }),
     {310, 330, 330}, {"21 (good) refresh", "22 (good) change", "23 (good) change"}},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    const auto told = tell_all(x.config, x.raw);
    CAF_REQUIRE_EQUAL(told.size(), x.told.size());
    for (std::size_t i = 0; i < told.size(); ++i)
      CAF_CHECK_EQUAL(told[i], x.told[i]);
  }
}

CAF_TEST(quality says why) {
  enum act { restored, sampled, forced, unforced, lost, open, late, io, older };
  const struct {
    const char* what;
    std::vector<act> acts;
    const char* told; ///< after the last
  } rows[] = {
    {"nothing is known", {}, "- (bad, no_value) refresh"},
    {"from an earlier life I6", {restored}, "21 (uncertain, restored) restore"},
    {"measured again and equal I6", {restored, sampled}, "21 (good) refresh"},
    {"the bus is lost", {sampled, lost}, "21 (bad, bus_lost) refresh"},
    {"and comes back", {sampled, lost, open}, "21 (good) refresh"},
    {"one late transfer is nothing", {sampled, late}, ""},
    {"two late transfers neither", {sampled, late, late}, ""},
    {"three are", {sampled, late, late, late}, "21 (bad, bus_lost) refresh"},
    {"a good one ends the count", {sampled, late, late, sampled, late}, ""},
    {"a refused read counts at once", {sampled, io}, "21 (bad, bus_lost) refresh"},
    {"old", {sampled, older}, "21 (bad, stale) refresh"},
    {"restored values are old already", {restored, older}, ""},
    {"forced", {sampled, forced}, "50 (uncertain, forced) change"},
    {"forced while the bus is lost", {sampled, lost, forced}, "50 (uncertain, forced) change"},
    {"released", {sampled, forced, unforced}, "21 (good) change"},
    {"forced before anything was known I6", {forced}, "50 (uncertain, forced) refresh"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    auto c = sensor();
    c.stale_after = milliseconds{5000};
    input_core core{c};
    mono_ns now = sec;
    std::string told;
    const auto tell = [&] {
      const auto r = core.tell(now, now / 1'000'000);
      told = r ? how(*r) : "";
    };
    if (x.acts.empty())
      tell();
    for (const auto a : x.acts) {
      reading saved;
      saved.val = value::analog(21);
      switch (a) {
      case restored: core.restore(saved); break;
      case sampled: core.on_sample(310, now, 0); break;
      case forced: core.force(value::analog(50)); break;
      case unforced: core.force({}); break;
      case lost: core.on_lost(); break;
      case open: core.on_open(false); break;
      case late: core.on_sample_trouble({errc::bus_timeout, ""}); break;
      case io: core.on_sample_trouble({errc::io_error, ""}); break;
      case older: now += 5 * sec; break;
      }
      tell();
      now += 1;
    }
    CAF_CHECK_EQUAL(told, x.told);
  }
}

CAF_TEST(each edge is told and those that fell out of the ring are counted) {
  input_core core{button()};
  core.on_level(false, sec, 1000);
  CAF_REQUIRE(core.tell(sec, 1000));
  core.on_dropped(40);
  int told = 0;
  for (int i = 0; i < 5; ++i) {
    core.on_edge({i % 2 == 0, sec + i, 0}, 2 * sec, 2000);
    if (const auto r = core.tell(2 * sec, 2000)) {
      ++told;
      CAF_CHECK(r->told_as == origin::change);
      CAF_CHECK_EQUAL(r->measured_at, sec + i);
    }
  }
  CAF_CHECK_EQUAL(told, 5);
  CAF_CHECK_EQUAL(core.told().changes, 45u);
  CAF_CHECK_EQUAL(core.told().changed_wall, 1001); // stamped by the kernel, not by us
}

CAF_TEST(staleness has a deadline once) {
  auto c = button();
  c.stale_after = milliseconds{5000};
  input_core core{c};
  CAF_CHECK_EQUAL(core.next_deadline(), std::numeric_limits<mono_ns>::max());
  core.on_level(true, sec, 0);
  CAF_REQUIRE(core.tell(sec, 0));
  CAF_CHECK_EQUAL(core.next_deadline(), 6 * sec);
  CAF_REQUIRE(core.tell(6 * sec, 0));
  CAF_CHECK_EQUAL(core.next_deadline(), std::numeric_limits<mono_ns>::max());
}

CAF_TEST(an unchanged value is told again so that its age is seen) {
  input_core core{sensor()};
  int told = 0;
  for (int i = 1; i <= 31; ++i) {
    core.on_sample(310, i * sec, 0);
    const auto r = core.tell(i * sec, 0);
    told += r ? 1 : 0;
    if (r)
      CAF_CHECK(r->told_as == origin::refresh);
  }
  CAF_CHECK_EQUAL(told, 4);
}

CAF_TEST(after a crash in place nothing is told that was told before) {
  input_core core{button()};
  reading told;
  told.val = on;
  told.grade = quality::good;
  told.why = reason::none;
  told.changes = 7;
  told.measured_at = sec;
  core.resume(told);
  CAF_CHECK(!core.tell(2 * sec, 0));
  core.on_edge({false, 3 * sec, 0}, 3 * sec, 3000);
  const auto r = core.tell(3 * sec, 3000);
  CAF_REQUIRE(r);
  CAF_CHECK_EQUAL(how(*r), "off (good) change");
  CAF_CHECK_EQUAL(r->changes, 8u);
}

CAF_TEST(what is kept for the next life comes back and nothing else is believed) {
  reading r;
  r.val = value::analog(21.5);
  r.measured_wall = 5;
  r.changed_wall = 4;
  r.changes = 3;
  const auto back = from_kept(keep(r));
  CAF_REQUIRE(back);
  CAF_CHECK(back->val == r.val);
  CAF_CHECK_EQUAL(back->changed_wall, 4);
  CAF_CHECK_EQUAL(back->changes, 3u);
  CAF_CHECK_EQUAL(to_string(*back), "21.5 (uncertain, restored)");
  for (const char* bad : {"", "{}", "[1]", "{\"kind\":99,\"value\":\"1\"}",
                          "{\"kind\":1,\"value\":\"maybe\"}", "{\"kind\":\"x\",\"value\":1}",
                          "{\"kind\":3,\"value\":\"nan\"}"}) {
    CAF_MESSAGE(bad);
    CAF_CHECK(!from_kept(bad));
  }
}
