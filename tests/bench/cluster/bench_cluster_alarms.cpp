// Three nodes, all well, on a machine that is not: every core twice taken by
// busy loops, or a disk that comes back from no sync all the time. Whoever is
// called suspect or down is called so wrongly.
//
//   bench_cluster_alarms [--seconds N] [--kinds load,disk]

#include "tests/bench/cluster/stories.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/busy_loops.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <thread>

using namespace troupe::bench;
using namespace std::chrono_literals;

namespace {

// Something to write: counters and outputs that change, entries of the journal.
const std::string busy_house = R"(
[bus.sim]
driver = "sim"
speed = 60
[channel."hall/button"]
bus = "sim"
line = "hall.button"
[channel."hall/motion"]
bus = "sim"
line = "hall.motion"
[channel."hall/lamp"]
bus = "sim"
line = "hall.lamp"
direction = "output"
[rule.light]
outputs = ["hall/lamp"]
lua = '''
set("hall/lamp", on("hall/motion") or on("hall/button"))
'''
)";

void watch(const std::string& name, unsigned loops, bool stalled_disk, std::chrono::seconds time) {
  farm all;
  const auto stall = all.dir() + "/stall";
  stories tell{all};
  for (const auto* one : {"a", "b", "c"}) {
    farm::plan x{.name = one};
    for (const auto* peer : {"a", "b", "c"})
      if (peer != x.name)
        x.peers.push_back(peer);
    if (x.name == "a")
      x.house = busy_house;
    if (stalled_disk)
      x.environment = {"LD_PRELOAD=" TROUPE_STALLED_DISK, "TROUPE_STALL=" + stall};
    all.add(std::move(x));
  }
  all.write();
  for (const auto& one : all.names())
    all.start(one);
  if (all.await_alive(all.names(), 3, 120s, 50ms) < 0)
    throw std::runtime_error("three nodes do not link\n" + all.log("a"));
  for (const auto& one : all.names())
    tell.follow(one);
  pause(1s);
  tell.forget();
  const auto cpu = usage_of(all.pid("a")).cpu_s;
  {
    const troupe::test::busy_loops weight{loops};
    if (stalled_disk)
      std::ofstream{stall} << "stall";
    pause(time);
  }
  pause(1s); // what was said last
  std::size_t suspect = 0, down = 0;
  for (const auto& x : tell.all()) {
    const auto is = x.standing();
    suspect += is == "suspect" ? 1 : 0;
    down += is == "down" ? 1 : 0;
    if (is == "suspect" || is == "down")
      std::printf("  %s of %s: %s\n", x.by.c_str(), x.of.c_str(), x.text.c_str());
  }
  const auto title = fmt::format("{}, {} s: ", name, time.count());
  note(title + "CPU of a node, of one core", (usage_of(all.pid("a")).cpu_s - cpu) / static_cast<double>(time.count()) * 100, "%");
  row(title + "called suspect, all well", static_cast<double>(suspect), "", 0.5, better::lower);
  row(title + "called down, all well", static_cast<double>(down), "", 0.5, better::lower);
  all.kill_all();
  tell.end();
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Do busy nodes call each other dead?"};
  long seconds = 60;
  std::vector<std::string> kinds{"load", "disk"};
  app.add_option("--seconds", seconds, "of each kind")->capture_default_str();
  app.add_option("--kinds", kinds)->delimiter(',')->check(CLI::IsMember({"load", "disk"}));
  CLI11_PARSE(app, argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  for (const auto& kind : kinds)
    if (kind == "load") {
      const auto loops = 2 * std::max(1u, std::thread::hardware_concurrency());
      watch(fmt::format("{} busy loops on {} cores", loops, loops / 2), loops, false, std::chrono::seconds{seconds});
    } else {
      watch("stalled disks", 0, true, std::chrono::seconds{seconds});
    }
}
