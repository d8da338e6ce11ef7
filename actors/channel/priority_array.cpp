#include "actors/channel/priority_array.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

status priority_array::put(slot x, mono_ns now) {
  x.until = x.lease > 0 ? now + x.lease : no_deadline;
  x.order = ++order_;
  const auto mine = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const slot& s) { return s.source == x.source && s.pulse == x.pulse; });
  if (mine != slots_.end())
    *mine = std::move(x);
  else if (slots_.size() == max_slots)
    return error{errc::over_limit,
                 fmt::format("{} sources hold this output already; release one of them",
                             max_slots)};
  else
    slots_.push_back(std::move(x));
  sort();
  return {};
}

bool priority_array::renew(const std::string& source, mono_ns now) {
  for (auto& s : slots_)
    if (s.source == source && !s.pulse) {
      if (s.lease > 0)
        s.until = now + s.lease;
      return true;
    }
  return false;
}

bool priority_array::relinquish(const std::string& source) {
  return std::erase_if(slots_, [&](const slot& s) { return s.source == source && !s.pulse; }) > 0;
}

std::vector<std::string> priority_array::expire(mono_ns now) {
  std::vector<std::string> ended;
  std::erase_if(slots_, [&](const slot& s) {
    if (s.until > now)
      return false;
    if (!s.pulse)
      ended.push_back(s.source);
    return true;
  });
  return ended;
}

mono_ns priority_array::next_expiry() const noexcept {
  mono_ns first = no_deadline;
  for (const auto& s : slots_)
    first = std::min(first, s.until);
  return first;
}

priority_array::outlook priority_array::ahead() const {
  if (slots_.empty())
    return {};
  // Sorted by who wins: the next winner after `until` is the first that lives
  // longer. As long as it wants the same, nothing is seen of the change.
  auto until = slots_.front().until;
  for (const auto& s : slots_) {
    if (s.until <= until)
      continue;
    if (s.val != slots_.front().val)
      return {until, true};
    until = s.until;
  }
  return {until, false};
}

void priority_array::sort() {
  std::sort(slots_.begin(), slots_.end(), [](const slot& a, const slot& b) {
    if (a.priority != b.priority)
      return a.priority < b.priority;
    // What its own rule or a successor says again must not cut a pulse.
    return a.pulse != b.pulse ? a.pulse : a.order > b.order;
  });
}

} // namespace troupe
