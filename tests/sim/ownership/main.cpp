#include "tests/sim/ownership/shapes.hpp"
#include "tests/support/progress.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>

using namespace troupe;

int main(int argc, char** argv) {
  CLI::App app{"Lives of simulated houses whose rule roams: no output obeys two masters (I4), each press of a button is obeyed once.\n"
               "A long run tells on stderr how far it is; Ctrl-C ends it after the present life and tells what came of all until then."};
  std::uint64_t seed = 1, count = 1000;
  bool story = false, go_on = false;
  app.add_option("--seed", seed, "the first")->capture_default_str();
  app.add_option("--count", count, "how many lives")->capture_default_str();
  app.add_flag("--story", story, "tell each step");
  app.add_flag("--keep-going", go_on, "do not stop at the first that goes wrong");
  app.footer("exit status: 0 all went well, 1 one did not, 2 wrong use, 130 interrupted\n\n"
             "examples:\n  ownership_sim --seed 7 --count 100000\n  ownership_sim --seed 4711 --count 1 --story");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& x) {
    return app.exit(x) == 0 ? 0 : 2;
  }
  const auto began = std::chrono::steady_clock::now();
  sim::house::totals all;
  std::map<std::string, unsigned> found;
  std::uint64_t lives = 0;
  test::progress so_far{"ownership_sim", count};
  for (; lives < count && test::progress::signal() == 0; ++lives) {
    sim::house x{seed + lives, sim::shape_of(seed + lives)};
    if (story)
      x.tell([](const std::string& text) { fmt::print("{}\n", text); });
    const auto wrong = x.live();
    const auto& s = x.sums();
    all.commands += s.commands;
    all.fenced += s.fenced;
    all.takeovers += s.takeovers;
    all.presses += s.presses;
    all.pulses += s.pulses;
    all.repeated += s.repeated;
    all.refused += s.refused;
    all.slowest = std::max(all.slowest, s.slowest);
    so_far.life(wrong.empty());
    if (wrong.empty())
      continue;
    ++found[wrong.substr(0, wrong.find(' '))];
    fmt::print("seed {}: {}\n  again: ownership_sim --seed {} --count 1 --story\n", seed + lives, wrong, seed + lives);
    std::fflush(stdout);
    if (!go_on) {
      ++lives;
      break;
    }
  }
  const auto interrupted = test::progress::signal();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (interrupted)
    fmt::print("interrupted after {} of {} lives; they were: ownership_sim --seed {} --count {}\n", lives, count, seed, lives);
  fmt::print("{} lives in {:.1f} s, {:.0f}/s: {} presses, {} commands, {} of them fenced, {} grants; {} pulses, {} said again in vain, {} refused as of before a start; the slowest obeyed again after {} ms\n",
             lives, took.count(), static_cast<double>(lives) / took.count(), all.presses, all.commands, all.fenced, all.takeovers, all.pulses, all.repeated, all.refused,
             all.slowest / 1'000'000);
  for (const auto& [what, n] : found)
    fmt::print("{} x {}\n", n, what);
  return !found.empty() ? 1 : interrupted ? 128 + interrupted : 0;
}
