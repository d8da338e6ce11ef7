#include "cluster/discovery/sightings.hpp"

#include <algorithm>
#include <set>

namespace troupe::cluster {

std::vector<std::string> sightings::addresses_of(const std::string& name) const {
  std::set<std::string> all;
  for (const auto& [at, x] : seen_)
    if (x.name == name && all.size() < max_addresses)
      all.insert(x.address);
  return {all.begin(), all.end()};
}

std::vector<sightings::change> sightings::told(const std::vector<std::string>& names) {
  std::vector<change> changes;
  for (const auto& name : names) {
    auto now = addresses_of(name);
    auto& before = told_[name];
    if (now != before) {
      before = now;
      changes.push_back({name, std::move(now)});
    }
    if (before.empty())
      told_.erase(name);
  }
  return changes;
}

std::vector<sightings::change> sightings::saw(const sighting_key& at, const std::string& name,
                                              const std::string& address) {
  const auto known = seen_.find(at);
  if (known == seen_.end()) {
    if (seen_.size() >= max_seen)
      return {};
    seen_[at] = {name, address};
    return told({name});
  }
  const auto before = known->second.name;
  known->second = {name, address};
  return before == name ? told({name}) : told({before, name});
}

std::vector<sightings::change> sightings::gone(const sighting_key& at) {
  const auto known = seen_.find(at);
  if (known == seen_.end())
    return {};
  const auto name = known->second.name;
  seen_.erase(known);
  return told({name});
}

void sightings::doubt() {
  for (auto& [at, x] : seen_)
    x.doubted = true;
}

std::vector<sightings::change> sightings::forget_doubted() {
  std::set<std::string> names;
  for (const auto& [at, x] : seen_)
    if (x.doubted)
      names.insert(x.name);
  std::erase_if(seen_, [](const auto& x) { return x.second.doubted; });
  return told({names.begin(), names.end()});
}

} // namespace troupe::cluster
