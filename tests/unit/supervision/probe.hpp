#pragma once

#include "actors/supervision/root.hpp"
#include "actors/supervision/unit.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace troupe::test {

using namespace supervision;
using namespace std::chrono_literals;

using work_atom = caf::atom_constant<caf::atom("work")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using block_atom = caf::atom_constant<caf::atom("block")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;

/// What the units of one test have in common: counted from outside, as a unit
/// is gone after its crash.
struct ledger {
  std::atomic<int> worked{0};
  std::atomic<int> out_of_order{0};
  std::atomic<int> made{0};
  std::atomic<int> timers{0};
  std::atomic<int> starts_to_fail{0};
  std::atomic<bool> let_go{false}; ///< ends `block`
  std::mutex mutex;
  std::vector<std::string> story;
  void note(std::string what) {
    std::lock_guard guard{mutex};
    story.push_back(std::move(what));
  }
  std::vector<std::string> told() {
    std::lock_guard guard{mutex};
    return story;
  }
};

/// A unit that does what it is told.
class probe : public unit {
public:
  probe(unit_context& ctx, ledger& book) : ctx_(ctx), book_(book) { ++book_.made; }

  void start() override {
    if (book_.starts_to_fail > 0) {
      --book_.starts_to_fail;
      throw std::runtime_error("no line");
    }
    book_.note("start " + ctx_.name());
  }

  caf::message_handler messages() override {
    return {
      [this](work_atom, int n) {
        if (n < last_)
          ++book_.out_of_order;
        last_ = n;
        ++mine_;
        ++book_.worked;
        return mine_;
      },
      [](crash_atom) { throw std::runtime_error("boom"); },
      [](done_atom) { throw unit_done{}; },
      [this](block_atom, const caf::actor& reply_to) {
        while (!book_.let_go)
          std::this_thread::sleep_for(1ms);
        ctx_.self()->send(reply_to, work_atom::value, 1);
      },
      [this](crash_atom, int ms) {
        ctx_.arm(1, std::chrono::milliseconds{ms});
      },
      [this](ask_atom, const caf::actor& whom) {
        ctx_.self()->request(whom, caf::infinite, work_atom::value, 1).then(
          [](int) { throw std::runtime_error("choked on the answer"); },
          [](const caf::error&) {});
      },
    };
  }

  void on_timer(int timer) override {
    ++book_.timers;
    if (timer == 1)
      throw std::runtime_error("timer");
  }

  void stop() override { book_.note("stop " + ctx_.name()); }
  nlohmann::json state() const override { return {{"mine", mine_}}; }

private:
  unit_context& ctx_;
  ledger& book_;
  int mine_ = 0;
  int last_ = 0;
};

inline child_spec worker(std::string id, ledger& book) {
  child_spec x;
  x.id = std::move(id);
  x.make = [&book](unit_context& ctx) { return std::make_unique<probe>(ctx, book); };
  return x;
}

inline child_spec supervisor_of(std::string id, std::vector<child_spec> children) {
  child_spec x;
  x.id = std::move(id);
  x.is_supervisor = true;
  x.children = std::move(children);
  return x;
}

/// Restarts at once, always.
inline child_spec tireless(child_spec x) {
  x.backoff.second = 0ms;
  x.intensity.restarts = 1'000'000;
  return x;
}

/// A report that remembers one line per event.
class memory : public report {
public:
  void crashed(const post_mortem& x) override { note(x.how + " " + x.actor + ": " + x.error); }
  void restarted(const std::string& actor, std::uint32_t n, std::chrono::nanoseconds) override {
    ++restarts;
    note("restarted " + actor + " as " + std::to_string(n));
  }
  void quarantined(const std::string& actor, const std::string&) override {
    note("quarantined " + actor);
  }
  void released(const std::string& actor) override { note("released " + actor); }
  void hung(const std::string& actor, const std::string&, bool replaced) override {
    note("hung " + actor + (replaced ? ", replaced" : ""));
  }
  void overfull(const std::string& actor, std::uint64_t, bool over) override {
    note((over ? "has room " : "overfull ") + actor);
  }
  void recovered(const std::string& actor) override { note("recovered " + actor); }
  void escalated(const std::string& actor, const std::string& why) override {
    note("escalated " + actor + ": " + why);
  }
  void raised(const alarm& x) override { note("alarm: " + x.text); }
  void tapped(const std::string& actor, const std::string& what) override {
    note("tap " + actor + ": " + what);
  }

  std::vector<std::string> told() const {
    std::lock_guard guard{mutex_};
    return lines_;
  }
  /// How many lines begin so?
  int count(const std::string& begin) const {
    std::lock_guard guard{mutex_};
    int n = 0;
    for (auto& x : lines_)
      n += x.starts_with(begin);
    return n;
  }
  std::atomic<int> restarts{0};

private:
  void note(std::string x) {
    std::lock_guard guard{mutex_};
    if (lines_.size() < 100'000)
      lines_.push_back(std::move(x));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A tree on the real scheduler.
struct live_tree {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::size_t{2});
    }
  };

  explicit live_tree(child_spec spec, limits bounds = {})
    : top(start_root(system, std::move(spec), told, names, system_clocks(),
                     [this](const std::string& why) { failure = why; }, bounds)) {}

  config cfg;
  caf::actor_system system{cfg};
  directory names;
  memory told;
  std::string failure;
  std::unique_ptr<root> top;
};

/// Waits for what other threads do. @returns whether it came.
inline bool eventually(const std::function<bool()>& f, std::chrono::milliseconds within = 10s) {
  auto until = std::chrono::steady_clock::now() + within;
  while (!f()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(200us);
  }
  return true;
}

} // namespace troupe::test
