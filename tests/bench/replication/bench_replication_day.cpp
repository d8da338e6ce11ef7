// A node was away for a day of a busy house and comes back: how long until it is
// equal, and what the others' outputs and rules notice. Three real nodes over
// TLS; the day is written through the real store in virtual time. Beside it, in
// the same run and in turns, the same node coming back with nothing to catch up.
//
//   bench_replication_day [--rounds N] [--seconds N]

#include "tests/bench/cluster/own_node.hpp"
#include "tests/bench/cluster/farm.hpp"
#include "tests/bench/replication/busy_day.hpp"
#include "tests/support/bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

using namespace troupe;
using namespace troupe::bench;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

json row_of(const json& replicas, const std::string& name) {
  if (replicas.is_object())
    for (const auto& x : replicas["members"])
      if (x.value("name", "") == name)
        return x;
  return json::object();
}

/// Looks how `c` stands with `a`, beside the events, until it is equal.
class watcher {
public:
  explicit watcher(const farm& of) : farm_(of), thread_([this] { run(); }) {}
  ~watcher() {
    ends_ = true;
    thread_.join();
  }
  [[nodiscard]] bool equal() const { return equal_at_ != 0; }
  [[nodiscard]] std::int64_t linked() const { return linked_at_; }
  [[nodiscard]] std::int64_t at() const { return equal_at_; }

private:
  void run() {
    for (; !ends_ && equal_at_ == 0; pause(10ms)) {
      const auto a = farm_.get("a", "/v1/replicas");
      if (linked_at_ == 0 && row_of(a, "c").value("linked", false))
        linked_at_ = now_ns();
      if (!row_of(a, "c").value("equal", false))
        continue;
      const auto c = farm_.get("c", "/v1/replicas");
      if (row_of(c, "a").value("equal", false) && row_of(c, "b").value("equal", false) && c["digest"] == a["digest"])
        equal_at_ = now_ns();
    }
  }
  const farm& farm_;
  std::atomic<bool> ends_{false};
  std::atomic<std::int64_t> linked_at_{0}, equal_at_{0};
  std::thread thread_;
};

struct course {
  std::vector<double> took; ///< ns of each event
  std::size_t lost = 0;
};

int run(int argc, char** argv) {
  CLI::App app{"A node that was away for a day comes back."};
  unsigned rounds = 10, seconds = 5;
  busy_day day;
  app.add_option("--rounds", rounds, "times that it comes back")->capture_default_str();
  app.add_option("--seconds", seconds, "of events before each")->capture_default_str();
  app.add_option("--channels", day.channels, "of the house")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off); // that it goes and comes is the point
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_TIMERSLACK, 1UL);

  farm three;
  three.add({.name = "a", .peers = {"b", "c"}, .house = house_of_both()});
  three.add({.name = "b", .peers = {"a", "c"}, .house = house_of_both()});
  // The worst case: it wants the others' journals too.
  three.add({.name = "c", .peers = {"a", "b"}, .more = "archive = true\n"});
  three.write();
  bench_hardware lines;
  auto a = start_node(three.config_file("a"), three.house_file("a"), lines);
  three.start("b");
  three.start("c");
  const auto all_equal = [&](const std::vector<std::string>& who) {
    for (int i = 0; i < 3000; ++i, pause(10ms)) {
      std::set<std::string> digests;
      bool equal = true;
      for (const auto& x : who) {
        const auto said = three.get(x, "/v1/replicas");
        digests.insert(said.is_object() ? said.value("digest", x) : x);
        for (const auto& y : who)
          equal = equal && (x == y || row_of(said, y).value("equal", false));
      }
      if (equal && digests.size() == 1)
        return;
    }
    throw std::runtime_error("the nodes do not become equal\n" + three.get("a", "/v1/replicas").dump() + three.log("b") + three.log("c"));
  };
  all_equal({"a", "b", "c"});
  a.reset();
  three.kill("b");
  three.kill("c");
  const auto c_data = three.folder("c") + "/data", before = three.folder("c") + "/before";
  fs::copy(c_data, before, fs::copy_options::recursive);
  const auto left = live_through(day, three.folder("a") + "/data", "a");
  note("a day: writes of entries", static_cast<double>(left.writes), "");
  note("a day: events", static_cast<double>(left.events), "");
  note("a day leaves: entries", static_cast<double>(left.entries), "");

  a = start_node(three.config_file("a"), three.house_file("a"), lines);
  three.start("b");
  if (three.await_alive({"a", "b"}, 2, 20s, 20ms) < 0)
    throw std::runtime_error("the nodes do not link\n" + three.log("b"));
  all_equal({"a", "b"});
  bool level = false;
  const auto press = [&]() -> double {
    level = !level;
    const auto from = lines.press(level);
    const auto at = lines.await(level, 2s);
    return at == 0 ? -1 : static_cast<double>(at - from);
  };
  int tries = 0;
  while (press() < 0 && ++tries < 10) {
  }
  if (tries == 10)
    throw std::runtime_error("the button moves no relay\n" + three.log("b"));

  // 80 a second: a rule may run 100 times a second for as long as one likes.
  const auto events = [&](course& into, const std::function<bool()>& goes_on) {
    constexpr std::int64_t period = 12'500'000;
    for (auto at = now_ns() + period; goes_on(); at = std::max(at + period, now_ns())) {
      sleep_until_ns(at);
      const auto took = press();
      took < 0 ? void(++into.lost) : into.took.push_back(took);
    }
  };
  course calm, catching_up, only_starting;
  std::vector<double> equal_ms, start_ms, mib;
  const auto come_back = [&](course& into, bool measures) {
    const auto begun = now_ns();
    three.start("c");
    watcher of{three};
    course starting;
    events(starting, [&] { return of.linked() == 0 && !of.equal() && now_ns() - begun < 30'000'000'000; });
    events(into, [&] { return !of.equal() && now_ns() - begun < 60'000'000'000; });
    into.lost += starting.lost;
    into.took.insert(into.took.end(), starting.took.begin(), starting.took.end());
    if (!of.equal())
      throw std::runtime_error("it is not equal after 60 s\n" + three.get("c", "/v1/replicas").dump() + three.log("c"));
    if (!measures)
      return;
    equal_ms.push_back(static_cast<double>(of.at() - of.linked()) / 1e6);
    start_ms.push_back(static_cast<double>(of.at() - begun) / 1e6);
    const auto c = three.get("c", "/v1/replicas");
    mib.push_back((row_of(c, "a").value("received_bytes", 0.0) + row_of(c, "b").value("received_bytes", 0.0)) / (1 << 20));
  };
  for (unsigned i = 0; i < rounds; ++i) {
    const auto until = now_ns() + std::chrono::nanoseconds{std::chrono::seconds{seconds}}.count();
    events(calm, [&] { return now_ns() < until; });
    fs::remove_all(c_data);
    fs::copy(before, c_data, fs::copy_options::recursive);
    come_back(catching_up, true);
    three.kill("c");
    pause(1s);
    come_back(only_starting, false); // it has all of it already
    three.kill("c");
    pause(1s);
  }
  const auto us = [](course& x, double p) { return percentile(x.took, p) / 1e3; };
  note("what came to it, p50", percentile(mib, 0.5), "MiB");
  note("from its start to equal, p50", percentile(start_ms, 0.5), "ms");
  note("from its link to equal, p50", percentile(equal_ms, 0.5), "ms");
  row("from its link to equal, the longest", percentile(equal_ms, 1), "ms", 5000, better::lower);
  for (auto [who, x] : {std::pair{"before", &calm}, {"while it starts and catches up", &catching_up}, {"while it only starts", &only_starting}}) {
    note(fmt::format("button to relay over another node, {}: events", who), static_cast<double>(x->took.size()), "");
    note(fmt::format("button to relay over another node, {}: p50", who), us(*x, 0.5), "µs");
    note(fmt::format("button to relay over another node, {}: p99", who), us(*x, 0.99), "µs");
  }
  row("p99 while it catches up, times before", us(catching_up, 0.99) / us(calm, 0.99), "times", 2, better::lower);
  note("p99 while it only starts, times before", us(only_starting, 0.99) / us(calm, 0.99), "times");
  row("p99 while it catches up, times while it only starts", us(catching_up, 0.99) / us(only_starting, 0.99), "times", 1.5, better::lower);
  row("events that moved no relay", static_cast<double>(calm.lost + catching_up.lost + only_starting.lost), "", 0.5, better::lower);
  three.kill("b");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "%s\n", why.what());
    return 1;
  }
}
