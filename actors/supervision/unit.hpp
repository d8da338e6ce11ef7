#pragma once

#include "actors/supervision/vitals.hpp"
#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <caf/all.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace troupe {

/// What a unit sees of the actor that it lives in. Valid as long as the unit.
/// Threads: the actor's own.
class unit_context {
public:
  virtual ~unit_context() = default;

  [[nodiscard]] virtual const std::string& name() const = 0;

  /// 1 for the first start; one more after each restart, also in place.
  [[nodiscard]] virtual std::uint32_t incarnation() const = 0;

  /// For sending and answering. Never call `quit`, `become` or `monitor` on
  /// it: throw instead, and the supervisor decides what happens next.
  [[nodiscard]] virtual caf::event_based_actor* self() = 0;

  /// CLOCK_MONOTONIC; the test clock in tests.
  [[nodiscard]] virtual mono_ns now() const = 0;

  /// Calls `unit::on_timer(timer)` once after `delay`. Arming again moves it.
  /// A timer dies with its incarnation: a restarted unit hears none of its
  /// predecessor's.
  virtual void arm(int timer, std::chrono::nanoseconds delay) = 0;
  virtual void cancel(int timer) = 0;

  /// True once this actor was taken for hung and another one has its name.
  /// What it sends is ignored anyway; look here after a blocking call before
  /// touching anything else (a store, a table, a line). Any thread.
  [[nodiscard]] virtual bool fenced() const { return false; }
};

/// A unit throws it to end normally: its work is done and nothing failed.
struct unit_done {};

/// The inside of a supervised actor: one incarnation of its state and
/// behavior. Everything that can fail throws or is answered as an error; an
/// exception that leaves a handler ends this incarnation, leaves a
/// post-mortem, and the supervisor's policy decides when the next one starts,
/// in place, so that address and mailbox survive. `throw unit_done{}` ends it
/// normally.
class unit {
public:
  virtual ~unit() = default;

  /// The messages it understands. Called once, after `start`.
  [[nodiscard]] virtual caf::message_handler messages() = 0;

  /// Loads state, attaches lines, arms timers. Throwing counts as a crash.
  virtual void start() {}

  virtual void on_timer(int /*timer*/) {}

  /// Ordered stop, within `child_spec::stop_within`. Not called after a crash.
  virtual void stop() {}

  /// For post-mortems and inspection; must work in any state, must not throw.
  [[nodiscard]] virtual nlohmann::json state() const { return nlohmann::json::object(); }
};

using make_unit = std::function<std::unique_ptr<unit>(unit_context&)>;

} // namespace troupe
