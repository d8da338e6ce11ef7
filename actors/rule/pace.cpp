#include "actors/rule/pace.hpp"

#include <algorithm>
#include <utility>

namespace troupe::rule {

bool pace::take(mono_ns now) {
  left_ = std::min(most_, left_ + static_cast<double>(now - at_) / 1e9 * per_second_);
  at_ = now;
  if (left_ < 1)
    return false;
  left_ -= 1;
  return true;
}

std::optional<std::uint64_t> quiet::admit(const std::string& text, mono_ns now) {
  std::erase_if(told_, [&](const auto& entry) { return now - entry.second >= 60'000'000'000; });
  if (told_.contains(text) || told_.size() >= most_texts_ || !all_.take(now)) {
    ++kept_back_;
    return {};
  }
  told_[text] = now;
  return std::exchange(kept_back_, 0);
}

bool streak::failed(mono_ns now) {
  failures_.push_back(now);
  if (failures_.size() > most)
    failures_.pop_front();
  return failures_.size() == most && now - failures_.front() <= within;
}

} // namespace troupe::rule
