#include "actors/rule/leases.hpp"

#include <algorithm>

namespace troupe::rule {

void leases::sent(const std::string& output, milliseconds lease, std::uint32_t incarnation,
                  mono_ns now) {
  const auto look = std::chrono::nanoseconds(look_again).count();
  const auto third = std::chrono::nanoseconds(lease).count() / 3;
  const auto pause = lease.count() == 0 ? look
                     : incarnation == 0 ? std::min(look, third)
                                        : third;
  held_[output] = {pause, now + pause, incarnation, 0};
}

void leases::released(const std::string& output, std::uint32_t incarnation, mono_ns now) {
  const auto look = std::chrono::nanoseconds(look_again).count();
  held_[output] = {look, now + look, incarnation, release_looks};
}

bool leases::holds(const std::string& output) const {
  const auto found = held_.find(output);
  return found != held_.end() && found->second.looks == 0;
}

std::vector<std::string> leases::due(mono_ns now) const {
  std::vector<std::string> all;
  const auto first = next();
  if (!first || *first > now)
    return all;
  for (const auto& [output, x] : held_)
    if (x.next <= now + x.pause / 4)
      all.push_back(output);
  return all;
}

bool leases::renewed(const std::string& output, mono_ns now, bool is_there) {
  const auto found = held_.find(output);
  if (found == held_.end())
    return false;
  found->second.next = now + found->second.pause;
  if (!is_there || found->second.looks == 0 || --found->second.looks > 0)
    return true;
  held_.erase(found);
  return false;
}

bool leases::must_repeat(const std::string& output, std::uint32_t incarnation) const {
  const auto found = held_.find(output);
  return found != held_.end() && found->second.incarnation != incarnation;
}

std::optional<mono_ns> leases::next() const {
  std::optional<mono_ns> first;
  for (const auto& [output, x] : held_)
    if (!first || x.next < *first)
      first = x.next;
  return first;
}

std::vector<std::string> leases::outputs() const {
  std::vector<std::string> all;
  for (const auto& [output, x] : held_)
    if (x.looks == 0)
      all.push_back(output);
  return all;
}

} // namespace troupe::rule
