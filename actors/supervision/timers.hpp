#pragma once

#include "config/model/time.hpp"

#include <map>
#include <optional>
#include <vector>

namespace troupe::supervision {

/// The timers of one incarnation, over wake-ups that cannot be called back.
///
/// The framework's delayed messages cannot be cancelled, and a timer that is
/// moved with every message would pile them up. So a wake-up means only "look
/// at your timers", and a new one is asked for only if none comes early
/// enough. Threads: one.
class timers {
public:
  /// @returns when a wake-up must be asked for, if one must.
  [[nodiscard]] std::optional<mono_ns> arm(int timer, mono_ns at);
  void cancel(int timer) { at_.erase(timer); }
  /// The incarnation ends. Wake-ups on their way stay known.
  void clear() { at_.clear(); }

  /// A wake-up has come. @returns the next due timer, disarmed, or none.
  /// Call until none.
  [[nodiscard]] std::optional<int> due(mono_ns now);
  /// After the last `due`: the next wake-up to be asked for, if any.
  [[nodiscard]] std::optional<mono_ns> next();

private:
  [[nodiscard]] std::optional<mono_ns> want(mono_ns at);
  std::map<int, mono_ns> at_;
  std::vector<mono_ns> coming_; ///< wake-ups on their way, latest first
};

} // namespace troupe::supervision
