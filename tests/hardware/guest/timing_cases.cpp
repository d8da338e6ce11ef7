#include "tests/hardware/guest/cases.hpp"

namespace troupe::hardware {

namespace {

void pause(unsigned ms) {
  std::this_thread::sleep_for(milliseconds{ms});
}

/// Presses a button that bounces: four short pulses, then the level stands.
void press(const sim_line& pin, bool level) {
  for (int i = 0; i < 4; ++i) {
    pin.drive(level);
    pause(1);
    pin.drive(!level);
    pause(1);
  }
  pin.drive(level);
}

// The kernel debounces in jiffies (4 ms in Debian), so a period may last 8 ms more.
constexpr unsigned period = 10;
constexpr unsigned stands = 50;

void debounce(findings& f, edge_kind edges, bool active_low, std::size_t expected) {
  const sim_chip chip{"rain"};
  const sim_line pin{chip, 0};
  pin.drive(active_low);
  test::edge_log log;
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  auto config = line_at("gauge", edges);
  config.debounce = milliseconds{period};
  config.active_low = active_low;
  auto input = (*bus)->open_digital_input(config, log);
  if (!f.check(input, "the input opens"))
    return;
  for (int i = 0; i < 20; ++i)
    for (const bool pressed : {true, false}) {
      const auto start = system_clocks().mono();
      press(pin, pressed != active_low);
      const auto bounced = (*input)->level();
      f.check(bounced && *bounced == !pressed, "a bounce does not move the level");
      pause(stands);
      const auto settled = (*input)->level();
      f.check(settled && *settled == pressed, "the level follows once it stands");
      const auto known = log.edges();
      if (edges == edge_kind::both && !known.empty()) {
        f.check(known.back().at >= start + period * 1'000'000,
                "an edge is stamped when it became certain");
        f.check(known.back().at <= start + stands * 1'000'000, "and not much later");
      }
    }
  const auto seen = log.edges();
  f.check(seen.size() == expected,
          "edges: " + std::to_string(seen.size()) + " of " + std::to_string(expected));
  f.check(log.gaps().empty(), "bouncing is no gap");
}

void short_pulses(findings& f) {
  const sim_chip chip{"rain"};
  const sim_line pin{chip, 0};
  pin.drive(false);
  test::edge_log log;
  auto bus = open_rain();
  if (!f.check(bus, "the bus opens"))
    return;
  auto config = line_at("gauge", edge_kind::both);
  config.debounce = milliseconds{period};
  auto input = (*bus)->open_digital_input(config, log);
  if (!f.check(input, "the input opens"))
    return;
  for (int i = 0; i < 20; ++i) {
    pin.drive(true);
    pause(2);
    pin.drive(false);
    pause(stands);
  }
  f.check(log.edges().empty(), "pulses shorter than the period never happened");
}

} // namespace

std::vector<test_case> timing_cases() {
  return {
    {"virtual", "a bouncing button is one edge each way",
     [](findings& f) { debounce(f, edge_kind::both, false, 40); }},
    {"virtual", "a bouncing button counts once, rising only",
     [](findings& f) { debounce(f, edge_kind::rising, false, 20); }},
    {"virtual", "an active-low button bounces no less",
     [](findings& f) { debounce(f, edge_kind::both, true, 40); }},
    {"virtual", "pulses shorter than the debounce are nothing", short_pulses},
  };
}

} // namespace troupe::hardware
