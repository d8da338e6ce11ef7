#include "tests/hardware/guest/cases.hpp"

#include <sys/utsname.h>

namespace troupe::hardware {

namespace {

/// Linux wakes a poll on a vanished chip since 6.5; before, `check` finds out.
bool wakes_by_itself() {
  utsname kernel{};
  uname(&kernel);
  int major = 0;
  int minor = 0;
  std::sscanf(kernel.release, "%d.%d", &major, &minor);
  return major > 6 || (major == 6 && minor >= 5);
}

void unplug(findings& f) {
  sim_chip chip{"loose"};
  bus_config config;
  config.name = "loose";
  config.chip = "loose";
  test::edge_log log;
  sim_line{chip, 0}.drive(false);
  {
    auto bus = drivers::open_gpio_bus(config);
    if (!f.check(bus, "the bus opens"))
      return;
    auto input = (*bus)->open_digital_input(line_at("0", edge_kind::both), log);
    auto second = (*bus)->open_digital_input(line_at("1", edge_kind::rising), log);
    auto output = (*bus)->open_digital_output(line_at("2", edge_kind::none), true);
    if (!f.check(input, "an input") || !f.check(second, "another")
        || !f.check(output, "an output"))
      return;
    f.check((*bus)->check(), "all is well");
    sim_line{chip, 0}.drive(true);
    f.check(test::eventually([&] { return log.edges().size() == 1; }, milliseconds{1000}),
            "an edge comes");
    chip.unplug();
    if (wakes_by_itself())
      f.check(
        test::eventually([&] { return log.losses().size() == 2; }, milliseconds{1000}),
        "both sinks hear of it unasked");
    const auto state = (*bus)->check();
    f.check(!state && state.why().code == errc::device_lost,
            "check says that the chip is gone");
    f.check(test::eventually([&] { return log.losses().size() == 2; }, milliseconds{1000}),
            "both sinks have heard of it, once");
    for (const auto& x : log.losses())
      f.check(x.code == errc::device_lost && !x.context.empty(),
              "and why: " + to_string(x));
    const auto level = (*input)->level();
    f.check(!level && level.why().code == errc::device_lost, "level says so too");
    const auto set = (*output)->set(false);
    f.check(!set && set.why().code == errc::device_lost, "set says so too");
    test::edge_log other;
    const auto more = (*bus)->open_digital_input(line_at("3", edge_kind::both), other);
    f.check(!more && more.why().code == errc::device_lost, "and opening another line");
    const auto again = drivers::open_gpio_bus(config);
    f.check(!again && again.why().code == errc::not_found,
            "the bus cannot be opened again yet");
  }
  chip.plug();
  sim_line pin{chip, 0};
  pin.drive(false);
  log.clear();
  auto bus = drivers::open_gpio_bus(config);
  if (!f.check(bus, "plugged in again the bus opens"))
    return;
  auto input = (*bus)->open_digital_input(line_at("0", edge_kind::both), log);
  if (!f.check(input, "and its lines"))
    return;
  f.check((*bus)->check(), "and is well");
  pin.drive(true);
  f.check(test::eventually([&] { return log.edges().size() == 1; }, milliseconds{1000}),
          "and edges come");
  f.check(log.losses().empty() && log.gaps().empty(), "and nothing else");
}

} // namespace

std::vector<test_case> unplug_cases() {
  return {{"real", "an unplugged chip is told, and opens again", unplug},
          {"real", "and a second time", unplug}};
}

} // namespace troupe::hardware
