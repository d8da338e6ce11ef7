#undef CAF_SUITE
#define CAF_SUITE bus

#include <caf/test/dsl.hpp>

#include "tests/unit/sim/probe.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace troupe;
using namespace troupe::test;

CAF_TEST(an output that is set is heard on its loop) {
  auto house = open_house("loop");
  CAF_REQUIRE(house);
  probe heard;
  auto in = house->open_digital_input(line("in.7"), heard);
  auto out = house->open_digital_output(line("out.7"), false);
  CAF_REQUIRE(in);
  CAF_REQUIRE(out);
  const auto before = system_clocks().mono();
  CAF_REQUIRE((*out)->set(true));
  CAF_REQUIRE(heard.wait([](probe& p) { return p.edges.size() == 1; }));
  CAF_CHECK(heard.edges[0].level);
  CAF_CHECK_EQUAL(heard.edges[0].sequence, 1u);
  CAF_CHECK_GREATER_OR_EQUAL(heard.edges[0].at, before);
  CAF_CHECK_LESS_OR_EQUAL(heard.edges[0].at, system_clocks().mono());
  CAF_CHECK(*(*in)->level());
  CAF_CHECK(*(*out)->level());
}

CAF_TEST(edges are told as they were asked for) {
  struct row {
    edge_kind kinds;
    bool active_low;
    std::vector<bool> levels; // of out.1: on, off, on
  };
  const row rows[] = {
    {edge_kind::both, false, {true, false, true}},
    {edge_kind::rising, false, {true, true}},
    {edge_kind::falling, false, {false}},
    {edge_kind::both, true, {false, true, false}},
    {edge_kind::rising, true, {true}},
    {edge_kind::none, false, {}},
  };
  auto house = open_house("kinds");
  CAF_REQUIRE(house);
  for (const auto& r : rows) {
    auto out = house->open_digital_output(line("out.1"), false);
    auto mark = house->open_digital_output(line("out.2"), false);
    std::this_thread::sleep_for(std::chrono::milliseconds{20}); // the loop follows
    probe heard, marked;
    auto config = line("in.1", r.kinds);
    config.active_low = r.active_low;
    auto in = house->open_digital_input(config, heard);
    auto end = house->open_digital_input(line("in.2"), marked);
    CAF_REQUIRE(out && mark && in && end);
    CAF_CHECK_EQUAL(*(*in)->level(), r.active_low);
    for (const bool level : {true, false, true})
      CAF_REQUIRE((*out)->set(level));
    CAF_REQUIRE((*mark)->set(true));
    // One thread tells everything in order: when the mark is heard, all was.
    CAF_REQUIRE(marked.wait([](probe& p) { return p.edges.size() == 1; }));
    CAF_REQUIRE_EQUAL(heard.edge_count(), r.levels.size());
    for (std::size_t i = 0; i < r.levels.size(); ++i) {
      CAF_CHECK_EQUAL(heard.edges[i].level, r.levels[i]);
      CAF_CHECK_EQUAL(heard.edges[i].sequence, i + 1);
      CAF_CHECK(i == 0 || heard.edges[i].at >= heard.edges[i - 1].at);
    }
    CAF_CHECK_EQUAL(*(*in)->level(), !r.active_low);
  }
}

CAF_TEST(a bouncing contact is one edge and what is shorter never was) {
  for (const double speed : {1.0, 60.0}) {
    auto house = open_house("bounce" + std::to_string(speed), speed);
    CAF_REQUIRE(house);
    probe heard, marked;
    auto config = line("in.1");
    // In the house's own time, as its buttons are pressed.
    config.debounce = milliseconds{static_cast<int>(200 * speed)};
    auto out = house->open_digital_output(line("out.1"), false);
    auto mark = house->open_digital_output(line("out.2"), false);
    auto in = house->open_digital_input(config, heard);
    auto end = house->open_digital_input(line("in.2"), marked);
    CAF_REQUIRE(out && mark && in && end);
    for (int i = 0; i < 10; ++i)
      for (const bool level : {true, false})
        CAF_REQUIRE((*out)->set(level)); // ends as it began: nothing happened
    CAF_REQUIRE((*mark)->set(true));
    CAF_REQUIRE(marked.wait([](probe& p) { return p.edges.size() == 1; }));
    CAF_CHECK_EQUAL(*(*in)->level(), false);
    std::this_thread::sleep_for(milliseconds{300});
    CAF_CHECK_EQUAL(heard.edge_count(), 0u);
    const auto pressed = system_clocks().mono();
    for (const bool level : {true, false, true, false, true})
      CAF_REQUIRE((*out)->set(level));
    CAF_REQUIRE(heard.wait([](probe& p) { return p.edges.size() == 1; }));
    CAF_CHECK(heard.edges[0].level);
    CAF_CHECK_EQUAL(heard.edges[0].sequence, 1u);
    CAF_CHECK(heard.edges[0].at >= pressed + 190'000'000); // stamped when it was certain
    CAF_CHECK_EQUAL(*(*in)->level(), true);
    std::this_thread::sleep_for(milliseconds{300});
    CAF_CHECK_EQUAL(heard.edge_count(), 1u);
  }
}

CAF_TEST(a line has one holder and the wrong kind is refused) {
  auto house = open_house("kind");
  CAF_REQUIRE(house);
  probe p;
  auto in = house->open_digital_input(line("hall.button"), p);
  CAF_REQUIRE(in);
  const auto again = house->open_digital_input(line("hall.button"), p);
  CAF_REQUIRE(!again);
  CAF_CHECK(again.why().code == errc::busy);
  CAF_CHECK(again.why().context.find("test/hall.button") != std::string::npos);
  in->reset();
  CAF_CHECK(house->open_digital_input(line("hall.button"), p));
  CAF_CHECK(house->open_digital_input(line("hall.lamp"), p).why().code == errc::unsupported);
  CAF_CHECK(house->open_analog_input(line("hall.lamp")).why().code == errc::unsupported);
  CAF_CHECK(house->open_digital_output(line("living.dimmer"), {}).why().code == errc::unsupported);
  const auto absent = house->open_digital_input(line("attic.button"), p);
  CAF_REQUIRE(!absent);
  CAF_CHECK(absent.why().code == errc::not_found);
  CAF_CHECK(absent.why().context.find("hall.motion") != std::string::npos);
}

CAF_TEST(analog lines read and dim within their limits) {
  auto house = open_house("analog");
  CAF_REQUIRE(house);
  auto temp = house->open_analog_input(line("living.temp"));
  auto dimmer = house->open_analog_output(line("living.dimmer"), 25.0);
  CAF_REQUIRE(temp && dimmer);
  CAF_CHECK(std::abs(*(*temp)->read() - 19) < 1);
  CAF_CHECK_EQUAL(*(*dimmer)->level(), 25);
  for (const double wrong : {-0.1, 100.1, std::nan("")})
    CAF_CHECK((*dimmer)->set(wrong).why().code == errc::invalid_argument);
  CAF_CHECK_EQUAL(*(*dimmer)->level(), 25);
}

CAF_TEST(a reopened bus finds the house as it was left) {
  {
    auto house = open_house("kept", 1000);
    CAF_REQUIRE(house);
    CAF_REQUIRE(house->open_digital_output(line("hall.lamp"), true));
    CAF_REQUIRE(house->open_digital_output(line("water.valve"), false));
  }
  auto house = open_house("kept", 1000);
  CAF_REQUIRE(house);
  CAF_CHECK(*(*house->open_digital_output(line("hall.lamp"), std::nullopt))->level());
  CAF_CHECK(!*(*house->open_digital_output(line("water.valve"), std::nullopt))->level());
  house.reset();
  auto other = open_house("kept", 1000, 2); // another seed is another house
  CAF_CHECK(!*(*other->open_digital_output(line("hall.lamp"), std::nullopt))->level());
}

CAF_TEST(numbered pulses keep their rate and their stamps) {
  auto house = open_house("rate");
  CAF_REQUIRE(house);
  probe p;
  auto in = house->open_digital_input(line("pulse.4@1000", edge_kind::rising), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() >= 200; }));
  in->reset();
  for (std::size_t i = 1; i < p.edges.size(); ++i) {
    CAF_REQUIRE_EQUAL(p.edges[i].at - p.edges[i - 1].at, 1'000'000);
    CAF_REQUIRE_EQUAL(p.edges[i].sequence, i + 1);
  }
}

CAF_TEST(after an input is gone its sink is never called) {
  auto house = open_house("gone");
  CAF_REQUIRE(house);
  for (int round = 0; round < 50; ++round) {
    auto heard = std::make_unique<probe>();
    auto in = house->open_digital_input(line("pulse.1@100000"), *heard);
    CAF_REQUIRE(in);
    CAF_REQUIRE(heard->wait([](probe& p) { return p.edges.size() > 10; }));
    in->reset();
    heard.reset(); // a late call would touch freed memory
  }
}

CAF_TEST(a fast house does an hour in a moment) {
  auto house = open_house("fast", 3600);
  CAF_REQUIRE(house);
  probe meter;
  auto in = house->open_digital_input(line("meter.power", edge_kind::rising), meter);
  auto heater = house->open_digital_output(line("living.heater"), true);
  CAF_REQUIRE(in && heater);
  // 2 kW are 2000 pulses an hour, and an hour is a second.
  CAF_REQUIRE(meter.wait([](probe& p) { return p.edges.size() >= 1000; }));
  CAF_CHECK(house->describe().find("speed 3600") != std::string::npos);
}

CAF_TEST(lines tell who holds them) {
  auto house = open_house("list");
  CAF_REQUIRE(house);
  probe p;
  auto in = house->open_digital_input(line("in.12"), p);
  auto far = house->open_digital_input(line("in.9999"), p);
  auto temp = house->open_analog_input(line("bath.temp"));
  std::map<std::string, drivers::line_info> all;
  for (const auto& info : house->lines())
    all[info.line] = info;
  CAF_CHECK_EQUAL(all.size(), house->lines().size()); // no line twice
  CAF_CHECK_EQUAL(all.size(), 21u + 3 * 16 + 1);
  CAF_CHECK(all["in.3"].used_by.empty());
  CAF_CHECK_EQUAL(all["in.12"].used_by, "test/in.12");
  CAF_CHECK_EQUAL(all["bath.temp"].used_by, "test/bath.temp");
  CAF_CHECK(all["bath.temp"].input && all["bath.temp"].analog);
  CAF_CHECK(!all["hall.lamp"].input && !all["hall.lamp"].analog);
  CAF_CHECK(all["hall.lamp"].used_by.empty());
}

CAF_TEST(a speed that no house can run at is refused) {
  for (const double speed : {0.0, -1.0, 1e6, std::nan("")}) {
    bus_config config;
    config.name = "speed";
    config.speed = speed;
    const auto opened = drivers::open_sim_bus(config);
    CAF_REQUIRE(!opened);
    CAF_CHECK(opened.why().code == errc::invalid_argument);
  }
}

CAF_TEST(an idle house hardly wakes up) {
  auto house = open_house("idle");
  CAF_REQUIRE(house);
  auto heater = house->open_digital_output(line("living.heater"), true);
  const auto wake_ups = [] {
    std::uint64_t sum = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
      std::string word;
      std::ifstream{task.path() / "comm"} >> word;
      if (word != "sim")
        continue;
      std::ifstream in{task.path() / "status"};
      while (in >> word && word != "voluntary_ctxt_switches:") {
      }
      std::uint64_t n = 0;
      in >> n;
      sum += n;
    }
    return sum;
  };
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const auto before = wake_ups();
  CAF_REQUIRE(before > 0);
  std::this_thread::sleep_for(std::chrono::seconds{4});
  const auto used = wake_ups() - before;
  CAF_MESSAGE(used << " wake-ups in 4 s with one heater on");
  CAF_CHECK(used <= 16); // 4 physics steps, 2 pulses of 2 edges, visitors
}
