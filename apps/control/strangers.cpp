#include "apps/control/strangers.hpp"

#include <algorithm>
#include <utility>

namespace troupe::control {

std::optional<strangers::id> strangers::enter(id who, const std::string& address) {
  auto& mine = all_[address];
  mine.waiting.insert(who);
  ++size_;
  if (mine.size() > most_per_address_)
    return *mine.waiting.begin();
  if (size_ <= most_)
    return std::nullopt;
  // At most `most_` addresses: short enough to look at each.
  const auto most = std::max_element(all_.begin(), all_.end(), [](auto& a, auto& b) {
    return a.second.waiting.size() < b.second.waiting.size();
  });
  return *most->second.waiting.begin();
}

void strangers::at_work(id who, const std::string& address) {
  if (auto i = all_.find(address); i != all_.end() && i->second.waiting.erase(who) == 1)
    ++i->second.working;
}

void strangers::leave(id who, const std::string& address) {
  auto i = all_.find(address);
  if (i == all_.end())
    return;
  if (i->second.waiting.erase(who) == 0) {
    if (i->second.working == 0)
      return;
    --i->second.working;
  }
  --size_;
  if (i->second.size() == 0)
    all_.erase(i);
}

std::optional<std::size_t> refusal_pace::tell(std::int64_t now_ns) {
  const auto second = now_ns / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    told_ = 0;
  }
  if (told_ >= per_second_) {
    ++passed_over_;
    return std::nullopt;
  }
  ++told_;
  return std::exchange(passed_over_, 0);
}

} // namespace troupe::control
