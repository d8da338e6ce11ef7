#include "drivers/debounce.hpp"

namespace troupe::drivers {

debouncer::debouncer(milliseconds period, bool level_now)
    : period_(std::chrono::nanoseconds{period}.count()), stable_(level_now),
      latest_(level_now) {}

std::optional<edge> debouncer::on_edge(bool level, mono_ns at) {
  std::optional<edge> told;
  if (since_ && at - *since_ >= period_)
    told = accept(latest_);
  latest_ = level;
  since_ = at;
  return told;
}

std::optional<edge> debouncer::settle(mono_ns now, bool level_now) {
  if (!since_ || now - *since_ < period_)
    return std::nullopt;
  return accept(level_now);
}

std::optional<mono_ns> debouncer::deadline() const {
  if (!since_)
    return std::nullopt;
  return *since_ + period_;
}

std::optional<edge> debouncer::accept(bool level) {
  const auto at = *since_ + period_;
  since_.reset();
  latest_ = level;
  if (level == stable_)
    return std::nullopt;
  stable_ = level;
  return edge{level, at, 0};
}

} // namespace troupe::drivers
