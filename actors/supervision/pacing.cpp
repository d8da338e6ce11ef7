#include "actors/supervision/pacing.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::supervision {

double dice::roll() noexcept {
  auto z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-52 - 1.0;
}

std::size_t failure_window::within(mono_ns now, milliseconds period) const {
  auto from = now - to_ns(period);
  auto first = std::upper_bound(at_.begin(), at_.end(), from);
  return static_cast<std::size_t>(at_.end() - first);
}

void failure_window::note(mono_ns now, const intensity_policy& policy) {
  at_.erase(at_.begin(), at_.end() - static_cast<std::ptrdiff_t>(within(now, policy.period)));
  if (policy.restarts >= longest_memory)
    return; // no limit that we could hold it against
  at_.push_back(now);
}

bool failure_window::too_often(mono_ns now, const intensity_policy& policy) const {
  return within(now, policy.period) > policy.restarts;
}

std::size_t failure_window::left(mono_ns now, const intensity_policy& policy) const {
  if (policy.restarts >= longest_memory)
    return longest_memory;
  auto used = within(now, policy.period);
  return used < policy.restarts ? policy.restarts - used : 0;
}

milliseconds pause_before(unsigned n, const backoff_policy& policy) {
  if (n <= 1)
    return policy.first;
  // 2^60 ms is past every limit; the power must not overflow on the way.
  auto grown = static_cast<double>(policy.second.count())
               * std::pow(std::max(policy.factor, 1.0), std::min(n - 2, 60u));
  auto longest = static_cast<double>(policy.longest.count());
  return milliseconds{static_cast<std::int64_t>(std::min(grown, longest))};
}

milliseconds pacing::failed(mono_ns now, const backoff_policy& policy, dice& chance) {
  auto forgiven = forgiven_at(policy);
  if (forgiven && now >= *forgiven)
    forgive();
  last_ = now;
  // A billion failures in a row must not wrap round to "the first".
  streak_ = std::min(streak_ + 1, 1'000'000u);
  auto pause = pause_before(streak_, policy);
  auto spread = 1.0 + policy.jitter * chance.roll();
  return milliseconds{static_cast<std::int64_t>(
    static_cast<double>(pause.count()) * std::max(spread, 0.0))};
}

std::size_t pacing::at_once(mono_ns now, const backoff_policy& policy) const {
  auto forgiven = forgiven_at(policy);
  auto next = forgiven && now >= *forgiven ? 1 : streak_ + 1;
  if (pause_before(next, policy).count() > 0)
    return 0;
  // Without any growth every restart comes at once; else only the first.
  return policy.second.count() == 0 ? failure_window::longest_memory : 1;
}

std::optional<mono_ns> pacing::forgiven_at(const backoff_policy& policy) const {
  if (streak_ == 0)
    return std::nullopt;
  return last_ + to_ns(policy.forgiven_after);
}

void flap_score::note(mono_ns now) {
  score_ = value(now) + 1;
  at_ = now;
}

double flap_score::value(mono_ns now) const {
  if (score_ == 0)
    return 0;
  auto age = static_cast<double>(now - at_)
             / static_cast<double>(std::chrono::nanoseconds{half_life}.count());
  return score_ * std::exp2(-std::max(age, 0.0));
}

} // namespace troupe::supervision
