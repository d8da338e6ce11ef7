#pragma once

#include "drivers/bus.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe::bench {

/// One contact and one relay without hardware: `press` is the edge as a
/// driver's reader thread would tell it, and the write to the relay is stamped
/// where a driver would drive the pin.
///
/// Threads: `press` and `await` one; the rest is the node's.
class bench_hardware {
public:
  /// For `node::options::open_bus`. `this` outlives the node.
  [[nodiscard]] result<std::unique_ptr<drivers::bus>> open(const bus_config& config);

  [[nodiscard]] bool ready();
  /// @returns when the edge was told, CLOCK_MONOTONIC
  std::int64_t press(bool level);
  /// When the relay was told `level` after that, or 0 if it was not within `limit`.
  std::int64_t await(bool level, std::chrono::milliseconds limit);

  /// Levels, and when each began (`now_ns`).
  using changes = std::vector<std::pair<bool, std::int64_t>>;

  /// Each write to the relay since the last call.
  [[nodiscard]] changes take_writes();

private:
  friend class bench_bus;
  friend class bench_button;
  friend class bench_relay;

  std::mutex mutex_;
  std::condition_variable changed_;
  drivers::edge_sink* sink_ = nullptr;
  bool relay_ = false;
  std::int64_t relay_at_ = 0;
  changes writes_; ///< at most `most_writes`
  static constexpr std::size_t most_writes = 1 << 20;
  std::uint32_t edges_ = 0;
};

} // namespace troupe::bench
