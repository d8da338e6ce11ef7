// A button on a board, a relay beside it, and a rule between them that may run
// on two servers: what happens to the relay when the server that acts is killed,
// stopped, cut off, told to give it away, or its rule crashes. The board is this
// process, with hardware of its own; the servers are `trouped`, linked over TLS, for
// a cut in network namespaces. Beside it in the same run: a bare TLS client.
//
//   bench_failover [--runs N] [--class NAME ...] [KIND ...]

#include "apps/client/node.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "tests/bench/cluster/bench_hardware.hpp"
#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/cluster/own_node.hpp"
#include "tests/bench/cluster/wires.hpp"
#include "tests/bench/failover/bare_client.hpp"
#include "tests/support/bench.hpp"
#include "tests/support/temp_folder.hpp"
#include "cluster/ownership/timing.hpp"

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
  /// @param turned level of the button now; each press turns it
  finger(bench_hardware& on, bool& turned) : thread_([this, &on, &turned] {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    for (auto at = now_ns() + period; !over_; at += period) {
      sleep_until_ns(at);
      turned = !turned;
      const auto when = on.press(turned);
      std::lock_guard lock{mutex_};
      presses_.emplace_back(turned, when);
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
  /// Level and time of each.
  [[nodiscard]] bench_hardware::changes presses() const {
    std::lock_guard lock{mutex_};
    return presses_;
  }

private:
  mutable std::mutex mutex_;
  bench_hardware::changes presses_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

struct house {
  farm nodes;
  bench_hardware lines;
  running_node board;
  const wires* net; ///< none: all on loopback

  house(const std::string& pace, const wires* in) : net(in) {
    for (const auto* name : {"a", "b", "c"}) {
      farm::plan x{.name = name, .house = house_of(pace)};
      if (net != nullptr) {
        x.address = fmt::format("10.99.0.{}", space_of(name));
        if (x.name != "a") // this process is in its own already
          x.net_namespace = net->space(space_of(name));
      }
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

  static int space_of(const std::string& name) { return name == "a" ? own_place : name == "b" ? 1 : 2; }
  static constexpr int own_place = 9;

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

  /// When the output granted it to somebody after that; 0 if it did not.
  [[nodiscard]] wall_ms granted_after(wall_ms when) const {
    // Of all kinds the newest hundred may be the relay's own changes of half a second.
    const auto all = nodes.get("a", "/v1/nodes/a/log?kind=owner");
    if (all.is_array())
      for (const auto& x : all)
        if (x.value("at", wall_ms{0}) >= when)
          return x.value("at", wall_ms{0});
    return 0;
  }

  /// How many changes of the relay since then were by another node than the one to
  /// which it had granted control (I4): of those, a node that came back. The story
  /// of a change says at which node the rule was that commanded it.
  [[nodiscard]] std::size_t by_others_since(wall_ms when, const std::string& node) const {
    std::string holder;
    std::size_t wrong = 0;
    const auto all = nodes.get("a", "/v1/nodes/a/log?subject=bench/relay&newest=600");
    for (const auto& x : all.is_array() ? all : nlohmann::json::array()) {
      const auto text = x.value("text", "");
      if (x.value("kind", "") == "owner")
        holder = text.find(": node " + node + " acts ") != text.npos ? node : "another";
      if (x.value("kind", "") == "output" && x.value("at", wall_ms{0}) >= when && holder != node)
        for (const auto& step : x.value("story", nlohmann::json::array()))
          wrong += step.value("text", "").find("(at node " + node + ")") != std::string::npos ? 1 : 0;
    }
    return wrong;
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

/// Milliseconds from each press of a time until the relay showed its level.
std::vector<double> ways(const bench_hardware::changes& presses, const bench_hardware::changes& writes, std::int64_t from, std::int64_t to) {
  std::vector<double> out;
  for (const auto& [level, when] : presses) {
    if (when < from || when >= to)
      continue;
    const auto done = std::find_if(writes.begin(), writes.end(), [&](const auto& w) { return w.second >= when && w.first == level; });
    if (done != writes.end())
      out.push_back(static_cast<double>(done->second - when) / 1e6);
  }
  return out;
}

struct findings {
  std::vector<double> ms; ///< from the fault to the first event after it that the relay obeys
  std::size_t none = 0;   ///< runs in which that never came
  std::size_t moved = 0;  ///< runs in which a node that came back changed the relay
  double strike_ms = 0;   ///< longest time that the fault itself took; it is in `ms`
  std::int64_t lost = 0, twice = 0;
  std::vector<double> slowest_ms, slowest_before_ms; ///< above the usual way of an event; of a crash
};

/// How long the slowest press of a time took until the relay followed, in ms above `usual`.
double slowest(const bench_hardware::changes& presses, const bench_hardware::changes& writes, std::int64_t from, std::int64_t to, double usual) {
  double most = 0;
  for (const auto& x : ways(presses, writes, from, to))
    most = std::max(most, x - usual);
  return most;
}

/// One fault while events come. @returns the time of the fault
std::int64_t strike(house& h, const std::string& kind, const std::string& who) {
  const auto at = now_ns();
  if (kind == "kill")
    h.nodes.signal(who, SIGKILL);
  else if (kind == "stop")
    h.nodes.signal(who, SIGSTOP);
  else if (kind == "cut")
    (void)h.net->cut(house::space_of(who));
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
  } else if (kind == "cut") {
    (void)h.net->heal(house::space_of(who));
  } else if (kind == "crash") {
    // A hand that takes it out and lets it try again forgives: it is crashed some
    // hundred times, and its supervisor would give it up for good.
    for (const auto* verb : {"quarantine", "unquarantine"})
      (void)h.post(who, std::string{"/v1/act/"} + verb + "/rule/follow");
  }
}

/// Does the lost server live on, and may it come back with something to say?
bool lives_on(const std::string& kind) { return kind == "stop" || kind == "cut"; }

/// Longer than a server of this class is waited for.
std::chrono::milliseconds silence_of(const std::string& pace) {
  return std::chrono::milliseconds{cluster::timing::named(pace)->lease} * 3 / 2 + 300ms;
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

void measure(const std::string& pace, const std::string& kind, unsigned runs, bool story, const wires* net, findings& out) {
  house h{pace, kind == "cut" ? net : nullptr};
  std::mt19937 chance{20261130};
  const auto before = h.counted();
  std::size_t presses = 0;
  bool level = false;
  for (unsigned i = 0; i < runs; ++i) {
    h.settle();
    const auto who = h.await_acting(15s);
    (void)h.lines.take_writes();
    finger presser{h.lines, level};
    pause(std::chrono::milliseconds{150 + chance() % 20});
    const auto wall = system_clocks().wall();
    const auto at = strike(h, kind, who);
    out.strike_ms = std::max(out.strike_ms, static_cast<double>(now_ns() - at) / 1e6);
    pause(lives_on(kind) ? silence_of(pace) : 500ms);
    const auto writes = h.lines.take_writes();
    // Commands that were under way at the fault are still obeyed. What counts is the
    // first turn of the relay after another activation was granted; the relay's
    // journal knows that moment to the millisecond.
    const auto granted_wall = h.granted_after(wall);
    const auto granted = at + (granted_wall - wall) * 1'000'000;
    std::int64_t obeyed = 0, last = 0, longest = 0;
    for (const auto& [shown, when] : writes) {
      if (granted_wall != 0 && obeyed == 0 && when >= granted)
        obeyed = when;
      if (last != 0 && when >= at)
        longest = std::max(longest, when - last);
      last = when;
    }
    if (obeyed == 0)
      ++out.none;
    else
      out.ms.push_back(static_cast<double>(obeyed - at) / 1e6);
    if (kind == "crash") {
      const auto all = presser.presses();
      constexpr std::int64_t near = 50'000'000;
      auto usual_ways = ways(all, writes, 0, at);
      const auto usual = percentile(usual_ways, 0.5);
      out.slowest_ms.push_back(slowest(all, writes, at, at + near, usual));
      out.slowest_before_ms.push_back(slowest(all, writes, at - near, at, usual));
    }
    if (story) {
      std::printf("run %u: node %s, obeyed again %.1f ms after, the longest pause %.1f ms\n", i, who.c_str(),
                  static_cast<double>(obeyed - at) / 1e6, static_cast<double>(longest) / 1e6);
      tell_story(h, wall);
    }
    presser.stop();
    presses += presser.count();
    if (story) {
      pause(200ms);
      std::printf("run %u: %zu presses so far, %ld counted\n", i, presses, static_cast<long>(h.counted() - before));
      for (const auto* name : {"b", "c"})
        if (const auto x = h.nodes.get(name, "/v1/nodes/" + std::string{name} + "/actors/rule/follow"); x.is_object())
          std::printf("  %s: edges passed over: %s\n", name, x["inside"].value("edges_passed_over", nlohmann::json()).dump().c_str());
    }
    if (lives_on(kind)) {
      const auto back = system_clocks().wall();
      mend(h, kind, who);
      pause(700ms);
      out.moved += h.by_others_since(back, who) > 0 ? 1 : 0;
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
  unsigned runs = 10;
  bool story = false;
  const std::vector<std::string> all_kinds{"kill", "stop", "cut", "drain", "crash"};
  std::vector<std::string> classes{"normal"}, kinds = all_kinds;
  app.add_option("--runs", runs, "of each")->capture_default_str();
  app.add_option("--class", classes, "critical, fast, normal, slow, with commas between")
    ->delimiter(',')->allow_extra_args(false)->check(CLI::IsMember({"critical", "fast", "normal", "slow"}))->capture_default_str();
  app.add_flag("--story", story, "tell what the nodes wrote around each fault");
  app.add_option("KIND", kinds, "all of them")->check(CLI::IsMember(all_kinds))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::critical);
  ::signal(SIGPIPE, SIG_IGN);
  (void)daemon::run_before_others();
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  // Before there are threads: the floor forks, and the board moves to its network.
  const auto wanted = [&](const char* x) { return std::find(kinds.begin(), kinds.end(), x) != kinds.end(); };
  double floor = 0;
  if (wanted("kill")) {
    test::temp_folder folder;
    auto bare = bare_failovers(runs, folder.path());
    floor = percentile(bare, 0.5);
    note("kill, a bare TLS client linked to both: p50", floor, "ms");
    note("the same, p99", percentile(bare, 0.99), "ms");
  }
  std::optional<wires> net;
  if (wanted("cut") && (!net.emplace(2).usable() || !net->enter_hub(house::own_place))) {
    std::printf("cut: not measured; network namespaces need root\n");
    std::erase(kinds, "cut");
  }
  note("load of the machine, one minute", [] { double x = 0; std::ifstream{"/proc/loadavg"} >> x; return x; }(), "");
  for (const auto& kind : kinds)
    for (const auto& pace : classes) {
      findings x;
      measure(pace, kind, runs, story, net ? &*net : nullptr, x);
      const auto title = fmt::format("{}, class {}", kind, pace);
      const auto limit = goal_of(kind, pace);
      row(title + ": fault to the first event obeyed, p50", percentile(x.ms, 0.5), "ms", limit.p50, better::lower);
      row(title + ": the same, p99", percentile(x.ms, 0.99), "ms", limit.p99, better::lower);
      note(title + ": the same, max", percentile(x.ms, 1), "ms");
      if (kind == "kill")
        note(title + ": p50 in floors", percentile(x.ms, 0.5) / floor, "x");
      note(title + ": longest call that made the fault, in it", x.strike_ms, "ms");
      note(title + ": events lost", static_cast<double>(x.lost), "");
      note(title + ": events twice", static_cast<double>(x.twice), "");
      note(title + ": runs without a takeover", static_cast<double>(x.none), "");
      if (kind == "crash") {
        row(title + ": what the slowest event of the next 50 ms took longer, p50", percentile(x.slowest_ms, 0.5), "ms", 1, better::lower);
        note(title + ": the same, p99", percentile(x.slowest_ms, 0.99), "ms");
        note(title + ": the same of the 50 ms before, p50", percentile(x.slowest_before_ms, 0.5), "ms");
        note(title + ": the same, p99", percentile(x.slowest_before_ms, 0.99), "ms");
      }
      if (lives_on(kind))
        note(title + ": runs in which the node that came back moved the relay", static_cast<double>(x.moved), "");
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
