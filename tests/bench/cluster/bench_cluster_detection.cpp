// How soon two nodes tell that the third is gone: its process killed, its
// process stopped, its network silent. The moment is when this process reads
// the journal entry from a survivor's control socket.
//
//   bench_cluster_detection [--runs N] [--kinds kill,stop,silent]

#include "tests/bench/cluster/stories.hpp"
#include "tests/bench/cluster/wires.hpp"
#include "tests/support/bench.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <random>

using namespace troupe::bench;
using namespace std::chrono_literals;

namespace {

struct times {
  std::vector<double> suspect, down; ///< ms; of both survivors
  std::size_t missed = 0;
};

class trial {
public:
  explicit trial(const wires* in) : in_(in), tell_(all_) {
    int i = 0;
    for (const auto* name : {"a", "b", "c"}) {
      farm::plan x{.name = name};
      for (const auto* peer : {"a", "b", "c"})
        if (peer != x.name)
          x.peers.push_back(peer);
      ++i;
      if (in_ != nullptr) {
        x.net_namespace = in_->space(i);
        x.address = fmt::format("10.99.0.{}", i);
      }
      all_.add(std::move(x));
    }
    all_.write();
    for (const auto& name : all_.names())
      all_.start(name);
    if (all_.await_alive(all_.names(), 3, 15s, 20ms) < 0)
      throw std::runtime_error("three nodes do not link\n" + all_.log("a"));
    tell_.follow("a");
    tell_.follow("b");
  }
  ~trial() {
    all_.kill_all();
    tell_.end();
  }

  /// @param strike makes c go, and says when; @param mend brings it back
  template <class Strike, class Mend>
  void once(times& into, Strike strike, Mend mend) {
    // Not in step with the beats; and a link that was lost within its first
    // second gets no dial at once, which is right for a flapping peer and no
    // picture of a first death.
    pause(std::chrono::milliseconds{1100 + static_cast<int>(chance_() % 60)});
    tell_.forget();
    const auto at = strike(all_);
    for (const auto* by : {"a", "b"}) {
      const auto doubt = tell_.await(by, "c", {"suspect", "down"}, at, 3s);
      const auto down = tell_.await(by, "c", {"down"}, at, 5s);
      if (doubt)
        into.suspect.push_back(static_cast<double>(doubt->at - at) / 1e6);
      if (down)
        into.down.push_back(static_cast<double>(down->at - at) / 1e6);
      else
        ++into.missed;
    }
    mend(all_);
    if (all_.await_alive({"a", "b", "c"}, 3, 30s, 20ms) < 0)
      throw std::runtime_error("c does not come back\n" + all_.log("a"));
  }

private:
  const wires* in_;
  farm all_;
  stories tell_;
  std::mt19937 chance_{7};
};

void print(const std::string& name, times& of, double suspect_p50, double suspect_p99, double down_p50, double down_p99) {
  const auto line = [&](const char* what, std::vector<double>& all, double p50, double p99) {
    if (all.empty())
      return;
    const auto put = [&](const char* p, double x, double goal) {
      const auto title = fmt::format("{}: {}, {}", name, what, p);
      goal > 0 ? row(title, x, "ms", goal, better::lower) : note(title, x, "ms");
    };
    put("p50", percentile(all, 0.5), p50);
    put("p99", percentile(all, 0.99), p99);
    put("max", all.back(), 0);
  };
  line("told lost or suspect", of.suspect, suspect_p50, suspect_p99);
  line("told down", of.down, down_p50, down_p99);
  note(name + ": tellings", static_cast<double>(of.down.size()), "");
  row(name + ": not told down within 5 s", static_cast<double>(of.missed), "", 0.5, better::lower);
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"How soon a lost node is told by the others."};
  std::size_t runs = 12;
  std::vector<std::string> kinds{"kill", "stop", "silent"};
  app.add_option("--runs", runs, "of each kind")->capture_default_str();
  app.add_option("--kinds", kinds)->delimiter(',')->check(CLI::IsMember({"kill", "stop", "silent"}));
  CLI11_PARSE(app, argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  const auto wanted = [&](const char* x) { return std::find(kinds.begin(), kinds.end(), x) != kinds.end(); };
  if (wanted("kill")) {
    trial three{nullptr};
    times of;
    for (std::size_t i = 0; i < runs; ++i)
      three.once(of, [](farm& all) { const auto at = now_ns(); all.kill("c"); return at; },
                 [](farm& all) { all.start("c"); });
    print("kill -9", of, 5, 15, 5, 15);
  }
  if (wanted("stop")) {
    trial three{nullptr};
    times of;
    for (std::size_t i = 0; i < runs; ++i)
      three.once(of, [](farm& all) { const auto at = now_ns(); all.signal("c", SIGSTOP); return at; },
                 [](farm& all) { all.signal("c", SIGCONT); });
    print("SIGSTOP", of, 0, 300, 0, 1000);
  }
  if (wanted("silent")) {
    const wires net{3};
    if (!net.usable()) {
      std::printf("silent link: not measured; network namespaces need root\n");
      return 0;
    }
    trial three{&net};
    times of;
    double longest = 0; // how long the cut itself took: the error of its moment
    for (std::size_t i = 0; i < runs; ++i)
      three.once(of,
                 [&](farm&) {
                   const auto at = now_ns();
                   (void)net.cut(3);
                   longest = std::max(longest, static_cast<double>(now_ns() - at) / 1e6);
                   return at;
                 },
                 [&](farm&) { (void)net.heal(3); });
    print("silent link", of, 0, 300, 0, 1000);
    note("silent link: longest time that the cut itself took, included", longest, "ms");
  }
}
