#pragma once

#include "config/model/drill.hpp"
#include "config/model/result.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::daemon {

/// What a node does to itself for a drill.
struct drill_fault {
  std::string drill;
  drill_kind kind = drill_kind::kill_node;
  std::string peer;
  milliseconds length{0}; ///< 0: ends it
  milliseconds in{0};
  milliseconds delay{0}, by{0};
  double loss = 0; ///< percent
};

/// What a drill does to this node, at the word of the node that drives it. Each
/// fault has an end of its own, which needs nobody: whoever drives may die.
///
/// Threads: any; a fault that is to come waits on one of its own.
class drill_hand {
public:
  struct powers {
    // Each ends by itself after `length`, and at once when that is 0. Empty: there is none.
    std::function<void(const drill_fault&)> link, disk, clock;
    std::function<nlohmann::json()> disk_met; ///< what the disk's fault met; with `disk`
    std::function<std::string()> real_buses;  ///< names of what is no simulation; empty: none
    std::function<void(const std::string& text)> journal;
  };
  static constexpr milliseconds latest{2000}; ///< a fault may be ordered ahead

  explicit drill_hand(powers with) : powers_(std::move(with)) {}
  ~drill_hand() { stop(); }
  drill_hand(const drill_hand&) = delete;
  drill_hand& operator=(const drill_hand&) = delete;

  /// {"drill", "what": the word of a kind of node or link, or "heal", "peer", "for_ms", "in_ms", "delay_ms", "by_ms", "loss"}
  /// "heal" ends what the drill does here, and tells what it met.
  [[nodiscard]] result<nlohmann::json> play(const std::string& who, const nlohmann::json& body);
  [[nodiscard]] bool is_at_it() const; ///< a fault is to come, or lasts
  void stop(); ///< what has not begun does not; what lasts ends

private:
  [[nodiscard]] result<drill_fault> read(const nlohmann::json& body) const;
  [[nodiscard]] const std::function<void(const drill_fault&)>* power_for(drill_kind kind) const;
  [[nodiscard]] nlohmann::json heal(const std::string& drill);
  void wait_and_do(const drill_fault& x);
  void call_off();
  void reap(); ///< waits for the end of the waker

  powers powers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  drill_fault fault_; ///< that is to come, lasts or was the last; `drill` empty: none
  std::chrono::steady_clock::time_point until_{};
  bool called_off_ = false;
  std::atomic<bool> asleep_{false}; ///< from before the stop until after it: the waker must live
  std::atomic<int> waker_{0}; ///< process; written under `mutex_`
  std::thread thread_;
  std::mutex ordering_; ///< one order at a time
};

} // namespace troupe::daemon
