#pragma once

#include "config/model/time.hpp"

namespace troupe::test {

/// A clock that says what it is told. Set it from one thread.
class set_clock final : public clock_source {
public:
  explicit set_clock(wall_ms at) : at_(at) {}
  mono_ns mono() const override { return mono_; }
  wall_ms wall() const override { return at_; }
  void set(wall_ms at) { at_ = at; }
  void pass(milliseconds x) {
    at_ += x.count();
    mono_ += std::chrono::nanoseconds{x}.count();
  }

private:
  wall_ms at_;
  mono_ns mono_ = 1'000'000'000;
};

inline constexpr wall_ms autumn_2026 = 1'795'000'000'000; ///< 2026-11-18
inline constexpr wall_ms in_2099 = 4'070'908'800'000;

} // namespace troupe::test
