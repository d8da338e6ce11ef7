#pragma once

#include "drivers/bus.hpp"
#include "drivers/sim/lines.hpp"
#include "drivers/sim/waker.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

namespace troupe::drivers::sim {

enum class mischief : std::uint8_t {
  bus_hang,
  bus_lost,
  bus_slow,
  button,
  edge_loss,
  edge_storm,
  leak,
  load,
  pulse_burst,
  pulse_rate,
  sensor_dead,
  sensor_drift,
  sensor_noise,
  sensor_stuck,
};

/// A fault that is on, or a deed that is done once.
struct active_fault {
  mischief what{};
  std::optional<line_id> line; ///< nothing: the whole bus, or all sensors
  double amount = 0;

  friend bool operator==(const active_fault&, const active_fault&) = default;
};

/// The faults of one bus name. They belong to the name, not to the open bus:
/// a bus that the supervisor reopens is as broken as before.
///
/// Threads: any, for every call. Only `pass` may block.
class fault_board {
public:
  explicit fault_board(std::string bus_name) : bus_name_(std::move(bus_name)) {}

  /// Switches a fault, or does a deed once. `name` may carry an amount:
  /// "pulse-burst=2000". An empty line stands for the whole bus or for the
  /// line that the help names.
  /// @returns `not_found` for a fault or line that does not exist,
  ///          `invalid_argument` for an amount or line that does not fit,
  ///          `over_limit` if too many wait to be done.
  status set(const std::string& name, const std::string& line, bool active);

  /// Every kind of fault with its help, and each that is on with its line.
  std::vector<fault> list() const;

  /// What a driver call goes through first: hangs, is slow, or fails.
  /// Blocks: up to 60 s while the bus hangs, else at most the slowness asked for.
  status pass(std::optional<line_id> line) const;

  /// How often the bus was lost. A bus is lost if this has grown since it was
  /// opened, so that a short loss cannot be overlooked.
  std::uint64_t losses() const noexcept { return losses_.load(std::memory_order_acquire); }
  bool lost_now() const;

  /// For model threads: who is nudged at each change. The last to attach is
  /// the one that does the deeds; an abandoned bus only sees the states.
  std::uint64_t attach(std::weak_ptr<waker> who);
  void detach(std::uint64_t id);
  std::vector<active_fault> states() const;
  /// Grows with each change of the states; begins at 1.
  std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_acquire); }
  std::vector<active_fault> take_deeds(std::uint64_t id);

  const std::string& bus_name() const noexcept { return bus_name_; }

private:
  struct listener {
    std::uint64_t id;
    std::weak_ptr<waker> who;
  };

  bool on(mischief what) const; // needs mutex_
  status hang() const;

  const std::string bus_name_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<active_fault> states_;
  std::deque<active_fault> deeds_;
  std::vector<listener> listeners_;
  std::uint64_t next_id_ = 1;
  std::atomic<std::uint64_t> losses_{0};
  std::atomic<std::uint64_t> changes_{1};
  std::atomic<bool> obstructed_{false}; // any fault that `pass` must look at
};

/// The board of a bus name; made at first use, kept for the process.
std::shared_ptr<fault_board> board_of(const std::string& bus_name);

} // namespace troupe::drivers::sim
