// What a node costs as others come: N processes on this machine, each of which
// knows only the one before it, until all see all; then at rest.
//
//   bench_cluster_size [--sizes 3,9,30] [--seconds N]

#include "tests/bench/cluster/farm.hpp"
#include "tests/support/bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

using namespace troupe::bench;
using namespace std::chrono_literals;

namespace {

/// TCP segments with data that the nodes have sent, on their live connections.
double segments_sent(const farm& all) {
  double sum = 0;
  auto* from = ::popen("ss -tinpHO state established 2>/dev/null", "r");
  if (from == nullptr)
    return 0;
  std::string text(1 << 16, '\0');
  while (std::fgets(text.data(), static_cast<int>(text.size()), from) != nullptr) {
    const std::string line = text.c_str();
    const auto at = line.find("data_segs_out:");
    const auto pid = line.find("pid=");
    if (at == std::string::npos || pid == std::string::npos)
      continue;
    const auto who = std::atoi(line.c_str() + pid + 4);
    for (const auto& name : all.names())
      if (all.pid(name) == who)
        sum += std::atof(line.c_str() + at + 14);
  }
  ::pclose(from);
  return sum;
}

struct figures {
  double join_s = 0, rss_mib = 0, cpu_percent = 0, wakeups = 0, segments = 0;
};

bool measure(std::size_t n, std::chrono::seconds window, figures& out) {
  farm all;
  const auto name = [](std::size_t i) { return fmt::format("n{:02}", i); };
  for (std::size_t i = 0; i < n; ++i) {
    farm::plan x{.name = name(i)};
    if (i > 0)
      x.peers = {name(i - 1)};
    all.add(std::move(x));
  }
  all.write();
  const auto began = now_ns();
  for (const auto& one : all.names())
    all.start(one);
  if (all.await_alive(all.names(), n, 120s, 20ms) < 0) {
    std::printf("%zu nodes: they do not all see all within 120 s; the first sees %zu\n", n, all.alive_at(name(0)));
    return false;
  }
  out.join_s = static_cast<double>(now_ns() - began) / 1e9;
  pause(5s);
  const auto look = [&] {
    usage sum;
    for (const auto& one : all.names()) {
      const auto x = usage_of(all.pid(one));
      sum.cpu_s += x.cpu_s;
      sum.wakeups += x.wakeups;
      sum.rss_mib += x.rss_mib;
    }
    return sum;
  };
  const auto before = look();
  const auto sent = segments_sent(all);
  const auto from = now_ns();
  pause(window);
  const auto after = look();
  const auto per = static_cast<double>(n) * static_cast<double>(now_ns() - from) / 1e9;
  out.rss_mib = after.rss_mib / static_cast<double>(n);
  out.cpu_percent = (after.cpu_s - before.cpu_s) / per * 100;
  out.wakeups = (after.wakeups - before.wakeups) / per;
  out.segments = (segments_sent(all) - sent) / per;
  return true;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"The cost of a node as the cluster grows."};
  std::vector<std::size_t> sizes{3, 9, 30};
  long seconds = 20;
  app.add_option("--sizes", sizes)->delimiter(',')->check(CLI::Range(2, 64));
  app.add_option("--seconds", seconds, "at rest, for each size")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  for (const auto n : sizes) {
    figures x;
    if (!measure(n, std::chrono::seconds{seconds}, x))
      continue;
    const auto title = fmt::format("{} nodes: ", n);
    row(title + "started to all see all", x.join_s, "s", 30, better::lower);
    row(title + "resident memory of a node", x.rss_mib, "MiB", 40, better::lower);
    row(title + "CPU of a node at rest, of one core", x.cpu_percent, "%", 1, better::lower);
    note(title + "wake-ups of a node at rest", x.wakeups, "1/s");
    // Eight neighbours, twenty beats a second to each.
    row(title + "data segments that a node sends at rest", x.segments, "1/s", 8 * 20 * 1.1, better::lower);
  }
}
