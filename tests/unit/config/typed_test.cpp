#undef CAF_SUITE
#define CAF_SUITE typed

#include "config/load/check.hpp"
#include "config/load/typed.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

// One of everything, no field at its default where it has an effect.
house_config full_house() {
  house_config x;
  bus_config gpio;
  gpio.name = "gpio0";
  gpio.driver = "gpio";
  gpio.chip = "pinctrl";
  gpio.call_timeout = milliseconds{250};
  gpio.reopen_every = milliseconds{3000};
  gpio.reader_priority = 50;
  gpio.node = "boiler";
  bus_config sim;
  sim.name = "sim";
  sim.driver = "sim";
  sim.seed = 77;
  sim.speed = 60;
  bus_config replay;
  replay.name = "tape";
  replay.driver = "replay";
  replay.file = "/tmp/x.rec";
  replay.pace = 0;
  x.buses = {gpio, sim, replay};

  channel_config button;
  button.name = "hall/button";
  button.bus = "gpio0";
  button.line = {"17", "hall/button", true, edge_kind::both, bias_kind::pull_up,
                 drive_kind::push_pull, milliseconds{20}, 20, 64};
  button.label = "Button";
  button.stale_after = milliseconds{86'400'000};
  button.substitute = value::digital(true);
  channel_config temp;
  temp.name = "hall/temp";
  temp.bus = "sim";
  temp.line.line = "living.temp";
  temp.line.consumer = temp.name;
  temp.kind = value_kind::analog;
  temp.unit = "°C";
  temp.poll_every = milliseconds{500};
  temp.stale_after = milliseconds{5000};
  temp.scale = 0.1;
  temp.offset = -40;
  temp.minimum = -40;
  temp.maximum = 60;
  temp.dead_band = 0.05;
  temp.filter = filter_kind::median;
  temp.filter_window = 7;
  temp.substitute = value::analog(18);
  channel_config lamp;
  lamp.name = "hall/lamp";
  lamp.bus = "gpio0";
  lamp.line.line = "relay-1";
  lamp.line.consumer = lamp.name;
  lamp.line.drive = drive_kind::open_drain;
  lamp.dir = direction::output;
  lamp.safe = value::digital(true);
  lamp.lease = milliseconds{10'000};
  lamp.startup = startup_policy::hold;
  lamp.min_on = milliseconds{2000};
  lamp.min_off = milliseconds{3000};
  lamp.interlock = {"hall/other"};
  lamp.read_back = "hall/button";
  lamp.read_back_within = milliseconds{400};
  channel_config other = lamp;
  other.name = other.line.consumer = "hall/other";
  other.line.line = "relay-2";
  other.interlock = {"hall/lamp"};
  channel_config dimmer;
  dimmer.name = "hall/dimmer";
  dimmer.bus = "sim";
  dimmer.line.line = "living.dimmer";
  dimmer.line.consumer = dimmer.name;
  dimmer.dir = direction::output;
  dimmer.kind = value_kind::analog;
  dimmer.safe = value::analog(0);
  dimmer.max_slope = 50;
  dimmer.startup = startup_policy::last;
  x.channels = {button, temp, lamp, other, dimmer};

  counter_config meter;
  meter.name = "meter/power";
  meter.bus = "gpio0";
  meter.line = counting_line();
  meter.line.line = "4";
  meter.line.consumer = meter.name;
  meter.line.edges = edge_kind::falling;
  meter.pulses_per_unit = 1000;
  meter.unit = "kWh";
  meter.label = "Power";
  meter.rate_factor = 3.6e6;
  meter.rate_unit = "W";
  meter.rate_window = milliseconds{30'000};
  meter.stale_after = milliseconds{3'600'000};
  x.counters = {meter};

  rule_config rule;
  rule.name = "hall-light";
  rule.lua = "-- a\nset(\"hall/lamp\", on('hall/button'))\n";
  rule.priority = 9;
  rule.label = "Light";
  rule.every = milliseconds{1000};
  rule.lease = milliseconds{2000};
  rule.instructions = 5000;
  rule.memory_bytes = 256 << 10;
  rule.node = "server-1";
  rule.outputs = {"hall/lamp"};
  x.rules = {rule};

  drill_config drill;
  drill.name = "night-watch";
  drill.kind = drill_kind::degrade_link;
  drill.target = "server-1";
  drill.peer = "server-2";
  drill.at = "Sun 03:00";
  drill.length = milliseconds{10'000};
  drill.limit = milliseconds{450};
  drill.settle = milliseconds{60'000};
  drill.delay = milliseconds{150};
  drill.loss = 2.5;
  drill.even_so = true;
  drill.node = "server-2";
  drill_config clock;
  clock.name = "clock";
  clock.kind = drill_kind::skew_clock;
  clock.target = "server-1";
  clock.every = milliseconds{86'400'000};
  clock.by = "-10m";
  x.drills = {drill, clock};
  return x;
}

std::string trouble(const result<channel_config>& x) { return x ? "" : x.why().context; }

} // namespace

CAF_TEST(a house survives the way to documents and back) {
  const auto wanted = full_house();
  const auto docs = to_documents(wanted);
  for (const auto& x : check(docs))
    CAF_ERROR(x.to_string());
  const auto back = to_house(docs);
  CAF_REQUIRE(back);
  CAF_CHECK(back->buses == wanted.buses);
  CAF_CHECK(back->channels == wanted.channels);
  CAF_CHECK(back->counters == wanted.counters);
  CAF_CHECK(back->rules == wanted.rules);
  CAF_CHECK(back->drills == wanted.drills);
}

CAF_TEST(documents say only what differs from the defaults) {
  bus_config x;
  x.name = "s";
  x.driver = "sim";
  CAF_CHECK_EQUAL(to_document(x).body, (nlohmann::json{{"driver", "sim"}}));
  // A lease of an input is without effect, and would be refused when read.
  channel_config in;
  in.lease = milliseconds{1000};
  in.bus = "s";
  in.line.line = "1";
  CAF_CHECK_EQUAL(to_document(in).body, (nlohmann::json{{"bus", "s"}, {"line", "1"}}));
}

CAF_TEST(a channel tells the system its name) {
  const auto it = to_channel(make_document("channel", "hall/lamp", {{"bus", "s"}, {"line", 4}}));
  CAF_REQUIRE(it);
  CAF_CHECK_EQUAL(it->line.consumer, "hall/lamp");
  CAF_CHECK_EQUAL(it->line.line, "4");
}

CAF_TEST(an analog output is safe at zero unless it says otherwise) {
  const auto it = to_channel(make_document(
    "channel", "x", {{"bus", "s"}, {"line", "1"}, {"direction", "output"}, {"kind", "analog"}}));
  CAF_REQUIRE(it);
  CAF_CHECK(it->safe == value::analog(0));
}

CAF_TEST(a stored key of a newer release is passed over and a wrong value is not) {
  const nlohmann::json good = {{"bus", "s"}, {"line", "1"}};
  auto body = good;
  body["from-tomorrow"] = {1, 2};
  CAF_CHECK_EQUAL(trouble(to_channel(make_document("channel", "x", body))), "");
  body = good;
  body["poll-every"] = 5;
  CAF_CHECK_EQUAL(trouble(to_channel(make_document("channel", "x", body))),
                  "channel 'x': poll-every is 5, a number without a unit. Write \"5s\" for seconds "
                  "or \"5ms\" for milliseconds.");
  body = good;
  body.erase("bus");
  CAF_CHECK_EQUAL(trouble(to_channel(make_document("channel", "x", body))),
                  "channel 'x': bus is missing. Add bus = \"gpio0\", for example.");
  body = good;
  body["substitute"] = 4.5;
  CAF_CHECK_EQUAL(trouble(to_channel(make_document("channel", "x", body))),
                  "channel 'x': substitute must be on or off");
  CAF_CHECK_EQUAL(trouble(to_channel(make_document("counter", "x", good))),
                  "'x' is a counter, where a channel is wanted");
  CAF_CHECK_NOT_EQUAL(trouble(to_channel(make_document("channel", "X", good))), "");
}

CAF_TEST(a house with a wrong part is no house) {
  auto docs = to_documents(full_house());
  for (auto& x : docs)
    if (x.section == "rule")
      x.body["priority"] = 17;
  const auto it = to_house(docs);
  CAF_REQUIRE(!it);
  CAF_CHECK_EQUAL(it.why().context,
                  "rule 'hall-light': priority is 17, but 16 is the most. Use 16 or less.");
  CAF_CHECK(!to_house({make_document("node", "", {})}));
}
