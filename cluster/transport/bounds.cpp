#include "cluster/transport/bounds.hpp"

#include "cluster/transport/transport.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cluster {

transport_limits limits_for(const patience& x) {
  transport_limits out;
  out.connect_within = connect_within(x);
  out.handshake_within = dial_step_within(x);
  out.unacknowledged_within = unacknowledged_within(x);
  return out;
}

std::string half_open_table::admit(const std::string& host) {
  if (count_ >= in_all_)
    return fmt::format("{} connections are not authenticated yet, at most {} may be. If they are your own nodes, raise max-half-open", count_, in_all_);
  auto& here = by_host_[host];
  if (here >= per_address_)
    return fmt::format("{} connections from this address are not authenticated yet, at most {} may be. If they are your own nodes, raise "
                       "max-half-open-per-address",
                       here, per_address_);
  ++here;
  ++count_;
  return "";
}

void half_open_table::release(const std::string& host) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end())
    return;
  --count_;
  if (--found->second == 0)
    by_host_.erase(found);
}

void time_budget::refill(mono_ns now) {
  left_ = std::min(most_, left_ + share_ * static_cast<double>(std::max<mono_ns>(now - std::exchange(at_, now), 0)));
}

void time_budget::spend(std::chrono::nanoseconds used, mono_ns now) {
  refill(now);
  left_ -= static_cast<double>(used.count());
}

bool time_budget::is_spent(mono_ns now) {
  refill(now);
  return left_ <= 0;
}

refusal_meter::answer refusal_meter::note(mono_ns now) {
  answer out;
  if (now - second_ >= one_second) {
    out.unsaid = take_unsaid(now);
    second_ = now;
    told_ = 0;
  }
  out.tell = told_ < per_second_;
  if (out.tell)
    ++told_;
  else
    ++unsaid_;
  return out;
}

unsigned refusal_meter::take_unsaid(mono_ns now) {
  if (now - second_ < one_second)
    return 0;
  return std::exchange(unsaid_, 0u);
}

} // namespace troupe::cluster
