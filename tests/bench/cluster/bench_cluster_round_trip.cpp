// A button on A, a rule on B, a relay on A, over TLS between two processes: A
// is this one, with a contact and a relay of its own, B is `trouped`. Beside
// it, in the same run and in turns, a bare OpenSSL echo of as many bytes.
//
//   bench_cluster_round_trip [--seconds N] [--count N] [--rounds N] [--trace]

#include "tests/bench/cluster/bench_hardware.hpp"
#include "tests/bench/cluster/echo.hpp"
#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/cluster/own_node.hpp"
#include "tests/bench/cluster/stamps.hpp"
#include "tests/support/bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sched.h>
#include <sys/prctl.h>

#include <array>
#include <fstream>
#include <memory>

using namespace troupe;
using namespace troupe::bench;
using namespace std::chrono_literals;

namespace {

/// B of a traced run: the same daemon, in this program, so that it stamps.
int be_node(const std::string& config, const std::string& house, const std::string& stamps) {
  open_stamps(stamps);
  bench_hardware none;
  const auto node = start_node(config, house, none);
  ::pause();
  return 0;
}

struct course {
  std::vector<double> at_rest, back_to_back;
  std::size_t lost = 0;
};

/// One event every 20 ms for so long, then so many as fast as answers come: in
/// bursts, for a rule runs 200 times at once and from then on 100 times a second.
template <class Once>
void run(course& into, std::chrono::seconds time, std::size_t count, Once once) {
  constexpr std::size_t burst = 150, warm = 10;
  constexpr std::int64_t period = 20'000'000;
  auto at = now_ns() + period;
  for (const auto end = at + std::chrono::nanoseconds{time}.count(); at < end; at += period) {
    sleep_until_ns(at);
    const double took = once();
    took < 0 ? void(++into.lost) : into.at_rest.push_back(took);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i % burst == 0)
      pause(1600ms);
    const double took = once();
    if (took < 0)
      ++into.lost;
    else if (i % burst >= warm)
      into.back_to_back.push_back(took);
  }
}

struct way {
  const char* what;
  stage from, to;
};

/// The first of a stage after a moment, or its last before one: beats and
/// acknowledgements pass the same places.
std::int64_t first_after(const std::vector<stamp>& all, stage at, std::int64_t when) {
  std::int64_t best = 0;
  for (const auto& x : all)
    if (x.at == at && x.time >= when && (best == 0 || x.time < best))
      best = x.time;
  return best;
}
std::int64_t last_before(const std::vector<stamp>& all, stage at, std::int64_t when) {
  std::int64_t best = 0;
  for (const auto& x : all)
    if (x.at == at && x.time <= when)
      best = std::max(best, x.time);
  return best;
}

using journey = std::array<std::int64_t, static_cast<std::size_t>(stage::count)>;

bool trace(const std::vector<stamp>& all, journey& to) {
  const auto of = [&to](stage x) -> std::int64_t& { return to[static_cast<std::size_t>(x)]; };
  of(stage::edge) = first_after(all, stage::edge, 0);
  of(stage::shown) = first_after(all, stage::shown, of(stage::edge));
  of(stage::a_out) = first_after(all, stage::a_out, of(stage::shown));
  of(stage::mirrored) = first_after(all, stage::mirrored, of(stage::a_out));
  of(stage::b_in) = last_before(all, stage::b_in, of(stage::mirrored));
  of(stage::commanded) = first_after(all, stage::commanded, of(stage::mirrored));
  of(stage::b_out) = first_after(all, stage::b_out, of(stage::commanded));
  of(stage::wished) = first_after(all, stage::wished, of(stage::b_out));
  of(stage::a_in) = last_before(all, stage::a_in, of(stage::wished));
  of(stage::pin) = first_after(all, stage::pin, of(stage::wished));
  std::int64_t last = 1;
  for (const auto x : to)
    if (std::exchange(last, x) > x || x == 0)
      return false;
  return true;
}

void print_trace(const char* title, const std::vector<journey>& all) {
  static constexpr std::array<const char*, 9> ways{
    "A: contact moved -> input publishes (driver to worker)",
    "A: -> TLS takes the bytes (worker to I/O thread)",
    "A to B: -> TLS gives the bytes (kernel, two processes)",
    "B: -> reading in the live table (I/O thread)",
    "B: -> rule has run, command leaves (I/O thread to worker)",
    "B: -> TLS takes the bytes (worker to I/O thread)",
    "B to A: -> TLS gives the bytes (kernel, two processes)",
    "A: -> output lays down its wish (I/O thread to worker)",
    "A: -> driver is told (worker to bus thread)"};
  std::printf("\n%s: %zu events, microseconds    p50      p99\n", title, all.size());
  for (std::size_t i = 0; i < ways.size(); ++i) {
    std::vector<double> took;
    for (const auto& x : all)
      took.push_back(static_cast<double>(x[i + 1] - x[i]) / 1e3);
    std::printf("  %-60s %8.1f %8.1f\n", ways[i], percentile(took, 0.5), percentile(took, 0.99));
  }
  std::vector<double> whole;
  for (const auto& x : all)
    whole.push_back(static_cast<double>(x.back() - x.front()) / 1e3);
  std::printf("  %-60s %8.1f %8.1f\n", "all of it", percentile(whole, 0.5), percentile(whole, 0.99));
}

using rounds_of = std::vector<std::vector<double>>;

void print(const char* what, const rounds_of& ours, const rounds_of& bare, const rounds_of& chain, double goal_p50,
           double goal_p99) {
  const auto flat = [](const rounds_of& rounds) {
    std::vector<double> all;
    for (const auto& x : rounds)
      all.insert(all.end(), x.begin(), x.end());
    return all;
  };
  auto a = flat(ours), b = flat(bare), c = flat(chain);
  const auto us = [](std::vector<double>& x, double p) { return percentile(x, p) / 1e3; };
  const std::string name = what;
  for (auto [who, all] : {std::pair{"bare echo", &b}, std::pair{"bare chain", &c}, std::pair{"troupe", &a}}) {
    note(fmt::format("{}: {}, p50", name, who), us(*all, 0.5), "µs");
    note(fmt::format("{}: {}, p99", name, who), us(*all, 0.99), "µs");
    note(fmt::format("{}: {}, max", name, who), us(*all, 1), "µs");
  }
  // Of each round, so that what disturbs one round disturbs one ratio.
  const auto ratio = [&](const rounds_of& theirs, double p) {
    std::vector<double> all;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      auto x = ours[i], y = theirs[i];
      if (!x.empty() && !y.empty())
        all.push_back(percentile(x, p) / percentile(y, p));
    }
    return percentile(all, 0.5);
  };
  row(name + ": p50, times the bare echo (median of rounds)", ratio(bare, 0.5), "times", goal_p50, better::lower);
  if (goal_p99 > 0)
    row(name + ": p99, times the bare echo (median of rounds)", ratio(bare, 0.99), "times", goal_p99, better::lower);
  note(name + ": p50, times the bare chain (median of rounds)", ratio(chain, 0.5), "times");
  note(name + ": p99, times the bare chain (median of rounds)", ratio(chain, 0.99), "times");
}

int run_all(int argc, char** argv) {
  CLI::App app{"Button to relay through another node, against a bare TLS echo."};
  unsigned seconds = 5, rounds = 5;
  std::size_t count = 450;
  bool traced = false;
  std::string config, house, stamps;
  app.add_option("--seconds", seconds, "of each round at 50 events a second")->capture_default_str();
  app.add_option("--count", count, "events of each round, back to back")->capture_default_str();
  app.add_option("--rounds", rounds, "of troupe and echo in turns")->capture_default_str();
  app.add_flag("--trace", traced, "say where the time goes; no echo");
  app.add_option("--config", config)->group("");
  app.add_option("--house", house)->group("");
  app.add_option("--stamps", stamps)->group("");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::err);
  ::signal(SIGPIPE, SIG_IGN);
  if (!config.empty())
    return be_node(config, house, stamps);

  ::prctl(PR_SET_TIMERSLACK, 1UL);
  farm two;
  std::unique_ptr<echo> bare, chain;
  if (!traced) {
    bare = std::make_unique<echo>(course_kind::echo, two.dir() + "/echo");
    chain = std::make_unique<echo>(course_kind::chain, two.dir() + "/chain");
  }
  const auto stamp_file = two.dir() + "/stamps";
  if (traced)
    open_stamps(stamp_file);
  two.add({.name = "a", .peers = {"b"}, .house = house_of_both()});
  farm::plan b{.name = "b", .peers = {"a"}, .house = house_of_both()};
  if (traced)
    b.program = {"/proc/self/exe", "--stamps", stamp_file};
  two.add(std::move(b));
  two.write();
  bench_hardware lines;
  auto a = start_node(two.config_file("a"), two.house_file("a"), lines);
  two.start("b");
  if (two.await_alive({"a", "b"}, 2, 10s, 20ms) < 0) {
    throw std::runtime_error("the nodes do not link\n" + two.log("b"));
  }
  bool level = false;
  const auto press = [&]() -> double {
    level = !level;
    const auto from = lines.press(level);
    const auto at = lines.await(level, 2s);
    return at == 0 ? -1 : static_cast<double>(at - from);
  };
  int tries = 0;
  while (press() < 0 && ++tries < 5) {
  }
  if (tries == 5) {
    throw std::runtime_error("the button moves no relay\n" + two.log("b"));
  }
  // The contact's thread stands for an interrupt, and those come to the first processor unless somebody moves them.
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  (void)::sched_setaffinity(0, sizeof first, &first);
  pause(4s); // until both nodes rest
  note("load of the machine, one minute", [] { double x = 0; std::ifstream{"/proc/loadavg"} >> x; return x; }(), "");

  if (traced) {
    std::vector<journey> rest, busy;
    course ignored;
    auto* into = &rest;
    const auto once = [&] {
      (void)take_stamps();
      const double took = press();
      journey x{};
      if (took >= 0 && trace(take_stamps(), x))
        into->push_back(x);
      return took;
    };
    run(ignored, std::chrono::seconds{seconds}, 0, once);
    into = &busy;
    run(ignored, 0s, count, once);
    print_trace("50 events a second", rest);
    print_trace("back to back", busy);
  } else {
    course warm;
    run(warm, 1s, 100, press);
    const auto before = tls_so_far();
    pause(2s);
    constexpr int probe = 100;
    for (int i = 0; i < probe; ++i)
      (void)press();
    const auto after = tls_so_far();
    const auto out = (after.out - before.out) / probe, in = (after.in - before.in) / probe;
    note("bytes of an event through TLS, there", static_cast<double>(out), "bytes");
    note("bytes of an event through TLS, back, with acknowledgements", static_cast<double>(in), "bytes");
    note("TLS records of an event that A sends", static_cast<double>(after.writes - before.writes) / probe, "");
    rounds_of rest[3], busy[3];
    std::size_t lost = 0;
    const auto through = [&](echo& x) { return x.round_trip_ns(std::max<std::size_t>(out, 16), std::max<std::size_t>(in, 16)); };
    const std::array<std::function<double()>, 3> all{press, [&] { return through(*bare); }, [&] { return through(*chain); }};
    for (unsigned i = 0; i < rounds; ++i)
      for (std::size_t who = 0; who < all.size(); ++who) {
        course x;
        run(x, std::chrono::seconds{seconds}, count, all[who]);
        lost += x.lost;
        rest[who].push_back(std::move(x.at_rest));
        busy[who].push_back(std::move(x.back_to_back));
      }
    print("50 events a second", rest[0], rest[1], rest[2], 1.25, 2);
    print("back to back", busy[0], busy[1], busy[2], 1.9, 0);
    row("events that moved no relay", static_cast<double>(lost), "", 0.5, better::lower);
  }
  two.kill("b");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run_all(argc, argv);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "%s\n", why.what());
    return 1;
  }
}
