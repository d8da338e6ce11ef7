#include "actors/rule/said_pulses.hpp"

#include <algorithm>

namespace troupe::rule {

void said_pulses::sent(const pulse_action& x, std::uint32_t incarnation, mono_ns now) {
  if (rows_.empty() || incarnation == 0)
    look_at_ = now + to_ns(look_every);
  rows_[x.what.id] = {x, incarnation};
  if (rows_.size() > most)
    make_room();
}

/// Rather one that came somewhere: most likely it was done.
void said_pulses::make_room() {
  const auto victim = std::min_element(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) {
    return std::pair{a.second.incarnation == 0, a.second.what.what.at} < std::pair{b.second.incarnation == 0, b.second.what.what.at};
  });
  if (victim->second.incarnation == 0 && pushed_out_.size() < most)
    pushed_out_.push_back(std::move(victim->second.what));
  rows_.erase(victim);
}

said_pulses::turn said_pulses::look(mono_ns now, milliseconds limit,
                                    const std::function<std::uint32_t(const std::string&)>& incarnation_of) {
  turn out;
  if (rows_.empty() || now < look_at_)
    return out;
  look_at_ = now + to_ns(look_every);
  out.given_up = std::exchange(pushed_out_, {});
  std::erase_if(rows_, [&](const auto& x) {
    const bool old = now - x.second.what.what.at > to_ns(limit);
    if (old && x.second.incarnation == 0)
      out.given_up.push_back(x.second.what);
    return old;
  });
  for (const auto& [id, x] : rows_)
    if (const auto is = incarnation_of(x.what.what.output); is != 0 && is != x.incarnation)
      out.again.push_back(x.what);
  std::sort(out.again.begin(), out.again.end(), [](const auto& a, const auto& b) { return a.what.at < b.what.at; });
  return out;
}

} // namespace troupe::rule
