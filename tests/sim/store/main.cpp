// store_sim: simulated lives of a cluster's replicated store. See --help.

#include "tests/sim/store/world.hpp"
#include "tests/support/progress.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Up to the first colon: which claim it is about.
std::string claim_of(const std::string& failure) { return failure.substr(0, failure.find(':')); }

bool fails_alike(const schedule& x, const std::string& claim) { return claim_of(store_world{x}.run().failure) == claim; }

/// ddmin (Zeller, Hildebrandt, TSE 2002): the fewest actions that still fail.
schedule shrink(schedule x, const std::string& claim) {
  std::size_t chunk = x.actions.size() / 2;
  while (chunk > 0 && progress::signal() == 0) {
    bool smaller = false;
    for (std::size_t at = 0; at < x.actions.size() && progress::signal() == 0;) {
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

/// What to do, and what came of it. Threads: `live` may be called by several.
class campaign {
public:
  std::uint64_t seed = std::random_device{}();
  std::uint64_t count = 1000;
  unsigned nodes = 0;
  bool past = false;
  bool small = false, story = false, go_on = false;

  void run(unsigned jobs) {
    so_far_.emplace("store_sim", count);
    std::vector<std::thread> others;
    for (unsigned i = 1; i < jobs; ++i)
      others.emplace_back([this] { work(); });
    work();
    for (auto& x : others)
      x.join();
  }

  [[nodiscard]] std::string command(std::uint64_t first, std::uint64_t lives) const {
    return fmt::format("store_sim --seed {} --count {}{}{}", first, lives, nodes ? fmt::format(" --nodes {}", nodes) : "", past ? " --past" : "");
  }

  std::uint64_t lives = 0;
  store_world::result sum;
  std::map<std::string, std::uint64_t> failures; ///< by what they begin with
  std::uint64_t slowest_seed = 0;

private:
  void work() {
    while (!over_ && progress::signal() == 0) {
      const auto i = next_++;
      if (i >= count)
        return;
      live(seed + i);
    }
  }

  void live(std::uint64_t of) {
    const auto how = schedule::drawn(of, nodes, past);
    std::vector<std::string> lines;
    const auto x = store_world{how, story ? &lines : nullptr}.run();
    std::lock_guard lock{told_};
    ++lives;
    so_far_->life(x.failure.empty());
    for (const auto& line : lines)
      std::cout << line << '\n';
    sum.operations += x.operations;
    sum.pulses += x.pulses;
    sum.starts += x.starts;
    sum.frames += x.frames;
    sum.wholes += x.wholes;
    sum.repairs += x.repairs;
    sum.acks += x.acks;
    if (x.converged_after > sum.converged_after) {
      sum.converged_after = x.converged_after;
      slowest_seed = of;
    }
    if (!x.failure.empty())
      failed(how, x.failure);
  }

  void failed(const schedule& how, const std::string& why) {
    std::cout << fmt::format("seed {}: {}\n  again: {} --story", how.seed, why, command(how.seed, 1)) << std::endl;
    ++failures[why.substr(0, why.find(':') + 24)];
    over_ = !go_on;
    if (!small)
      return;
    std::vector<std::string> lines;
    const auto less = shrink(how, claim_of(why));
    const auto again = store_world{less, &lines}.run();
    std::cout << fmt::format("the fewest actions that still fail, {} nodes:\n", less.nodes);
    for (const auto& line : lines)
      std::cout << "  " << line << '\n';
  }

  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> over_{false};
  std::mutex told_;
  std::optional<progress> so_far_;
};

} // namespace

int main(int argc, char** argv) {
  // Each life begins and ends with a heap: giving it back to the kernel in between takes a tenth of the time.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
  CLI::App app{"Simulates lives of a replicated store: real stores and replicators on simulated disks, clocks\n"
               "and networks, with faults drawn from a seed. Exits with 1 if a life went wrong. A long run tells on stderr how\n"
               "far it is; Ctrl-C ends it after the present lives, tells what came of all until then, and exits with 130."};
  campaign all;
  unsigned jobs = 1;
  bool statistics = false;
  app.add_option("--seed", all.seed, "first seed (default: a fresh one)");
  app.add_option("--count", all.count, "so many lives")->capture_default_str();
  app.add_option("--nodes", all.nodes, "so many nodes, 2 to 8 (default: drawn from 2 to 5)")->check(CLI::Range(0, 8));
  app.add_flag("--past", all.past, "in a fifth of the lives also counters whose past not everybody knows");
  app.add_option("--jobs", jobs, "so many at a time")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_flag("--story", all.story, "tell what happens in each life");
  app.add_flag("--shrink", all.small, "of the first life that fails, look for the fewest actions that still fail, and tell its story");
  app.add_flag("--go-on", all.go_on, "do not stop at the first failure");
  app.add_flag("--statistics", statistics, "tell how much happened, and how fast");
  app.footer("Examples:\n  store_sim --count 100000 --jobs 2 --statistics\n  store_sim --seed 4711 --count 1 --story\n"
             "  store_sim --seed 4711 --count 1 --shrink");
  CLI11_PARSE(app, argc, argv);
  std::cout << all.command(all.seed, all.count) << std::endl;
  const auto begun = std::chrono::steady_clock::now();
  all.run(jobs);
  const auto interrupted = progress::signal();
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const auto& sum = all.sum;
  if (interrupted)
    std::cout << fmt::format("interrupted after {} of {} lives; they were: {}\n", all.lives, all.count, all.command(all.seed, all.lives));
  if (statistics)
    std::cout << fmt::format("{} lives in {:.1f} s, {:.0f}/s: {} writes, {} acknowledged, {} pulses, {} starts, {} frames, "
                             "{} whole states, {} repairs; the slowest was equal after {:.1f} s (seed {})\n",
                             all.lives, seconds, static_cast<double>(all.lives) / seconds, sum.operations, sum.acks, sum.pulses,
                             sum.starts, sum.frames, sum.wholes, sum.repairs,
                             static_cast<double>(sum.converged_after) / 1e9, all.slowest_seed);
  for (const auto& [what, times] : all.failures)
    std::cout << fmt::format("{} x  {}\n", times, what);
  std::cout << (all.failures.empty() ? "no violation\n" : "");
  return !all.failures.empty() ? 1 : interrupted ? 128 + interrupted : 0;
}
