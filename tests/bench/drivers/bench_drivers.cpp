// What the drivers without hardware deliver into a sink that only counts: the
// ceiling for everything that is measured above them.

#include "drivers/replay/reader.hpp"
#include "drivers/replay/replay_bus.hpp"
#include "drivers/sim/house.hpp"
#include "drivers/sim/sim_bus.hpp"
#include "tests/support/bench.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace troupe;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t pulses = 2'000'000;

class counter final : public drivers::edge_sink {
public:
  void on_edge(const drivers::edge&) noexcept override {
    if (count.load(std::memory_order_relaxed) == 0)
      first = clock_type::now();
    if (count.fetch_add(1, std::memory_order_relaxed) + 1 == pulses)
      last = clock_type::now();
  }
  void on_gap(const drivers::gap&) noexcept override {}
  void on_lost(const error&) noexcept override {}

  std::atomic<std::uint64_t> count{0};
  clock_type::time_point first;
  clock_type::time_point last;
};

double seconds(clock_type::duration d) { return std::chrono::duration<double>{d}.count(); }

line_config rising(const std::string& name) {
  line_config config;
  config.line = name;
  config.edges = edge_kind::rising;
  return config;
}

/// @returns edges a second, or 0 if the bus did not open or did not finish.
double pulses_per_second(const result<std::unique_ptr<drivers::bus>>& bus, const std::string& line) {
  if (!bus)
    return 0;
  counter sink;
  const auto in = (*bus)->open_digital_input(rising(line), sink);
  if (!in)
    return 0;
  if (line.starts_with("pulse.")) {
    if (!(*bus)->set_fault("pulse-burst=1000000", line, true)
        || !(*bus)->set_fault("pulse-burst=1000000", line, true))
      return 0;
  }
  for (int i = 0; i < 6000 && sink.count < pulses; ++i)
    std::this_thread::sleep_for(10ms);
  return sink.count == pulses ? static_cast<double>(pulses - 1) / seconds(sink.last - sink.first) : 0;
}

void replay(const std::string& directory) {
  const auto file = directory + "/pulses.rec";
  {
    std::ofstream out{file};
    out << "troupe-recording 1\n";
    for (std::uint64_t i = 0; i < pulses; ++i)
      out << i << " meter rising\n";
  }
  const auto begin = clock_type::now();
  const auto facts = drivers::replay::validate(file);
  bench::row("replay: lines of a recording checked when it is opened",
             facts ? static_cast<double>(pulses) / seconds(clock_type::now() - begin) : 0, "lines/s",
             1'000'000, bench::better::higher);
  bus_config config;
  config.name = "tape";
  config.file = file;
  config.pace = 0;
  bench::row("replay: edges delivered at pace 0", pulses_per_second(drivers::open_replay_bus(config), "meter"),
             "edges/s", 1'000'000, bench::better::higher);
}

void house() {
  bus_config config;
  config.name = "house";
  bench::row("sim: pulses of a burst delivered", pulses_per_second(drivers::open_sim_bus(config), "pulse.0"),
             "pulses/s", 1'000'000, bench::better::higher);
  drivers::sim::house model{1};
  std::vector<drivers::sim::contact_edge> edges;
  const auto begin = clock_type::now();
  model.advance(86'400 * drivers::sim::second, edges);
  bench::row("sim: a day of the house computed", seconds(clock_type::now() - begin) * 1e3, "ms", 1000,
             bench::better::lower);
}

/// What the process uses while nobody looks, for a speed of the house.
void idle(double speed) {
  bus_config config;
  config.name = "idle";
  config.speed = speed;
  const auto bus = drivers::open_sim_bus(config);
  if (!bus)
    return;
  std::this_thread::sleep_for(100ms);
  const auto before = std::clock();
  std::this_thread::sleep_for(5s);
  bench::note("sim: CPU of an idle house at speed " + std::to_string(static_cast<int>(speed)),
              static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / 5 * 100, "%");
}

} // namespace

int main() {
  std::string directory = std::filesystem::temp_directory_path() / ("bench-drivers." + std::string(6, 'X'));
  if (mkdtemp(directory.data()) == nullptr)
    return 1;
  replay(directory);
  std::filesystem::remove_all(directory);
  house();
  idle(1);
  idle(60);
}
