#pragma once

#include "actors/protocol/services.hpp"
#include "actors/supervision/unit.hpp"
#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "tests/support/fake_bus.hpp"
#include "tests/support/words.hpp"

#include <map>
#include <optional>

namespace troupe::test {


/// Time that moves by hand.
class moved_clock final : public clock_source {
public:
  [[nodiscard]] mono_ns mono() const override { return now; }
  [[nodiscard]] wall_ms wall() const override { return 1'700'000'000'000 + now / ms + jump; }
  mono_ns now = 1000 * sec;
  wall_ms jump = 0;
};

/// One unit without an actor: its timers fire when `pass` moves the clock.
class bench_context final : public unit_context {
public:
  explicit bench_context(moved_clock& clock, std::string name)
    : clock_(clock), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  std::uint32_t incarnation() const override { return number; }
  caf::event_based_actor* self() override { return nullptr; }
  mono_ns now() const override { return clock_.now; }
  void arm(int timer, std::chrono::nanoseconds delay) override {
    timers[timer] = clock_.now + delay.count();
  }
  void cancel(int timer) override { timers.erase(timer); }

  std::uint32_t number = 1;
  std::map<int, mono_ns> timers;

private:
  moved_clock& clock_;
  std::string name_;
};

/// A node's services, one bus desk's worth of units, and a clock.
class unit_bench {
public:
  /// @param d the disk of an earlier life, to go on from what it kept.
  explicit unit_bench(
    std::shared_ptr<storage::memory_disk> d = std::make_shared<storage::memory_disk>())
    : disk(std::move(d)) {
    storage::store_options options;
    auto opened = storage::replicated_store::open(storage::make_memory_engine(disk), options, clock);
    store = std::move(*opened);
    all.emplace(services{live, *store, names, clock});
  }

  struct seat {
    std::unique_ptr<bench_context> context;
    make_unit make;
    std::unique_ptr<unit> inside;
    caf::message_handler handler;
  };

  seat& start(const std::string& name, make_unit make) {
    auto& s = seats[name];
    const auto number = s.context ? s.context->number + 1 : 1;
    s.inside.reset(); // as the shell does: the old one goes before the new one
    s.context = std::make_unique<bench_context>(clock, name);
    s.context->number = number;
    s.make = std::move(make);
    s.inside = s.make(*s.context);
    s.inside->start();
    s.handler = s.inside->messages();
    return s;
  }

  /// The unit throws and is made anew in place.
  void crash(const std::string& name) { start(name, seats.at(name).make); }

  template <class T>
  caf::optional<caf::message> tell(const std::string& name, T x) {
    auto content = caf::make_message(std::move(x));
    return seats.at(name).handler(content);
  }

  template <class Answer, class T>
  Answer ask(const std::string& name, T x) {
    auto answer = tell(name, std::move(x));
    return answer->template get_as<Answer>(0);
  }

  /// Lets time pass, with every timer at its moment.
  void pass(mono_ns time) {
    const auto end = clock.now + time;
    for (;;) {
      mono_ns next = end + 1;
      seat* who = nullptr;
      int which = 0;
      for (auto& [name, s] : seats)
        for (auto& [timer, at] : s.context->timers)
          if (at < next)
            next = at, who = &s, which = timer;
      if (!who)
        break;
      clock.now = std::max(clock.now, next);
      who->context->timers.erase(which);
      who->inside->on_timer(which);
    }
    clock.now = end;
  }

  moved_clock clock; ///< set `now` before the first unit if a life follows another
  std::shared_ptr<storage::memory_disk> disk;
  std::unique_ptr<storage::store> store;
  storage::live_table live{clock};
  directory names;
  std::optional<services> all;
  fake_hardware hw;
  std::map<std::string, seat> seats;
};

} // namespace troupe::test
