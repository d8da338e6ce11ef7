#include "apps/daemon/drill_schedule.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

std::string driver_of(const drill_config& x, std::vector<std::string> living) {
  if (trait_of(x.kind).of == drill_target::node)
    std::erase(living, x.target);
  const auto first = std::min_element(living.begin(), living.end());
  return first == living.end() ? std::string{} : *first;
}

std::optional<wall_ms> due_now(const drill_config& x, wall_ms now, wall_ms written) {
  const auto due = latest_due(x, now);
  return due && *due > written && now - *due <= drill_grace.count() ? due : std::nullopt;
}

std::optional<wall_ms> next_due(const drill_config& x, wall_ms now) {
  constexpr wall_ms day = 86'400'000;
  if (const auto last = latest_due(x, now); last && x.every.count() > 0)
    return *last + x.every.count();
  for (int ahead = 1; ahead <= 8; ++ahead) // a day or a week, and an hour of a change of the clocks
    if (const auto due = latest_due(x, now + ahead * day); due && *due > now)
      return due;
  return std::nullopt;
}

void drill_schedule::look() {
  if (with_.is_broken())
    return;
  const auto now = with_.wall();
  std::map<std::string, known> fresh;
  for (auto& config : with_.configured()) {
    auto& x = fresh[config.what.name];
    if (const auto before = known_.find(config.what.name); before != known_.end() && before->second.config == config)
      x = before->second;
    else
      x = {std::move(config), now, 0, 0};
  }
  known_ = std::move(fresh);
  for (auto& [name, x] : known_) {
    const auto& what = x.config.what;
    // A stamp may be ahead of the clock (a clock that a drill had set, a power cut).
    const auto due = due_now(what, now, std::min(x.config.written, x.seen));
    const auto is_mine = [&] { return driver_of(what, with_.living()) == self_; };
    if (x.waits != 0 && due != x.waits && is_mine() && !with_.is_done(name, x.waits))
      with_.miss(what, x.waits);
    if (due != x.waits)
      x.waits = 0;
    if (!due || *due == x.done)
      continue;
    // Not the one: it may become the one, should the other end before it has begun.
    if (with_.is_done(name, *due) || (is_mine() && with_.begin(what, *due)))
      x.done = *due;
    x.waits = *due != x.done ? *due : 0;
  }
}

void drill_schedule::start() {
  const auto safely = [this] {
    try { // what other nodes say is theirs
      look();
    } catch (const std::exception& why) {
      spdlog::warn("drills that begin by themselves: {}", why.what());
    }
  };
  thread_.once_in("first", first_look, [this, safely] {
    safely();
    thread_.every(look_every, safely);
  });
  thread_.start();
}

} // namespace troupe::daemon
