// What supervision costs. Prints one line per figure: name, value, unit, goal
// and how far the goal is met (1 and more: met).
// Usage: bench_supervision [population] [crashes] [fan-in] [idle]; all without one

#include "actors/supervision/root.hpp"
#include "actors/supervision/unit.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace troupe;
using namespace troupe::supervision;
using namespace std::chrono_literals;

namespace {

using crash_atom = caf::atom_constant<caf::atom("crash")>;
using work_atom = caf::atom_constant<caf::atom("work")>;
using go_atom = caf::atom_constant<caf::atom("go")>;

mono_ns now() {
  return system_clocks().mono();
}

/// `more_is_better`: a rate; else a time or a size.
void print(const std::string& name, double value, const char* unit, double goal,
           bool more_is_better) {
  fmt::print("{:<44} {:>12.2f} {:<8} goal {:>10.0f} ratio {:.2f}\n", name, value, unit, goal,
             goal == 0 ? 1.0 : more_is_better ? value / goal : goal / value);
  std::fflush(stdout);
}

struct marks {
  std::atomic<mono_ns> thrown{0};
  std::atomic<mono_ns> started{0};
  std::atomic<mono_ns> served{0};
  std::atomic<std::uint64_t> handled{0};
  std::atomic<std::uint64_t> wanted{0};
  std::atomic<mono_ns> complete{0};
  std::atomic<std::size_t> made{0};
};

class subject final : public unit {
public:
  explicit subject(marks& m) : m_(m) {}
  void start() override {
    m_.started = now();
    ++m_.made;
  }
  caf::message_handler messages() override {
    return {
      [this](work_atom) { m_.served = now(); },
      [this](int) {
        if (++count_ == m_.wanted.load(std::memory_order_relaxed))
          m_.complete = now();
      },
      [this](crash_atom) {
        m_.thrown = now();
        throw std::runtime_error("boom");
      },
    };
  }
  nlohmann::json state() const override { return {{"count", count_}}; }

private:
  marks& m_;
  std::uint64_t count_ = 0;
};

child_spec worker(std::string id, marks& m) {
  child_spec x;
  x.id = std::move(id);
  x.make = [&m](unit_context&) { return std::make_unique<subject>(m); };
  return x;
}

struct config : caf::actor_system_config {
  config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

struct bench {
  explicit bench(std::vector<child_spec> children) {
    limits bounds;
    bounds.running_mailbox = 100'000'000; // counted as ever, and none is refused
    child_spec x;
    x.id = "bench";
    x.is_supervisor = true;
    x.children = std::move(children);
    x.backoff.second = 0ms;
    x.intensity.restarts = 1'000'000;
    top = start_root(system, std::move(x), told, names, system_clocks(), {}, bounds);
  }
  config cfg;
  caf::actor_system system{cfg};
  directory names;
  report told;
  std::unique_ptr<root> top;
};

void await(const std::function<bool()>& f) {
  auto until = std::chrono::steady_clock::now() + 60s;
  while (!f()) {
    if (std::chrono::steady_clock::now() > until) {
      fmt::print(stderr, "gave up after 60 s\n");
      std::_Exit(1);
    }
    std::this_thread::yield();
  }
}

double at(std::vector<double>& xs, double share) {
  std::sort(xs.begin(), xs.end());
  return xs[static_cast<std::size_t>(static_cast<double>(xs.size() - 1) * share)];
}

void crashes() {
  marks m;
  bench b{{worker("a", m)}};
  await([&] { return m.made == 1; });
  std::vector<double> restarted, served;
  for (int i = 0; i < 5000; ++i) {
    m.served = 0;
    b.names.send("a", crash_atom::value);
    b.names.send("a", work_atom::value);
    await([&] { return m.served != 0; });
    restarted.push_back(static_cast<double>(m.started - m.thrown) / 1e3);
    served.push_back(static_cast<double>(m.served - m.thrown) / 1e3);
    // Apart, as crashes are; the supervisor has its say meanwhile.
    std::this_thread::sleep_for(200us);
  }
  print("crash to restarted and registered, p50", at(restarted, 0.5), "us", 10, false);
  print("crash to restarted and registered, p99", at(restarted, 0.99), "us", 50, false);
  print("crash to next queued message served, p50", at(served, 0.5), "us", 10, false);
  print("crash to next queued message served, p99", at(served, 0.99), "us", 50, false);
}

/// What the framework itself can do on this machine now: the same senders, an
/// unsupervised receiver.
double bare_fan_in(int senders, int each) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    marks m;
    m.wanted = static_cast<std::uint64_t>(senders) * static_cast<std::uint64_t>(each);
    config cfg;
    caf::actor_system system{cfg};
    auto to = system.spawn([&m](caf::event_based_actor*) -> caf::behavior {
      return {[&m, count = std::uint64_t{0}](int) mutable {
        if (++count == m.wanted.load(std::memory_order_relaxed))
          m.complete = now();
      }};
    });
    std::vector<caf::actor> from;
    for (int i = 0; i < senders; ++i)
      from.push_back(system.spawn([to, each](caf::event_based_actor* self) -> caf::behavior {
        return {[self, to, each](go_atom) {
          for (int n = 0; n < each; ++n)
            self->send(to, n);
        }};
      }));
    auto begun = now();
    for (auto& x : from)
      caf::anon_send(x, go_atom::value);
    await([&] { return m.complete != 0; });
    best = std::max(best, static_cast<double>(m.wanted) * 1e9
                            / static_cast<double>(m.complete - begun));
  }
  return best;
}

void fan_in() {
  const int senders = 100, each = 40'000;
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    marks m;
    m.wanted = std::uint64_t{senders} * each;
    bench b{{worker("a", m)}};
    await([&] { return m.made == 1; });
    auto to = b.names.find("a");
    std::vector<caf::actor> from;
    for (int i = 0; i < senders; ++i)
      from.push_back(b.system.spawn([to](caf::event_based_actor* self) -> caf::behavior {
        return {[self, to](go_atom) {
          for (int n = 0; n < each; ++n)
            self->send(to, n);
        }};
      }));
    auto begun = now();
    for (auto& x : from)
      caf::anon_send(x, go_atom::value);
    await([&] { return m.complete != 0; });
    best = std::max(best, static_cast<double>(m.wanted) * 1e9
                            / static_cast<double>(m.complete - begun));
  }
  print("fan-in of 100 actors to one, best of 5", best / 1e6, "M msg/s", 4, true);
  auto floor = bare_fan_in(senders, each);
  print("same to a bare actor of the framework", floor / 1e6, "M msg/s", 4, true);
  print("supervised against bare", 100 * best / floor, "percent", 80, true);
}

double resident() {
  std::ifstream statm{"/proc/self/statm"};
  double all = 0, resident_pages = 0;
  statm >> all >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void population() {
  const std::size_t many = 100'000;
  marks m;
  auto before = resident();
  std::vector<child_spec> children;
  children.reserve(many);
  for (std::size_t i = 0; i < many; ++i)
    children.push_back(worker("channel/room-" + std::to_string(i), m));
  auto begun = now();
  bench b{std::move(children)};
  await([&] { return m.made == many; });
  auto took = static_cast<double>(now() - begun) / 1e9;
  print("memory per supervised actor, 100,000", (resident() - before) / many, "bytes", 3000, false);
  print("start of supervised actors", static_cast<double>(many) / took / 1e3, "k/s", 100, true);
  begun = now();
  static_cast<void>(b.top->stop(60s));
  print("ordered stop of supervised actors",
        static_cast<double>(many) / (static_cast<double>(now() - begun) / 1e9) / 1e3, "k/s", 100, true);
}

void idle() {
  marks m;
  std::vector<child_spec> children;
  for (int i = 0; i < 100; ++i)
    children.push_back(worker("w" + std::to_string(i), m));
  bench b{std::move(children)};
  await([&] { return m.made == 100; });
  auto wakeups = [] {
    rusage x{};
    getrusage(RUSAGE_SELF, &x);
    return static_cast<double>(x.ru_nvcsw);
  };
  std::this_thread::sleep_for(500ms);
  auto before = wakeups();
  std::this_thread::sleep_for(20s); // two rounds of pings
  print("wake-ups with 100 idle actors", (wakeups() - before) / 20, "1/s", 20, false);
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> wanted(argv + 1, argv + argc);
  const auto wants = [&](const char* what) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), what) != wanted.end();
  };
  if (wants("population"))
    population(); // first, while no freed memory is left to be used again
  if (wants("crashes"))
    crashes();
  if (wants("fan-in"))
    fan_in();
  if (wants("idle"))
    idle();
}
