#pragma once

#include "actors/supervision/unit.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe {

/// When an ended child is started again (OTP's child restart types).
enum class restart : std::uint8_t {
  permanent, ///< always
  transient, ///< only after an abnormal end
  temporary, ///< never
};

/// Which children a failure concerns (OTP's strategies).
enum class strategy : std::uint8_t { one_for_one, one_for_all, rest_for_one };

/// When and how fast a failing child is tried again.
struct backoff_policy {
  milliseconds first{0};       ///< pause before the first restart: at once
  milliseconds second{50};     ///< then exponential from here
  milliseconds longest{10000};
  double factor = 2;
  double jitter = 0.2;         ///< +- share of the pause
  milliseconds forgiven_after{60000}; ///< without a crash: start over
};

/// OTP's intensity and period. Counted for each child, and past it the child
/// is quarantined; or, where `escalate` says so, counted for all children
/// together, as OTP does, and past it the supervisor itself fails.
/// From 1024 restarts on there is no limit.
struct intensity_policy {
  unsigned restarts = 5;
  milliseconds period{60000};
  bool escalate = false;
  milliseconds retry_quarantined{300000}; ///< slow pace of tries; 0: by hand only
};

/// One child, as data. `id` is also its address.
struct child_spec {
  std::string id;
  make_unit make;                      ///< a worker; empty: see `children`
  restart when = restart::permanent;
  milliseconds stop_within{1000};
  milliseconds answer_within{5000};    ///< a ping; past it the child is hung
  bool detached = false;               ///< own thread: it may block
  std::string type = "worker";         ///< for people: "channel", "rule", "bus"
  /// Told on the supervisor's thread when the child enters (true) or leaves
  /// quarantine: turn readings bad, bring outputs to safe.
  std::function<void(bool)> on_quarantine;

  // A child that is itself a supervisor. Strategy, back-off and intensity are
  // those that it applies to its children; a worker's own are not looked at.
  std::vector<child_spec> children;
  bool is_supervisor = false;
  strategy how = strategy::one_for_one;
  backoff_policy backoff;
  intensity_policy intensity;
};

const char* to_string(restart x) noexcept;
const char* to_string(strategy x) noexcept;

} // namespace troupe
