#undef CAF_SUITE
#define CAF_SUITE faults

#include <caf/test/dsl.hpp>

#include "drivers/sim/faults.hpp"
#include "tests/unit/sim/probe.hpp"

#include <atomic>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

bool is_on(drivers::bus& house, const std::string& name, const std::string& where) {
  for (const auto& f : house.faults())
    if (f.name == name && f.line == where && f.active)
      return true;
  return false;
}

template <class Until>
bool wait_until(Until until) {
  for (int i = 0; i < 5000; ++i) {
    if (until())
      return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

} // namespace

CAF_TEST(every fault is listed with help and can be switched on and off) {
  auto house = open_house("list-of-faults");
  CAF_REQUIRE(house);
  const auto all = house->faults();
  CAF_CHECK_EQUAL(all.size(), 14u);
  for (const auto& f : all) {
    CAF_MESSAGE(f.name << ": " << f.help);
    CAF_CHECK(!f.active);
    CAF_CHECK(!f.help.empty());
    CAF_CHECK(house->set_fault(f.name, f.line, true));
    const bool once = f.name == "button" || f.name == "pulse-burst" || f.name == "edge-loss";
    CAF_CHECK_EQUAL(is_on(*house, f.name, f.line), !once);
    CAF_CHECK(house->set_fault(f.name, f.line, false));
    CAF_CHECK(!is_on(*house, f.name, f.line));
  }
}

CAF_TEST(a fault that cannot be is refused with a way out) {
  struct row {
    const char* name;
    const char* line;
    errc code;
    const char* text;
  };
  const row rows[] = {
    {"flood", "", errc::not_found, "it has bus-hang, bus-lost"},
    {"edge-storm", "attic.button", errc::not_found, "no line 'attic.button'"},
    {"edge-storm", "hall.lamp", errc::invalid_argument, "a digital input, such as hall.button"},
    {"sensor-stuck", "hall.button", errc::invalid_argument, "an analog input"},
    {"leak", "hall.button", errc::invalid_argument, "leave the line out"},
    {"pulse-rate", "meter.power", errc::invalid_argument, "pulse.0 to pulse.9999"},
    {"pulse-burst=0", "", errc::invalid_argument, "above 0, at most 1000000"},
    {"pulse-burst=many", "", errc::invalid_argument, "the amount is 'many'"},
    {"pulse-burst=1e9", "", errc::invalid_argument, "at most 1000000"},
    {"leak=3", "", errc::invalid_argument, "takes no amount"},
  };
  auto house = open_house("refused");
  CAF_REQUIRE(house);
  for (const auto& r : rows) {
    const auto done = house->set_fault(r.name, r.line, true);
    CAF_MESSAGE(r.name << " " << r.line);
    CAF_REQUIRE(!done);
    CAF_CHECK(done.why().code == r.code);
    CAF_CHECK(done.why().context.find(r.text) != std::string::npos);
  }
}

CAF_TEST(I11 faults and deeds are bounded) {
  drivers::sim::fault_board board{"bounded"};
  for (int i = 0; i < 64; ++i)
    CAF_REQUIRE(board.set("button", "", true));
  CAF_CHECK(board.set("button", "", true).why().code == errc::over_limit);
  for (int i = 0; i < 1024; ++i)
    CAF_REQUIRE(board.set("pulse-rate", "pulse." + std::to_string(i), true));
  CAF_CHECK(board.set("pulse-rate", "pulse.5000", true).why().code == errc::over_limit);
  CAF_CHECK(board.set("pulse-rate", "", false)); // all of them
  CAF_CHECK(board.states().empty());
}

CAF_TEST(leak: the floor is wet within seconds) {
  auto house = open_house("leak", 20);
  probe p;
  auto in = house->open_digital_input(line("kitchen.leak"), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("leak", "", true));
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() == 1; }));
  CAF_CHECK(p.edges[0].level);
}

CAF_TEST(button: a finger presses now) {
  auto house = open_house("button");
  probe p;
  auto in = house->open_digital_input(line("in.5"), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("button", "in.5", true));
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() == 2; }));
  CAF_CHECK_EQUAL(p.edges[1].at - p.edges[0].at, 200'000'000);
}

CAF_TEST(sensor faults: dead for one or for all and stuck) {
  auto house = open_house("sensors", 1000);
  auto living = house->open_analog_input(line("living.temp"));
  auto bath = house->open_analog_input(line("bath.temp"));
  probe p;
  auto button = house->open_digital_input(line("hall.button"), p);
  CAF_REQUIRE(living && bath && button);
  CAF_REQUIRE(house->set_fault("sensor-dead", "living.temp", true));
  CAF_CHECK((*living)->read().why().code == errc::bus_timeout);
  CAF_CHECK((*bath)->read());
  CAF_REQUIRE(house->set_fault("sensor-dead", "hall.button", true));
  CAF_CHECK((*button)->level().why().code == errc::bus_timeout);
  CAF_REQUIRE(house->set_fault("sensor-dead", "", false)); // clears it everywhere
  CAF_CHECK((*living)->read());
  CAF_CHECK((*button)->level());
  CAF_REQUIRE(house->set_fault("sensor-dead", "", true)); // all that measure
  CAF_CHECK((*bath)->read().why().code == errc::bus_timeout);
  CAF_CHECK((*button)->level());
  CAF_REQUIRE(house->set_fault("sensor-dead", "", false));

  CAF_REQUIRE(house->set_fault("sensor-drift", "living.temp", true)); // 3 K each 3.6 s
  const double before = *(*living)->read();
  CAF_CHECK(wait_until([&] { return *(*living)->read() > before + 1; }));
  CAF_REQUIRE(house->set_fault("sensor-stuck", "living.temp", true));
  std::this_thread::sleep_for(400ms);
  const double stuck = *(*living)->read();
  std::this_thread::sleep_for(600ms);
  CAF_CHECK_EQUAL(*(*living)->read(), stuck);
}

CAF_TEST(load: the meter runs) {
  auto house = open_house("load", 10);
  probe p;
  auto in = house->open_digital_input(line("meter.power", edge_kind::rising), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("load=72000", "", true)); // 20 pulses a model second
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() >= 100; }));
}

CAF_TEST(bus-slow: a call takes as long as asked) {
  auto house = open_house("slow");
  auto temp = house->open_analog_input(line("bath.temp"));
  CAF_REQUIRE(temp);
  CAF_REQUIRE(house->set_fault("bus-slow=80", "", true));
  const auto begin = std::chrono::steady_clock::now();
  CAF_CHECK((*temp)->read());
  CAF_CHECK(std::chrono::steady_clock::now() - begin >= 80ms);
}

CAF_TEST(I8 bus-hang: calls hang until it is cleared from another thread) {
  auto house = open_house("hang");
  auto temp = house->open_analog_input(line("bath.temp"));
  probe p;
  auto in = house->open_digital_input(line("pulse.1@200"), p);
  CAF_REQUIRE(temp && in);
  CAF_REQUIRE(house->set_fault("bus-hang", "", true));
  std::atomic<bool> returned{false};
  std::atomic<bool> good{false};
  std::thread caller{[&] {
    good = static_cast<bool>((*temp)->read());
    returned = true;
  }};
  const auto heard = p.edge_count();
  CAF_CHECK(p.wait([&](probe& x) { return x.edges.size() > heard + 20; })); // edges go on
  CAF_CHECK(!returned);
  CAF_CHECK(drivers::sim::board_of("hang")->set("bus-hang", "", false));
  caller.join();
  CAF_CHECK(good);
}

CAF_TEST(bus-lost: sinks are told once and only reopening helps) {
  auto house = open_house("lost");
  probe p;
  auto in = house->open_digital_input(line("pulse.1@500"), p);
  auto temp = house->open_analog_input(line("bath.temp"));
  CAF_REQUIRE(in && temp);
  CAF_REQUIRE(house->check());
  CAF_REQUIRE(house->set_fault("bus-lost", "", true));
  CAF_CHECK((*temp)->read().why().code == errc::device_lost);
  CAF_CHECK(house->check().why().code == errc::device_lost);
  CAF_REQUIRE(p.wait([](probe& x) { return x.losses.size() == 1; }));
  const auto heard = p.edge_count();
  CAF_CHECK(!open_house("lost"));
  CAF_REQUIRE(house->set_fault("bus-lost", "", false));
  CAF_CHECK((*temp)->read().why().code == errc::device_lost);
  CAF_CHECK(house->check().why().context.find("open it again") != std::string::npos);
  auto again = open_house("lost");
  CAF_REQUIRE(again);
  probe q;
  auto other = again->open_digital_input(line("pulse.1@500"), q);
  CAF_REQUIRE(other);
  CAF_REQUIRE(q.wait([](probe& x) { return x.edges.size() > 20; }));
  CAF_CHECK_EQUAL(p.edge_count(), heard);
  CAF_CHECK_EQUAL(p.losses.size(), 1u);
}

CAF_TEST(faults outlive a reopened bus) {
  auto house = open_house("outlive");
  CAF_REQUIRE(house->set_fault("sensor-dead", "bath.temp", true));
  house = open_house("outlive");
  CAF_CHECK(is_on(*house, "sensor-dead", "bath.temp"));
  CAF_CHECK((*house->open_analog_input(line("bath.temp")))->read().why().code
            == errc::bus_timeout);
  CAF_CHECK(!is_on(*open_house("another"), "sensor-dead", "bath.temp"));
}

CAF_TEST(pulse-burst: every pulse is delivered) {
  auto house = open_house("burst");
  probe p;
  auto in = house->open_digital_input(line("pulse.2", edge_kind::rising), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("pulse-burst=20000", "pulse.2", true));
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() == 20'000; }));
  for (std::size_t i = 0; i < p.edges.size(); ++i)
    CAF_REQUIRE_EQUAL(p.edges[i].sequence, i + 1);
}

CAF_TEST(edge-storm: a contact flickers until it is cleared) {
  auto house = open_house("storm");
  probe p;
  auto in = house->open_digital_input(line("in.1"), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("edge-storm=2000", "in.1", true));
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() >= 500; }));
  CAF_REQUIRE(house->set_fault("edge-storm", "in.1", false));
  CAF_CHECK(wait_until([&] { return !*(*in)->level(); }));
  std::this_thread::sleep_for(20ms);
  const auto heard = p.edge_count();
  std::this_thread::sleep_for(50ms);
  CAF_CHECK_EQUAL(p.edge_count(), heard);
}

CAF_TEST(I3 edge-loss: what was dropped is told as a gap and seen in the sequence) {
  auto house = open_house("loss");
  probe p;
  auto in = house->open_digital_input(line("pulse.3@500", edge_kind::rising), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() >= 10; }));
  CAF_REQUIRE(house->set_fault("edge-loss=25", "pulse.3", true));
  CAF_REQUIRE(p.wait([](probe& x) { return !x.gaps.empty(); }));
  const auto heard = p.edge_count();
  CAF_REQUIRE(p.wait([&](probe& x) { return x.edges.size() > heard + 10; }));
  in->reset();
  CAF_REQUIRE_EQUAL(p.gaps.size(), 1u);
  CAF_CHECK_EQUAL(p.gaps[0].missed_at_most, 25u);
  CAF_CHECK_EQUAL(p.edges.back().sequence, p.edges.size() + 25);
}

CAF_TEST(pulse-rate: changes and stops) {
  auto house = open_house("pulse-rate");
  probe p;
  auto in = house->open_digital_input(line("pulse.8", edge_kind::rising), p);
  CAF_REQUIRE(in);
  CAF_REQUIRE(house->set_fault("pulse-rate=1000", "pulse.8", true));
  CAF_REQUIRE(p.wait([](probe& x) { return x.edges.size() >= 100; }));
  CAF_REQUIRE(house->set_fault("pulse-rate", "pulse.8", false));
  std::this_thread::sleep_for(20ms);
  const auto heard = p.edge_count();
  std::this_thread::sleep_for(50ms);
  CAF_CHECK_EQUAL(p.edge_count(), heard);
}

CAF_TEST(an abandoned bus and its successor share the house but not the deeds) {
  auto abandoned = open_house("twins");
  probe old;
  auto in = abandoned->open_digital_input(line("in.1"), old);
  CAF_REQUIRE(abandoned->open_digital_output(line("hall.lamp"), true));
  auto successor = open_house("twins");
  probe fresh;
  auto now = successor->open_digital_input(line("in.1"), fresh);
  CAF_REQUIRE(in && now);
  CAF_REQUIRE(successor->set_fault("button", "in.1", true));
  CAF_REQUIRE(fresh.wait([](probe& x) { return x.edges.size() == 2; }));
  CAF_CHECK_EQUAL(old.edge_count(), 0u);
  in->reset();
  abandoned.reset();
  CAF_CHECK(*(*successor->open_digital_output(line("hall.lamp"), std::nullopt))->level());
}
