#pragma once

#include "storage/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::test {

/// Time that moves by hand.
class hand_clock final : public clock_source {
public:
  mono_ns mono() const override { return mono_; }
  wall_ms wall() const override { return wall_; }

  void pass(milliseconds x) {
    mono_ += std::chrono::nanoseconds{x}.count();
    wall_ += x.count();
  }
  void set_wall(wall_ms x) { wall_ = x; }

private:
  mono_ns mono_ = 3'600'000'000'000;
  wall_ms wall_ = 1'790'000'000'000;
};

/// What became of the durable writes of a test, in order.
class outcomes {
public:
  storage::on_durable next() {
    return [all = all_](const status& x) { all->push_back(x); };
  }
  [[nodiscard]] const std::vector<status>& all() const { return *all_; }
  [[nodiscard]] std::size_t good() const {
    std::size_t n = 0;
    for (const auto& x : *all_)
      n += x ? 1 : 0;
    return n;
  }
  [[nodiscard]] std::size_t open() const { // told that the outcome is open
    std::size_t n = 0;
    for (const auto& x : *all_)
      n += !x && x.why().code == errc::indeterminate ? 1 : 0;
    return n;
  }

private:
  std::shared_ptr<std::vector<status>> all_ = std::make_shared<std::vector<status>>();
};

} // namespace troupe::test
