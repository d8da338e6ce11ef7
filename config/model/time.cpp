#include "config/model/time.hpp"

#include <ctime>

namespace troupe {

namespace {

class machine_clocks final : public clock_source {
public:
  mono_ns mono() const override {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  }

  wall_ms wall() const override {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return std::int64_t{t.tv_sec} * 1'000 + t.tv_nsec / 1'000'000;
  }

  bool of_boot() const override { return true; }
};

} // namespace

const clock_source& system_clocks() {
  static const machine_clocks clocks;
  return clocks;
}

} // namespace troupe
