#include "storage/node_clock.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr wall_ms to_ms(mono_ns x) { return x / 1'000'000; }

/// 9999-12-31, the last that calendars print.
constexpr wall_ms end_of_time = 253'402'300'799'999;

} // namespace

const char* to_string(clock_quality x) noexcept {
  switch (x) {
  case clock_quality::none: return "none";
  case clock_quality::peer: return "peer";
  case clock_quality::ntp: return "ntp";
  }
  return "invalid";
}

wall_ms median(std::vector<wall_ms> all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

node_clock::node_clock(clock_quality machine, wall_ms wall, mono_ns mono)
  : quality_(machine), ahead_(wall - to_ms(mono)), told_(machine), told_ahead_(ahead_) {}

void node_clock::heard(const std::string& peer, const clock_word& said, mono_ns mono) {
  if (said.quality == clock_quality::none || said.quality > clock_quality::ntp || said.wall <= 0 || said.wall > end_of_time) {
    peers_.erase(peer);
    return;
  }
  auto& x = peers_[peer];
  if (x.quality != said.quality)
    x = {said.quality, {}, 0};
  x.ahead[x.words++ % words_kept] = said.wall - to_ms(mono);
}

std::optional<wall_ms> node_clock::median_of(clock_quality which) const {
  std::vector<wall_ms> all;
  for (const auto& [name, x] : peers_)
    if (x.quality == which)
      all.push_back(*std::max_element(x.ahead.begin(), x.ahead.begin() + static_cast<std::ptrdiff_t>(std::min(x.words, words_kept))));
  if (all.empty())
    return {};
  return median(std::move(all));
}

void node_clock::follow(wall_ms machine_ahead) {
  if (const auto first_hand = median_of(clock_quality::ntp)) {
    ahead_ = *first_hand;
  } else if (const auto second_hand = median_of(clock_quality::peer)) {
    const auto off = *second_hand - ahead_;
    if (quality_ == clock_quality::none || off > step_ms || off < -step_ms)
      ahead_ = *second_hand;
  } else if (quality_ == clock_quality::none) {
    ahead_ = machine_ahead;
    return;
  } // else what is known goes on: `ahead_` is of the last look, when it was right
  by_machine_ = false;
  quality_ = clock_quality::peer;
}

std::optional<node_clock::change> node_clock::look(clock_quality machine, wall_ms wall, mono_ns mono) {
  const auto machine_ahead = wall - to_ms(mono);
  if (machine != clock_quality::none) {
    by_machine_ = true;
    quality_ = machine;
    ahead_ = machine_ahead;
  } else {
    follow(machine_ahead);
  }
  const bool became_good = told_ == clock_quality::none && quality_ != clock_quality::none;
  const auto step = ahead_ - told_ahead_;
  const bool is_step = step > step_ms || step < -step_ms;
  if (!became_good && !is_step) {
    told_ = quality_;
    told_ahead_ = ahead_;
    return {};
  }
  if (!became_good && told_at_ && mono - *told_at_ < told_every)
    return {};
  const change out{mono, told_ahead_ + to_ms(mono), ahead_ + to_ms(mono), quality_};
  told_ = quality_;
  told_ahead_ = ahead_;
  told_at_ = mono;
  return out;
}

wall_ms node_clock::wall(wall_ms machine, mono_ns mono) const {
  return by_machine_ ? machine : ahead_ + to_ms(mono);
}

} // namespace troupe::storage
