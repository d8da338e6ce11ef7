#include "actors/supervision/alarm_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::supervision {

void alarm_summary::trouble(const std::string& child, const std::string& what, mono_ns now) {
  auto [i, fresh] = troubled_.try_emplace(child, what);
  if (!fresh && i->second == what)
    return;
  i->second = what;
  newest_ = child;
  changed(now);
}

void alarm_summary::well(const std::string& child, mono_ns now) {
  if (troubled_.erase(child) > 0)
    changed(now);
}

void alarm_summary::changed(mono_ns now) {
  auto at = now + std::chrono::nanoseconds{gather}.count();
  if (raised_ && !troubled_.empty())
    at = std::max(at, told_at_ + std::chrono::nanoseconds{update_every}.count());
  // The end of all trouble need not wait for the next update.
  due_ = due_ ? std::min(*due_, at) : at;
}

std::optional<alarm> alarm_summary::tick(mono_ns now, std::size_t children) {
  if (!due_ || now < *due_)
    return std::nullopt;
  due_.reset();
  if (troubled_.empty()) {
    if (!raised_)
      return std::nullopt; // over before it was told
    raised_ = false;
    return alarm{supervisor_, false, 0,
                 fmt::format("all {} children of '{}' are well", children, supervisor_)};
  }
  raised_ = true;
  told_at_ = now;
  std::string names;
  std::size_t n = 0;
  auto add = [&](const std::string& who, const std::string& what) {
    names += fmt::format("{}{} ({})", n++ == 0 ? "" : "; ", who, what);
  };
  if (auto i = troubled_.find(newest_); i != troubled_.end())
    add(i->first, i->second);
  for (auto& [who, what] : troubled_)
    if (who != newest_ && n < named)
      add(who, what);
  if (troubled_.size() > n)
    names += fmt::format("; and {} more", troubled_.size() - n);
  return alarm{supervisor_, true, troubled_.size(),
               fmt::format("{} of {} children of '{}' in trouble: {}", troubled_.size(),
                           children, supervisor_, names)};
}

} // namespace troupe::supervision
