#include "tests/support/driver_contract.hpp"

#include "tests/support/edge_log.hpp"

#include <algorithm>
#include <thread>

namespace troupe::test {

namespace {

constexpr const char* no_such_line = "no-such-line";

/// A claim that keeps who made it, and says why a call failed.
class court {
public:
  court(driver_bench& bench, claim claim) : bench(bench), claim_(std::move(claim)) {}

  void holds(bool x, const std::string& what) { claim_(x, what); }

  template <class T>
  bool succeeds(const result<T>& x, const std::string& what) {
    claim_(bool{x}, x ? what : what + ", but: " + to_string(x.why()));
    return bool{x};
  }

  template <class T>
  void fails(const result<T>& x, errc code, const std::string& what) {
    if (x)
      return claim_(false, what + ", but it succeeds");
    claim_(x.why().code == code, what + ", but it is " + to_string(x.why()));
    claim_(!x.why().context.empty(), what + ", and says what to do");
  }

  std::unique_ptr<drivers::bus> open() {
    auto bus = bench.open();
    return succeeds(bus, "the bus opens") ? std::move(bus).value() : nullptr;
  }

  driver_bench& bench;

private:
  claim claim_;
};

line_config plain(const std::string& line) {
  line_config config;
  config.line = line;
  config.consumer = "contract";
  config.max_rate_hz = 1e6;
  return config;
}

void stay_silent(court& c, edge_log& log, const std::string& what) {
  const auto before = log.calls();
  std::this_thread::sleep_for(c.bench.silence());
  c.holds(log.calls() == before, what);
}

/// The pin goes there and back `times` times, each edge seen before the next.
void swing(court& c, edge_log& log, unsigned times, bool both) {
  for (unsigned i = 0; i < times; ++i)
    for (const bool level : {true, false}) {
      const auto before = log.edges().size();
      if (!c.bench.drive(level))
        return;
      if (both || level)
        c.holds(eventually([&] { return log.edges().size() > before; }, c.bench.patience()),
                "an edge that is made arrives");
    }
}

void check_edges(court& c, const std::vector<drivers::edge>& edges, bool alternate) {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const auto& e = edges[i];
    c.holds(e.at > 0 && e.at <= system_clocks().mono(),
            "stamps are monotonic times, and past");
    c.holds((e.sequence != 0) == c.bench.numbered(), "all edges are numbered, or none");
    if (i == 0) {
      if (c.bench.numbered())
        c.holds(e.sequence == 1, "numbers begin at 1");
      continue;
    }
    c.holds(e.at >= edges[i - 1].at, "stamps never go back");
    if (c.bench.numbered())
      c.holds(e.sequence == edges[i - 1].sequence + 1,
              "numbers have no holes without a gap");
    if (alternate)
      c.holds(e.level != edges[i - 1].level, "both edges alternate");
  }
}

void edges_of_a_driven_line(court& c, drivers::bus& bus) {
  c.bench.drive(false);
  edge_log log;
  {
    auto input = bus.open_digital_input(plain(c.bench.digital_input()), log);
    if (!c.succeeds(input, "an input opens for edges"))
      return;
    const auto low = (*input)->level();
    c.holds(low && !*low, "a low pin reads low");
    swing(c, log, 20, true);
    c.holds(log.edges().size() == 40, "every edge comes once");
    check_edges(c, log.edges(), true);
    c.holds(log.gaps().empty() && log.losses().empty(), "and nothing else comes");
    c.bench.drive(true);
    c.holds(eventually([&] { return log.edges().size() == 41; }, c.bench.patience()),
            "one more edge comes");
    const auto high = (*input)->level();
    c.holds(high && *high, "a high pin reads high");
  }
  const auto before = log.calls();
  c.bench.drive(false);
  c.bench.drive(true);
  stay_silent(c, log, "a destroyed input calls its sink no more");
  c.holds(log.calls() == before, "not even at once");
  c.bench.drive(false);
}

void only_wanted_edges(court& c, drivers::bus& bus) {
  struct row {
    const char* what;
    edge_kind edges;
    bool active_low;
    std::size_t count;
    bool level;
  };
  const row rows[] = {
    {"rising edges only", edge_kind::rising, false, 3, true},
    {"falling edges only", edge_kind::falling, false, 3, false},
    {"active-low turns rising into falling", edge_kind::falling, true, 3, false},
    {"active-low turns falling into rising", edge_kind::rising, true, 3, true},
    {"no edges", edge_kind::none, false, 0, false},
  };
  for (const auto& row : rows) {
    c.bench.drive(false);
    edge_log log;
    auto config = plain(c.bench.digital_input());
    config.edges = row.edges;
    config.active_low = row.active_low;
    auto input = bus.open_digital_input(config, log);
    if (!c.succeeds(input, std::string{row.what} + ": the input opens"))
      continue;
    const auto rest = (*input)->level();
    c.holds(rest && *rest == row.active_low,
            std::string{row.what} + ": a low pin reads as it is wired");
    for (unsigned i = 0; i < 3; ++i) {
      c.bench.drive(true);
      c.bench.drive(false);
      c.holds(
        eventually(
          [&] { return log.edges().size() >= std::min<std::size_t>(i + 1, row.count); },
          c.bench.patience()),
        std::string{row.what} + ": each pulse is one edge");
    }
    stay_silent(c, log, std::string{row.what} + ": and no more");
    const auto edges = log.edges();
    c.holds(edges.size() == row.count, std::string{row.what} + ": as many as pulses");
    c.holds(std::all_of(edges.begin(), edges.end(),
                        [&](const auto& e) { return e.level == row.level; }),
            std::string{row.what} + ": of the wanted kind");
    check_edges(c, edges, false);
  }
}

void edges_that_come_by_themselves(court& c, drivers::bus& bus) {
  edge_log log;
  {
    auto input = bus.open_digital_input(plain(c.bench.digital_input()), log);
    if (!c.succeeds(input, "an input opens for edges"))
      return;
    c.succeeds((*input)->level(), "it has a level");
    c.holds(eventually([&] { return log.edges().size() >= 4; }, c.bench.patience()),
            "edges come");
  }
  const auto count = log.calls();
  stay_silent(c, log, "a destroyed input calls its sink no more");
  c.holds(log.calls() == count, "not even at once");
  check_edges(c, log.edges(), true);
}

} // namespace

void bus_contract(driver_bench& bench, const claim& say) {
  court c{bench, say};
  auto bus = c.open();
  if (!bus)
    return;
  const auto text = bus->describe();
  c.holds(!text.empty() && text.find('\n') == std::string::npos,
          "describes itself in one line");
  c.succeeds(bus->check(), "a fresh bus is well");

  edge_log log;
  const auto lines = bus->lines();
  for (const auto& x : lines)
    c.holds(!x.line.empty(), "every line it lists has an address");
  for (const auto& own : {bench.digital_input(), bench.digital_output()})
    if (!own.empty())
      c.holds(
        std::any_of(lines.begin(), lines.end(),
                    [&](const auto& x) { return x.line == own && x.used_by.empty(); }),
        "lists '" + own + "' as free");

  // What is not there says so, and how.
  const auto unknown = plain(no_such_line);
  const auto lacks = [&](const std::string& own) {
    return own.empty() ? errc::unsupported : errc::not_found;
  };
  c.fails(bus->open_digital_input(unknown, log), lacks(bench.digital_input()),
          "an unknown digital input is refused");
  c.fails(bus->open_digital_output(unknown, false), lacks(bench.digital_output()),
          "an unknown digital output is refused");
  c.fails(bus->open_analog_input(unknown), lacks(bench.analog_input()),
          "an unknown analog input is refused");
  c.fails(bus->open_analog_output(unknown, 0.0), lacks(bench.analog_output()),
          "an unknown analog output is refused");

  c.holds(!bus->set_fault("no-such-fault", "", true), "an unknown fault is refused");
  for (const auto& fault : bus->faults())
    c.holds(!fault.name.empty() && !fault.help.empty() && !fault.active,
            "the fault '" + fault.name + "' is explained, and off at the start");
}

void digital_input_contract(driver_bench& bench, const claim& say) {
  court c{bench, say};
  auto bus = c.open();
  if (!bus || bench.digital_input().empty())
    return;
  const auto config = plain(bench.digital_input());
  edge_log log;
  {
    auto input = bus->open_digital_input(config, log);
    if (!c.succeeds(input, "an input opens"))
      return;
    const auto lines = bus->lines();
    c.holds(std::any_of(lines.begin(), lines.end(),
                        [&](const auto& x) {
                          return x.line == config.line && x.used_by == config.consumer;
                        }),
            "an open input is listed with its consumer");
    edge_log second;
    c.fails(bus->open_digital_input(config, second), errc::busy, "a line opens once");
  }
  c.succeeds(bus->open_digital_input(config, log), "a released line opens again");
  if (!bench.held_line().empty()) {
    const auto refused = bus->open_digital_input(plain(bench.held_line()), log);
    c.fails(refused, errc::busy, "a line in other hands is busy");
    c.holds(!refused && refused.why().context.find(bench.holder()) != std::string::npos,
            "and the text names the holder");
  }
  const bool driven = bench.drive(false);
  if (!driven)
    edges_that_come_by_themselves(c, *bus);
  else
    edges_of_a_driven_line(c, *bus);
  if (driven && bench.electrical())
    only_wanted_edges(c, *bus);
}

void digital_output_contract(driver_bench& bench, const claim& say) {
  court c{bench, say};
  auto bus = c.open();
  if (!bus || bench.digital_output().empty())
    return;
  auto config = plain(bench.digital_output());
  const auto shows = [&](bool level, const std::string& what) {
    const auto now = bench.shown();
    c.holds(!now || *now == level, what);
  };
  for (const bool active_low : {false, true}) {
    if (active_low && !bench.electrical())
      break;
    config.active_low = active_low;
    const std::string how = active_low ? " (active-low)" : "";
    for (const bool level : {true, false}) {
      auto output = bus->open_digital_output(config, level);
      if (!c.succeeds(output, "an output opens at a level" + how))
        return;
      shows(level != active_low, "it shows the level that it was opened with" + how);
      for (const bool next : {!level, level, level, !level}) {
        c.succeeds((*output)->set(next), "it can be set" + how);
        shows(next != active_low, "and shows it" + how);
        const auto back = (*output)->level();
        c.holds(back && *back == next, "and reads it back" + how);
      }
    }
  }
  config.active_low = false;
  {
    auto output = bus->open_digital_output(config, std::nullopt);
    if (!c.succeeds(output, "an output opens without a level"))
      return;
    c.succeeds((*output)->level(), "and has one");
    c.fails(bus->open_digital_output(config, false), errc::busy, "an output opens once");
  }
  c.succeeds(bus->open_digital_output(config, false), "a released output opens again");
}

void analog_input_contract(driver_bench& bench, const claim& say) {
  court c{bench, say};
  auto bus = c.open();
  if (!bus || bench.analog_input().empty())
    return;
  const auto config = plain(bench.analog_input());
  auto input = bus->open_analog_input(config);
  if (!c.succeeds(input, "an analog input opens"))
    return;
  const auto value = (*input)->read();
  c.succeeds(value, "it can be read");
  c.holds(value && *value == *value, "a reading is a number");
  c.fails(bus->open_analog_input(config), errc::busy, "an analog input opens once");
  input.value().reset();
  c.succeeds(bus->open_analog_input(config), "a released analog input opens again");
}

void analog_output_contract(driver_bench& bench, const claim& say) {
  court c{bench, say};
  auto bus = c.open();
  if (!bus || bench.analog_output().empty())
    return;
  const auto config = plain(bench.analog_output());
  auto output = bus->open_analog_output(config, 0.0);
  if (!c.succeeds(output, "an analog output opens at a level"))
    return;
  for (const double raw : {1.0, 0.5, 0.0}) {
    c.succeeds((*output)->set(raw), "it can be set");
    const auto back = (*output)->level();
    c.holds(back && *back == raw, "and reads it back");
  }
  c.fails(bus->open_analog_output(config, 0.0), errc::busy, "an analog output opens once");
  output.value().reset();
  c.succeeds(bus->open_analog_output(config, std::nullopt), "a released one opens again");
}

void driver_contract(driver_bench& bench, const claim& say) {
  bus_contract(bench, say);
  digital_input_contract(bench, say);
  digital_output_contract(bench, say);
  analog_input_contract(bench, say);
  analog_output_contract(bench, say);
}

} // namespace troupe::test
