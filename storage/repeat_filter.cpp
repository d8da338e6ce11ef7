#include "storage/repeat_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace troupe::storage {

namespace {

/// Equal to a reader: everything but when it happened.
std::string identity(const journal_event& x) {
  auto out = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", static_cast<int>(x.level), x.kind,
                         x.subject, x.text, x.who, x.detail);
  for (const auto& step : x.story)
    out += fmt::format("\n{}\n{}\n{}", step.kind, step.name, step.text);
  return out;
}

} // namespace

bool repeat_filter::offer(const journal_event& x, mono_ns now) {
  std::erase_if(seen_, [&](const auto& entry) {
    return entry.second.times <= pass && now - entry.second.since >= window;
  });
  auto key = identity(x);
  auto i = seen_.find(key);
  if (i == seen_.end()) {
    if (seen_.size() >= most)
      return true;
    i = seen_.emplace(std::move(key), seen{now, 0, {}}).first;
  }
  auto& entry = i->second;
  if (++entry.times <= pass)
    return true;
  entry.last = x;
  return false;
}

std::vector<journal_event> repeat_filter::ended(mono_ns now) {
  std::vector<journal_event> out;
  for (auto i = seen_.begin(); i != seen_.end();) {
    auto& x = i->second;
    if (now - x.since < window) {
      ++i;
      continue;
    }
    if (x.times > pass) {
      x.last.text += fmt::format(" ({} more times within {} s)", x.times - pass,
                                 std::max<mono_ns>(1, (now - x.since) / window));
      out.push_back(std::move(x.last));
    }
    i = seen_.erase(i);
  }
  return out;
}

std::optional<mono_ns> repeat_filter::due() const {
  auto first = std::numeric_limits<mono_ns>::max();
  for (const auto& [key, x] : seen_)
    if (x.times > pass)
      first = std::min(first, x.since + window);
  if (first == std::numeric_limits<mono_ns>::max())
    return {};
  return first;
}

} // namespace troupe::storage
