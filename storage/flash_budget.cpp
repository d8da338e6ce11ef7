#include "storage/flash_budget.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr mono_ns minute = 60 * one_second;
constexpr double day = 86'400;

} // namespace

flash_budget::flash_budget(std::uint64_t bytes_per_day, mono_ns now)
  : limit_(bytes_per_day), bucket_(static_cast<double>(bytes_per_day) / 24),
    filled_at_(now), minute_(now / minute) {}

double flash_budget::level(mono_ns now) const {
  if (limit_ == 0)
    return 1;
  const auto share = static_cast<double>(limit_) / 24;
  const auto gained = static_cast<double>(now - filled_at_) / one_second
                      * static_cast<double>(limit_) / day;
  return std::clamp((bucket_ + gained) / share, 0.0, 1.0);
}

void flash_budget::spend(std::uint64_t bytes, mono_ns now) {
  const auto share = static_cast<double>(limit_) / 24;
  bucket_ = std::max(0.0, level(now) * share - static_cast<double>(bytes));
  filled_at_ = now;
  const auto current = now / minute;
  for (auto i = std::max(minute_ + 1, current - static_cast<std::int64_t>(minutes) + 1);
       i <= current; ++i)
    spent_[static_cast<std::size_t>(i) % minutes] = 0;
  minute_ = std::max(minute_, current);
  spent_[static_cast<std::size_t>(current) % minutes] += bytes;
}

int flash_budget::slowdown(mono_ns now) const {
  const auto left = level(now);
  if (left >= 0.5)
    return 1;
  return 1 + static_cast<int>((0.5 - left) * 2 * (max_slowdown - 1));
}

bool flash_budget::used_up(mono_ns now) const {
  return level(now) <= 0.01;
}

std::uint64_t flash_budget::bytes_per_day(mono_ns now) const {
  const auto current = now / minute;
  std::uint64_t sum = 0;
  for (std::size_t back = 0; back < minutes; ++back) {
    const auto i = current - static_cast<std::int64_t>(back);
    if (i > minute_)
      continue; // nothing was spent since
    if (minute_ - i >= static_cast<std::int64_t>(minutes) || i < 0)
      break;
    sum += spent_[static_cast<std::size_t>(i) % minutes];
  }
  // What one hour wrote, 24 times. In the first hour the rest of it counts as
  // quiet: minutes after a start, with its burst of writes, say nothing about a
  // day.
  return static_cast<std::uint64_t>(static_cast<double>(sum) * day / 3600);
}

} // namespace troupe::storage
