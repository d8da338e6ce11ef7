#include "actors/supervision/timers.hpp"

#include <algorithm>

namespace troupe::supervision {

std::optional<mono_ns> timers::want(mono_ns at) {
  if (!coming_.empty() && coming_.back() <= at)
    return std::nullopt;
  coming_.push_back(at); // earlier than all others: the order holds
  return at;
}

std::optional<mono_ns> timers::arm(int timer, mono_ns at) {
  at_[timer] = at;
  return want(at);
}

std::optional<int> timers::due(mono_ns now) {
  while (!coming_.empty() && coming_.back() <= now)
    coming_.pop_back();
  auto first = std::min_element(at_.begin(), at_.end(), [](auto& a, auto& b) {
    return a.second < b.second;
  });
  if (first == at_.end() || first->second > now)
    return std::nullopt;
  auto timer = first->first;
  at_.erase(first);
  return timer;
}

std::optional<mono_ns> timers::next() {
  if (at_.empty())
    return std::nullopt;
  auto first = std::min_element(at_.begin(), at_.end(), [](auto& a, auto& b) {
    return a.second < b.second;
  });
  return want(first->second);
}

} // namespace troupe::supervision
