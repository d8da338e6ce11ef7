// A button on a board, a relay beside it, and a rule between them that may run
// on two servers: what happens to the relay when the server that acts is killed,
// stopped, told to give it away, or its rule crashes. The board is this process,
// with hardware of its own; the servers are `trouped`, linked over TLS.
//
//   bench_failover [--runs N] [--class NAME ...] [KIND ...]

#include "apps/client/node.hpp"
#include "apps/daemon/machine.hpp"
#include "tests/bench/cluster/bench_hardware.hpp"
#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/cluster/own_node.hpp"
#include "tests/support/bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

using namespace troupe;
using namespace troupe::bench;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t period = 5'000'000; ///< of events

std::string house_of(const std::string& pace) {
  return fmt::format(R"(
[bus.bench]
node = "a"
driver = "sim"
[channel."bench/button"]
bus = "bench"
line = "in.0"
[channel."bench/relay"]
bus = "bench"
line = "out.0"
direction = "output"
[rule.follow]
node = "a"
outputs = ["bench/relay"]
redundancy = "warm"
class = "{}"
nodes = ["b", "c"]
only = true
hand-back = "0s"
lease = "5s"
lua = '''
if changed("bench/button") then state.n = (state.n or 0) + 1 end
set("bench/relay", on("bench/button"))
'''
)",
                     pace);
}

/// Presses the button every 5 ms, as long as it lives.
class finger {
public:
  explicit finger(bench_hardware& on) : thread_([this, &on] {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    bool level = false;
    for (auto at = now_ns() + period; !over_; at += period) {
      sleep_until_ns(at);
      level = !level;
      const auto when = on.press(level);
      std::lock_guard lock{mutex_};
      presses_.push_back(when);
    }
  }) {}
  ~finger() { stop(); }
  void stop() {
    over_ = true;
    if (thread_.joinable())
      thread_.join();
  }
  [[nodiscard]] std::size_t count() const {
    std::lock_guard lock{mutex_};
    return presses_.size();
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::int64_t> presses_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

struct house {
  farm nodes;
  bench_hardware lines;
  running_node board;
  std::size_t pressed = 0; ///< by fingers that are gone

  explicit house(const std::string& pace) {
    for (const auto* name : {"a", "b", "c"}) {
      farm::plan x{.name = name, .house = house_of(pace)};
      for (const auto* other : {"a", "b", "c"})
        if (std::string{other} != name)
          x.peers.push_back(other);
      nodes.add(std::move(x));
    }
    nodes.write();
    board = start_node(nodes.config_file("a"), nodes.house_file("a"), lines);
    nodes.start("b");
    nodes.start("c");
    if (nodes.await_alive({"a", "b", "c"}, 3, 15s, 20ms) < 0)
      throw std::runtime_error("the nodes do not link\n" + nodes.log("b") + nodes.log("c"));
    (void)await_acting(15s);
  }

  /// The server where the rule acts; empty: nowhere.
  [[nodiscard]] std::string acting() const {
    const auto x = nodes.get("a", "/v1/placement");
    for (const auto& r : x.is_object() ? x.value("rules", nlohmann::json::array()) : nlohmann::json::array())
      return r.value("acts", "");
    return {};
  }
  std::string await_acting(std::chrono::milliseconds limit, const std::string& besides = {}) const {
    for (auto end = now_ns() + std::chrono::nanoseconds{limit}.count(); now_ns() < end; pause(5ms))
      if (const auto who = acting(); !who.empty() && who != besides)
        return who;
    throw std::runtime_error("the rule acts nowhere\n" + nodes.log("b") + nodes.log("c"));
  }
  /// Both servers there, and each has the rule loaded.
  void settle() {
    if (nodes.await_alive({"a", "b", "c"}, 3, 15s, 10ms) < 0)
      throw std::runtime_error("the servers do not come back\n" + nodes.log("b") + nodes.log("c"));
    for (const auto* name : {"b", "c"})
      for (auto end = now_ns() + 15'000'000'000; now_ns() < end; pause(10ms)) {
        const auto x = nodes.get(name, "/v1/nodes/" + std::string{name} + "/actors/rule/follow");
        if (x.is_object() && x.contains("inside") && !x["inside"].value("waiting_for_inputs", true))
          break;
      }
    pause(300ms); // its question to the output is on its way
  }
  [[nodiscard]] std::string other(const std::string& server) const { return server == "b" ? "c" : "b"; }

  nlohmann::json post(const std::string& node, const std::string& path, const nlohmann::json& body = nlohmann::json::object()) const {
    client::target at;
    at.socket = nodes.socket(node);
    const auto got = client::node{client::resolve(at)}.post(path, body);
    return got ? *got : nlohmann::json();
  }

  /// When the output granted it to somebody after that; the same if it did not.
  [[nodiscard]] wall_ms granted_after(wall_ms when) const {
    const auto all = nodes.get("a", "/v1/nodes/a/log");
    if (all.is_array())
      for (const auto& x : all)
        if (x.value("kind", "") == "owner" && x.value("at", wall_ms{0}) >= when)
          return x.value("at", wall_ms{0});
    return when;
  }

  /// How many presses the rule has counted.
  [[nodiscard]] std::int64_t counted() const {
    const auto who = acting();
    const auto x = nodes.get(who, "/v1/nodes/" + who + "/actors/rule/follow");
    if (!x.is_object())
      return -1;
    const auto& inside = x.value("inside", nlohmann::json::object());
    return std::stoll(inside.value("state", nlohmann::json::object()).value("n", "0"));
  }
};

struct findings {
  std::vector<double> ms; ///< from the fault to the first event after it that the relay obeys
  std::size_t none = 0;   ///< runs in which that never came
  std::size_t moved = 0;  ///< runs in which a node that woke up changed the relay
  std::int64_t lost = 0, twice = 0;
};

/// One fault while events come. @returns the time of the fault
std::int64_t strike(house& h, const std::string& kind, const std::string& who) {
  const auto at = now_ns();
  if (kind == "kill")
    h.nodes.signal(who, SIGKILL);
  else if (kind == "stop")
    h.nodes.signal(who, SIGSTOP);
  else if (kind == "drain")
    (void)h.post("a", "/v1/move/rule/follow", {{"to", h.other(who)}});
  else
    (void)h.post("a", "/v1/act/kill/rule/follow");
  return at;
}

void mend(house& h, const std::string& kind, const std::string& who) {
  if (kind == "kill") {
    h.nodes.kill(who); // waits for the process to be gone
    h.nodes.start(who);
  } else if (kind == "stop") {
    h.nodes.signal(who, SIGCONT);
  }
}

/// What all nodes have to say of it, each line with its distance from the fault.
void tell_story(const house& h, wall_ms at) {
  const auto all = h.nodes.get("a", "/v1/log");
  if (!all.is_array())
    return;
  for (const auto& x : all)
    if (x.value("kind", "") != "output" && x.value("at", wall_ms{0}) >= at - 1000)
      std::printf("  %+6ld ms  %-4s %-12s %s\n", static_cast<long>(x.value("at", wall_ms{0}) - at), x.value("node", "").c_str(),
                  x.value("subject", "").c_str(), x.value("text", "").c_str());
}

void measure(const std::string& pace, const std::string& kind, unsigned runs, bool story, findings& out) {
  house h{pace};
  std::mt19937 chance{20261130};
  const auto before = h.counted();
  std::size_t presses = 0;
  for (unsigned i = 0; i < runs; ++i) {
    h.settle();
    const auto who = h.acting();
    (void)h.lines.take_writes();
    finger presser{h.lines};
    pause(std::chrono::milliseconds{150 + chance() % 20});
    const auto wall = system_clocks().wall();
    const auto at = strike(h, kind, who);
    // Longer than any class of a server takes, and than its own lease.
    pause(kind == "stop" ? 1500ms : 500ms);
    const auto writes = h.lines.take_writes();
    // Commands that were under way at the fault are still obeyed. What counts is the
    // first turn of the relay after another activation was granted; the relay's
    // journal knows that moment to the millisecond.
    const auto granted = at + (h.granted_after(wall) - wall) * 1'000'000;
    std::int64_t obeyed = 0, last = 0, longest = 0;
    for (const auto& [level, when] : writes) {
      if (granted > at && obeyed == 0 && when >= granted)
        obeyed = when;
      if (last != 0 && when >= at)
        longest = std::max(longest, when - last);
      last = when;
    }
    if (obeyed == 0)
      ++out.none;
    else
      out.ms.push_back(static_cast<double>(obeyed - at) / 1e6);
    if (story) {
      std::printf("run %u: node %s, obeyed again %.1f ms after, the longest pause %.1f ms\n", i, who.c_str(),
                  static_cast<double>(obeyed - at) / 1e6, static_cast<double>(longest) / 1e6);
      tell_story(h, wall);
    }
    presser.stop();
    presses += presser.count();
    if (kind == "stop") {
      pause(100ms);
      (void)h.lines.take_writes();
      mend(h, kind, who);
      pause(700ms); // nobody presses now: whatever the relay does comes from the one that woke up
      out.moved += !h.lines.take_writes().empty();
    } else {
      mend(h, kind, who);
    }
  }
  h.settle();
  pause(500ms);
  const auto counted = h.counted() - before;
  const auto missing = static_cast<std::int64_t>(presses) - counted;
  out.lost = std::max<std::int64_t>(missing, 0);
  out.twice = std::max<std::int64_t>(-missing, 0);
}

struct goal {
  double p50, p99;
};

goal goal_of(const std::string& kind, const std::string& pace) {
  if (kind == "kill")
    return {12, 30};
  if (kind == "drain")
    return {10, 20};
  if (kind == "crash")
    return {1 + 5, 20}; // the next event may be 5 ms away
  const std::map<std::string, double> stop{{"critical", 90}, {"fast", 200}, {"normal", 450}, {"slow", 2600}};
  return {stop.at(pace), stop.at(pace) * 4 / 3};
}

int run_all(int argc, char** argv) {
  CLI::App app{"What a relay sees when the server whose rule drives it is lost."};
  unsigned runs = 20;
  bool story = false;
  std::vector<std::string> classes{"normal"}, kinds{"kill", "stop", "drain", "crash"};
  app.add_option("--runs", runs, "of each")->capture_default_str();
  app.add_option("--class", classes, "critical, fast, normal, slow")->delimiter(',')->capture_default_str();
  app.add_flag("--story", story, "tell what the nodes wrote around each fault");
  app.add_option("KIND", kinds, "kill, stop, drain, crash")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::critical);
  ::signal(SIGPIPE, SIG_IGN);
  daemon::run_before_others();
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  note("load of the machine, one minute", [] { double x = 0; std::ifstream{"/proc/loadavg"} >> x; return x; }(), "");
  for (const auto& kind : kinds)
    for (const auto& pace : classes) {
      findings x;
      measure(pace, kind, runs, story, x);
      const auto title = fmt::format("{}, class {}", kind, pace);
      const auto wanted = goal_of(kind, pace);
      row(title + ": fault to the first event obeyed, p50", percentile(x.ms, 0.5), "ms", wanted.p50, better::lower);
      row(title + ": the same, p99", percentile(x.ms, 0.99), "ms", wanted.p99, better::lower);
      note(title + ": the same, max", percentile(x.ms, 1), "ms");
      note(title + ": events lost", static_cast<double>(x.lost), "");
      note(title + ": events twice", static_cast<double>(x.twice), "");
      note(title + ": runs without a takeover", static_cast<double>(x.none), "");
      if (kind == "stop")
        note(title + ": runs in which the woken node moved the relay", static_cast<double>(x.moved), "");
    }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run_all(argc, argv);
  } catch (const std::exception& x) {
    std::fprintf(stderr, "bench_failover: %s\n", x.what());
    return 1;
  }
}
