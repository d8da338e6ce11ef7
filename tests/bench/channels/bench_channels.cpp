// Channels, counters and buses on fake hardware, against floors measured in the
// same run. Usage: bench_channels [most channels, default 10000; 100000 takes minutes]
#include "tests/support/bench.hpp"
#include "tests/support/histogram.hpp"
#include "tests/support/live_node.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

using namespace troupe;
using namespace troupe::test;
using bench::better;

namespace {

constexpr mono_ns us = 1000;

mono_ns now() { return system_clocks().mono(); }

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return s(u.ru_utime) + s(u.ru_stime);
}

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  double size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

channel_config channel(const std::string& name, direction dir) {
  channel_config c;
  c.name = name;
  c.line.line = name;
  c.dir = dir;
  return c;
}

// --- pulses per second -------------------------------------------------------

void pulses() {
  live_node node;
  node.add_bus();
  node.add_counter("meter");
  if (!comes([&] { return node.hw.edge("meter", false, now()) == 1; }))
    return std::puts("the meter's line was not opened"), std::abort();
  constexpr int seconds = 3;
  constexpr int rate = 200'000;
  const auto cpu = cpu_seconds();
  const auto begun = now();
  std::uint64_t sent = 0;
  while (sent < static_cast<std::uint64_t>(seconds) * rate) {
    // Paced as a kernel's bursts are: a hundred edges at a time.
    for (int i = 0; i < 100; ++i)
      sent += node.hw.edge("meter", true, now());
    const auto due = begun + static_cast<mono_ns>(sent) * (1'000'000'000 / rate);
    while (now() < due)
      std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  const auto took = static_cast<double>(now() - begun) / 1e9;
  const auto used = cpu_seconds() - cpu;
  const bool exact = comes([&] {
    return node.live.get("meter")->val.number() == static_cast<double>(sent);
  });
  bench::row("pulses per second summed, fake driver included",
             static_cast<double>(sent) / took, "pulses/s", 190'000, better::higher);
  bench::row("share of one core at that rate, fake driver included", used / took * 100, "%", 100,
             better::lower);
  bench::row("pulses lost", exact ? 0 : 1, "", 0.5, better::lower);
}

// --- edge to action ----------------------------------------------------------

/// One thread wakes another through an eventfd and back is told by a store:
/// what a bare loop needs from edge to line.
double floor_us() {
  const int fd = eventfd(0, 0);
  std::atomic<mono_ns> woken{0};
  std::atomic<bool> end{false};
  std::thread reader{[&] {
    std::uint64_t x = 0;
    while (!end)
      if (read(fd, &x, sizeof x) == sizeof x)
        woken.store(now());
  }};
  std::vector<double> samples;
  const std::uint64_t one = 1;
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds{500});
    woken = 0;
    const auto begun = now();
    if (write(fd, &one, sizeof one) != sizeof one)
      std::abort();
    while (woken.load() == 0)
      std::this_thread::yield();
    samples.push_back(static_cast<double>(woken.load() - begun) / us);
  }
  end = true;
  if (write(fd, &one, sizeof one) != sizeof one)
    std::abort();
  reader.join();
  close(fd);
  return bench::percentile(samples, 0.5);
}

/// A rule's place: woken by the input's change, commands the output.
class follower final : public storage::watcher {
public:
  follower(services& all) : all_(all) {}
  void on_change(const std::string&) noexcept override {
    const auto r = all_.live.get("button");
    command x;
    x.output = "lamp";
    x.source = "rule/follow";
    x.val = r->val;
    all_.names.send("lamp", std::move(x));
  }

private:
  services& all_;
};

void edge_to_action() {
  const auto floor = floor_us();
  live_node node;
  node.add_bus();
  node.add_channel(channel("button", direction::input));
  node.add_channel(channel("lamp", direction::output));
  if (!comes([&] { return node.hw.edge("button", false, now()) == 1 && node.live.get("lamp"); }))
    return std::puts("the lines were not opened"), std::abort();
  auto rule = std::make_shared<follower>(*node.all);
  node.live.watch("button", rule);
  std::vector<double> samples;
  std::vector<mono_ns> drawn;
  bool level = false;
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds{500});
    level = !level;
    const auto begun = now();
    node.hw.edge("button", level, begun);
    while (node.hw.pin("lamp") != (level ? 1 : 0))
      std::this_thread::yield();
    drawn.push_back(now() - begun);
    samples.push_back(static_cast<double>(now() - begun) / us);
  }
  const auto p50 = bench::percentile(samples, 0.5);
  bench::note("wake-up of a thread by an eventfd, p50", floor, "us");
  bench::row("edge to line: input, watcher, output, bus; p50", p50, "us", 2 * floor,
             better::lower);
  bench::note("edge to line, in wake-ups of the floor", p50 / floor, "x");
  tell("edge to line", drawn);
  bench::note("edge to line, p99", bench::percentile(samples, 0.99), "us");
}

// --- memory ------------------------------------------------------------------

void memory(std::size_t channels) {
  live_node node{2, supervision::limits{}}; // as the daemon asks them
  node.add_bus();
  const auto before = resident_bytes();
  const auto begun = now();
  for (std::size_t i = 0; i < channels; ++i) {
    // As the daemon makes them.
    const auto config = channel("in/" + std::to_string(i), direction::input);
    child_spec spec;
    spec.id = config.name;
    spec.type = "input";
    spec.make = make_channel(*node.all, node.desk, config);
    spec.on_quarantine = channel_quarantine(*node.all, node.desk, config);
    node.add(std::move(spec));
  }
  const bool all = comes(
    [&] {
      const auto last = node.live.get("in/" + std::to_string(channels - 1));
      return last && last->grade == quality::good;
    },
    milliseconds{120'000});
  const auto took = static_cast<double>(now() - begun) / 1e9;
  const auto each = (resident_bytes() - before) / static_cast<double>(channels);
  bench::row(std::to_string(channels) + " input channels, supervised: bytes each", each, "B", 6000,
             better::lower);
  bench::note("  added and open after", took, all ? "s" : "s (not all came up)");
}

} // namespace

int main(int argc, char** argv) {
  const std::size_t most = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  pulses();
  edge_to_action();
  memory(std::min<std::size_t>(most, 10'000));
  if (most > 10'000)
    memory(most);
  return 0;
}
