#pragma once

#include "actors/bus/make.hpp"
#include "actors/channel/make.hpp"
#include "actors/counter/make.hpp"
#include "actors/protocol/channel.hpp"
#include "actors/protocol/registration.hpp"
#include "actors/supervision/root.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/fake_bus.hpp"

#include <functional>
#include <thread>

namespace troupe::test {

using crash_atom = caf::atom_constant<caf::atom("crash")>;

/// A unit that can be told to crash; else it is the one inside.
class crashable final : public unit {
public:
  explicit crashable(std::unique_ptr<unit> inside) : inside_(std::move(inside)) {}
  caf::message_handler messages() override {
    caf::message_handler crash{[](crash_atom) { throw std::runtime_error("crashed as told"); }};
    return crash.or_else(inside_->messages());
  }
  void start() override { inside_->start(); }
  void on_timer(int timer) override { inside_->on_timer(timer); }
  void stop() override { inside_->stop(); }
  nlohmann::json state() const override { return inside_->state(); }

public:
  std::unique_ptr<unit> inside_;
};

inline make_unit can_crash(make_unit make) {
  return [make = std::move(make)](unit_context& ctx) -> std::unique_ptr<unit> {
    return std::make_unique<crashable>(make(ctx));
  };
}

/// Real actors under real supervision on fake hardware.
class live_node {
public:
  /// Short rounds, so that tests need not wait for a hang to be found.
  [[nodiscard]] static supervision::limits quick() {
    supervision::limits x;
    x.sweep_every = milliseconds{50};
    x.ping_every = milliseconds{100};
    return x;
  }

  explicit live_node(std::size_t workers = 2, supervision::limits bounds = quick())
    : config_(workers), system_(config_) {
    store_ = storage::replicated_store::open(storage::make_memory_engine(), {}, system_clocks()).value();
    all.emplace(services{live, *store_, names, system_clocks()});
    child_spec top;
    top.id = "house";
    top.is_supervisor = true;
    top.backoff.second = milliseconds{0};
    top.intensity.restarts = 1'000'000;
    root_ = supervision::start_root(system_, top, told_, names, system_clocks(), {}, bounds);
  }

  ~live_node() {
    hw.release();
    // Its own words are for the operator; the test has looked at what it wants.
    (void)root_->stop(milliseconds{1000});
    root_.reset();
    system_.await_all_actors_done();
  }

  void add_bus(milliseconds call_timeout = milliseconds{5000}) {
    bus_config c;
    c.name = "main";
    c.reopen_every = milliseconds{50};
    child_spec s;
    s.id = "bus/main";
    s.detached = true;
    s.answer_within = call_timeout;
    s.make = can_crash(make_bus(*all, desk, c, [this](const bus_config&) { return open_fake(hw); }));
    add(std::move(s));
  }

  void add_counter(const std::string& name) {
    counter_config c;
    c.name = name;
    c.line.line = name;
    c.line.edges = edge_kind::rising;
    child_spec s;
    s.id = name;
    s.make = can_crash(make_counter(*all, desk, c));
    add(std::move(s));
  }

  void add_channel(channel_config c) {
    child_spec s;
    s.id = c.name;
    s.make = can_crash(make_channel(*all, desk, c));
    add(std::move(s));
  }

  void add(child_spec s) {
    const auto name = s.id;
    if (auto ok = root_->add("house", std::move(s)); !ok)
      throw std::runtime_error(name + ": " + to_string(ok.why()));
  }

  void crash(const std::string& name) { names.send(name, crash_atom::value); }

  [[nodiscard]] std::uint32_t incarnation(const std::string& name) const {
    const auto row = names.lookup(name);
    return row ? row->life->incarnation.load() : 0;
  }

  caf::actor_system& system() { return system_; }

  fake_hardware hw;
  storage::live_table live;
  directory names;
  std::shared_ptr<bus_desk> desk = std::make_shared<bus_desk>("main");
  std::optional<services> all;

private:
  struct config : caf::actor_system_config {
    explicit config(std::size_t workers) {
      add_messages(*this);
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", workers);
    }
  };

  config config_;
  caf::actor_system system_;
  supervision::report told_;
  std::unique_ptr<storage::store> store_;
  std::unique_ptr<supervision::root> root_;
};

/// Waits for what other threads do. @returns whether it came.
inline bool comes(const std::function<bool()>& f, milliseconds within = milliseconds{20000}) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!f()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  return true;
}

} // namespace troupe::test
