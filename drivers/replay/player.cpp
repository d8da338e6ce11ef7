#include "drivers/replay/player.hpp"

#include <cmath>

namespace troupe::drivers::replay {

status player::peek() {
  if (next_ || ended_)
    return {};
  auto read = source_->next();
  if (!read)
    return read.why();
  next_ = *read;
  ended_ = !next_;
  return {};
}

mono_ns player::due(const event& e) const noexcept {
  if (pace_ == 0)
    return started_;
  const auto since = e.at - origin_;
  // Exact at recorded pace; a factor may round up to the next nanosecond.
  if (pace_ == 1)
    return started_ + since;
  return started_ + static_cast<mono_ns>(std::ceil(static_cast<long double>(since) / pace_));
}

result<std::optional<mono_ns>> player::next_due() {
  if (auto read = peek(); !read)
    return read.why();
  return next_ ? std::optional{due(*next_)} : std::nullopt;
}

result<std::size_t> player::play(mono_ns now, std::size_t limit, const target& to) {
  std::size_t count = 0;
  while (count < limit) {
    if (auto read = peek(); !read)
      return read.why();
    if (!next_ || due(*next_) > now)
      break;
    to(*next_, pace_ == 0 ? now : due(*next_));
    position_ = next_->at - origin_;
    next_.reset();
    ++count;
    ++played_;
  }
  return count;
}

} // namespace troupe::drivers::replay
