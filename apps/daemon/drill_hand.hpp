#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::daemon {

/// What a drill does to this node, at the word of the node that drives it. Each
/// fault has an end of its own, which needs nobody: whoever drives may die.
///
/// Threads: any; a fault that is to come waits on one of its own.
class drill_hand {
public:
  struct powers {
    std::function<void(const std::string& peer, milliseconds length)> cut; ///< empty: a node alone; 0 ends it
    std::function<void(const std::string& text)> journal;
  };
  static constexpr milliseconds latest{2000}; ///< a fault may be ordered ahead

  explicit drill_hand(powers with) : powers_(std::move(with)) {}
  ~drill_hand() { stop(); }
  drill_hand(const drill_hand&) = delete;
  drill_hand& operator=(const drill_hand&) = delete;

  /// {"drill", "what": "kill"|"stop"|"cut"|"heal", "peer", "for_ms", "in_ms"}
  [[nodiscard]] result<nlohmann::json> play(const std::string& who, const nlohmann::json& body);
  void stop(); ///< what has not begun does not

private:
  struct fault {
    std::string drill, what, peer;
    milliseconds length{0}, in{0};
  };
  [[nodiscard]] result<fault> read(const nlohmann::json& body) const;
  void heal(const std::string& drill);
  void wait_and_do(const fault& x);
  void reap(); ///< waits for the end of the waker

  powers powers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string drill_; ///< whose fault is to come or lasts; empty: none
  std::string cut_from_;
  std::chrono::steady_clock::time_point until_{};
  bool called_off_ = false;
  std::atomic<bool> asleep_{false}; ///< from before the stop until after it: the waker must live
  std::atomic<int> waker_{0}; ///< process; written under `mutex_`
  std::thread thread_;
  std::mutex ordering_; ///< one order at a time
};

} // namespace troupe::daemon
