// store_sim: simulated lives of a cluster's replicated store. See --help.

#include "tests/sim/store/world.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Up to the first colon: which claim it is about.
std::string claim_of(const std::string& failure) { return failure.substr(0, failure.find(':')); }

bool fails_alike(const schedule& x, const std::string& claim) { return claim_of(store_world{x}.run().failure) == claim; }

/// ddmin (Zeller, Hildebrandt, TSE 2002): the fewest actions that still fail.
schedule shrink(schedule x, const std::string& claim) {
  std::size_t chunk = x.actions.size() / 2;
  while (chunk > 0) {
    bool smaller = false;
    for (std::size_t at = 0; at < x.actions.size();) {
      auto less = x;
      less.actions.erase(less.actions.begin() + static_cast<std::ptrdiff_t>(at),
                         less.actions.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, x.actions.size())));
      if (fails_alike(less, claim)) {
        x = std::move(less);
        smaller = true;
      } else {
        at += chunk;
      }
    }
    if (!smaller || chunk > x.actions.size())
      chunk = std::min(chunk / 2, x.actions.size());
  }
  return x;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates lives of a replicated store: real stores and replicators on simulated disks, clocks\n"
               "and networks, with faults drawn from a seed. Exits with 1 if a life went wrong."};
  std::uint64_t seed = std::random_device{}();
  std::uint64_t count = 1000;
  unsigned nodes = 0;
  bool small = false, story = false, go_on = false, statistics = false;
  app.add_option("--seed", seed, "first seed (default: a fresh one)");
  app.add_option("--count", count, "so many lives")->capture_default_str();
  app.add_option("--nodes", nodes, "so many nodes, 2 to 8 (default: drawn from 2 to 5)")->check(CLI::Range(0, 8));
  app.add_flag("--story", story, "tell what happens in each life");
  app.add_flag("--shrink", small, "of the first life that fails, look for the fewest actions that still fail, and tell its story");
  app.add_flag("--go-on", go_on, "do not stop at the first failure");
  app.add_flag("--statistics", statistics, "tell how much happened, and how fast");
  app.footer("Examples:\n  store_sim --count 100000 --statistics\n  store_sim --seed 4711 --count 1 --story\n"
             "  store_sim --seed 4711 --count 1 --shrink");
  CLI11_PARSE(app, argc, argv);
  std::cout << fmt::format("store_sim --seed {} --count {}{}", seed, count, nodes ? fmt::format(" --nodes {}", nodes) : "")
            << std::endl;
  store_world::result sum;
  std::map<std::string, std::uint64_t> failures;
  std::uint64_t lives = 0;
  mono_ns slowest = 0;
  std::uint64_t slowest_seed = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < count; ++i, ++lives) {
    auto how = schedule::drawn(seed + i, nodes);
    std::vector<std::string> lines;
    const auto x = store_world{how, story ? &lines : nullptr}.run();
    for (const auto& line : lines)
      std::cout << line << '\n';
    sum.operations += x.operations;
    sum.pulses += x.pulses;
    sum.starts += x.starts;
    sum.frames += x.frames;
    sum.wholes += x.wholes;
    sum.repairs += x.repairs;
    sum.acks += x.acks;
    if (x.converged_after > slowest) {
      slowest = x.converged_after;
      slowest_seed = how.seed;
    }
    if (x.failure.empty())
      continue;
    std::cout << fmt::format("seed {}: {}\n  again: store_sim --seed {} --count 1{} --story\n", how.seed, x.failure, how.seed,
                             nodes ? fmt::format(" --nodes {}", nodes) : "");
    ++failures[x.failure.substr(0, x.failure.find(':') + 24)];
    if (small) {
      how = shrink(how, claim_of(x.failure));
      lines.clear();
      const auto again = store_world{how, &lines}.run();
      std::cout << fmt::format("the fewest actions that still fail, {} nodes:\n", how.nodes);
      for (const auto& line : lines)
        std::cout << "  " << line << '\n';
    }
    if (!go_on) {
      ++lives;
      break;
    }
  }
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (statistics)
    std::cout << fmt::format("{} lives in {:.1f} s, {:.0f}/s: {} writes, {} acknowledged, {} pulses, {} starts, {} frames, "
                             "{} whole states, {} repairs; the slowest was equal after {:.1f} s (seed {})\n",
                             lives, seconds, static_cast<double>(lives) / seconds, sum.operations, sum.acks, sum.pulses,
                             sum.starts, sum.frames, sum.wholes, sum.repairs, static_cast<double>(slowest) / 1e9, slowest_seed);
  for (const auto& [what, times] : failures)
    std::cout << fmt::format("{} x  {}\n", times, what);
  std::cout << (failures.empty() ? "no violation\n" : "");
  return failures.empty() ? 0 : 1;
}
