#pragma once

#include "config/model/time.hpp"

#include <atomic>

namespace troupe::daemon {

/// The machine's clocks, of which a drill can set the wall clock wrong, for this
/// node only. It is right again by itself. Threads: any.
class drill_clock final : public clock_source {
public:
  [[nodiscard]] mono_ns mono() const override { return system_clocks().mono(); }
  [[nodiscard]] wall_ms wall() const override {
    return system_clocks().wall() + (system_clocks().mono() < until_ ? by_.load() : 0);
  }
  [[nodiscard]] bool of_boot() const override { return true; }

  void shift(milliseconds by, milliseconds length) {
    by_ = by.count(); // before it counts
    until_ = system_clocks().mono() + to_ns(length);
  }

private:
  std::atomic<wall_ms> by_{0};
  std::atomic<mono_ns> until_{0};
};

} // namespace troupe::daemon
