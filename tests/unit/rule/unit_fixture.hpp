#pragma once

#include "actors/rule/make.hpp"
#include "actors/rule/rule_unit.hpp"
#include "tests/support/fake_store.hpp"

#include <caf/test/dsl.hpp>

// The unit of one rule, in a house of its own, with timers moved by hand.

namespace troupe::test {

using namespace std::chrono_literals;

class hand_clock final : public clock_source {
public:
  mono_ns mono() const override { return now; }
  wall_ms wall() const override { return 1'800'000'000'000 + now / 1'000'000; }
  mono_ns now = 1'000'000'000'000;
};

/// A unit's place, with timers moved by hand.
class hand_context final : public unit_context {
public:
  hand_context(caf::event_based_actor* self, hand_clock& clock) : self_(self), clock_(clock) {}
  const std::string& name() const override { return name_; }
  std::uint32_t incarnation() const override { return 1; }
  caf::event_based_actor* self() override { return self_; }
  mono_ns now() const override { return clock_.now; }
  void arm(int timer, std::chrono::nanoseconds delay) override {
    timers[timer] = clock_.now + delay.count();
  }
  void cancel(int timer) override { timers.erase(timer); }
  std::map<int, mono_ns> timers;

private:
  std::string name_ = "rule/test";
  caf::event_based_actor* self_;
  hand_clock& clock_;
};

/// What an output heard.
struct heard {
  std::vector<command> commands;
  std::size_t renewals = 0;
};

inline caf::behavior output_actor(heard* what) {
  return {
    [what](const command& x) { what->commands.push_back(x); },
    [what](const renewal& x) { what->renewals += x.source == "rule/test" ? 1 : 0; },
  };
}

/// The supervised actor around the unit, without its supervisor.
class place final : public caf::event_based_actor {
public:
  explicit place(caf::actor_config& cfg, hand_clock* clock)
    : caf::event_based_actor(cfg), context(this, *clock) {}

  caf::behavior make_behavior() override {
    return {[](int) {}};
  }

  void begin(const make_unit& make) {
    content = make(context);
    content->start();
    become(caf::behavior{content->messages()});
  }

  hand_context context;
  std::unique_ptr<unit> content;
};

struct unit_fixture : test_coordinator_fixture<> {
  hand_clock clock;
  storage::live_table live{clock};
  test::fake_store store;
  directory names;
  services house{live, store, names, clock};
  rule_config config;
  make_authority may_act; ///< of a rule that may run on several nodes
  caf::actor actor;
  place* here = nullptr;
  std::map<std::string, heard> outputs;
  std::map<std::string, std::uint64_t> changes;

  unit_fixture() {
    config.name = "test";
    add_output("lamp");
  }

  ~unit_fixture() { end(); }

  void add_output(const std::string& name) {
    directory::row row;
    row.name = name;
    row.handle = sys.spawn([this, name] { return output_actor(&outputs[name]); });
    row.life = std::make_shared<vitals>();
    row.life->incarnation = 1;
    names.put(row);
    sched.run();
  }

  void put(const std::string& name, const value& x, origin how = origin::change) {
    reading r;
    r.val = x;
    r.grade = quality::good;
    r.why = reason::none;
    r.told_as = how;
    r.changes = how == origin::change ? ++changes[name] : changes[name];
    live.publish(name, r);
    sched.run();
  }
  void on(const std::string& name) { put(name, value::digital(true)); }
  void off(const std::string& name) { put(name, value::digital(false)); }

  void start(const std::string& lua) {
    config.lua = lua;
    actor = sys.spawn<place>(&clock);
    sched.run();
    here = dynamic_cast<place*>(caf::actor_cast<caf::abstract_actor*>(actor));
    here->begin(make_rule(house, config, may_act));
    sched.run();
  }

  void end() {
    if (!actor)
      return;
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    here = nullptr;
    actor = nullptr;
    sched.run();
    for (const auto& row : names.list())
      caf::anon_send_exit(row.handle, caf::exit_reason::kill);
    sched.run();
  }

  /// A crash: nothing is told to anybody, the next life has the same store.
  void crash() {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    here = nullptr;
    actor = nullptr;
    sched.run();
  }

  void pass(std::chrono::nanoseconds x) {
    const auto until = clock.now + x.count();
    while (true) {
      auto& timers = here->context.timers;
      const auto first = std::min_element(timers.begin(), timers.end(), [](auto& a, auto& b) {
        return a.second < b.second;
      });
      if (first == timers.end() || first->second > until)
        break;
      const auto timer = first->first;
      clock.now = std::max(clock.now, first->second);
      timers.erase(first);
      here->content->on_timer(timer);
      sched.run();
    }
    clock.now = until;
  }

  std::size_t runs() const { return here->content->state()["last"]["number"].get<std::size_t>(); }
  std::vector<command>& lamp() { return outputs["lamp"].commands; }
};

} // namespace troupe::test
