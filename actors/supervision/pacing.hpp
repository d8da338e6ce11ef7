#pragma once

#include "actors/supervision/spec.hpp"
#include "config/model/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::supervision {

/// Numbers for jitter from one seed, so that a run can be repeated.
/// splitmix64: one word of state, good enough to spread restarts.
class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  /// In [-1, 1).
  double roll() noexcept;

private:
  std::uint64_t state_;
};

/// Failures within a sliding window. Holds at most `longest_memory` of them:
/// an intensity above that is no limit.
class failure_window {
public:
  static constexpr std::size_t longest_memory = 1024;

  void note(mono_ns now, const intensity_policy& policy);
  /// More failures within the period than the policy grants?
  [[nodiscard]] bool too_often(mono_ns now, const intensity_policy& policy) const;
  /// How many more failures the policy would grant now.
  [[nodiscard]] std::size_t left(mono_ns now, const intensity_policy& policy) const;
  void forget() { at_.clear(); }

private:
  [[nodiscard]] std::size_t within(mono_ns now, milliseconds period) const;
  std::vector<mono_ns> at_;
};

/// The pauses between the restarts of one child: none, then short, then
/// exponentially longer, each with jitter so that what failed together is not
/// retried together.
class pacing {
public:
  /// One more failure. @returns the pause before the next start.
  milliseconds failed(mono_ns now, const backoff_policy& policy, dice& chance);

  /// Would a failure now be answered without a pause? Then how many in a row?
  [[nodiscard]] std::size_t at_once(mono_ns now, const backoff_policy& policy) const;

  /// When the past is forgiven, if nothing else happens.
  [[nodiscard]] std::optional<mono_ns> forgiven_at(const backoff_policy& policy) const;

  void forgive() { streak_ = 0; }
  [[nodiscard]] unsigned streak() const { return streak_; }

private:
  unsigned streak_ = 0;
  mono_ns last_ = 0;
};

/// Pause before the n-th restart in a row, without jitter. n counts from 1.
milliseconds pause_before(unsigned n, const backoff_policy& policy);

/// How restless a child is: failures, each halved every `half_life`. A child
/// that fails now and then, below every intensity limit, shows here.
class flap_score {
public:
  static constexpr std::chrono::minutes half_life{10};
  /// From here on a child counts as flapping.
  static constexpr double restless = 3.0;

  void note(mono_ns now);
  [[nodiscard]] double value(mono_ns now) const;

private:
  double score_ = 0;
  mono_ns at_ = 0;
};

} // namespace troupe::supervision
