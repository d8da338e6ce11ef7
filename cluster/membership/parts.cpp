#include "cluster/membership/parts.hpp"

#include <algorithm>

namespace troupe::cluster {

namespace {

mono_ns ns(milliseconds x) { return std::chrono::nanoseconds{x}.count(); }

} // namespace

membership::parts::parts(options o)
  : how(std::move(o)), health(ns(how.pace.beat_every), ns(how.pace.suspect_after)), chance(how.seed) {
  me.name = how.self;
  me.addresses = how.addresses;
  me.incarnation = std::max<std::uint64_t>(how.incarnation, 1);
  me.version = how.version;
  me.is = standing::alive;
  me.direct = true;
}

mono_ns membership::parts::suspect_after() const {
  return static_cast<mono_ns>(static_cast<double>(ns(how.pace.suspect_after)) * health.factor());
}

mono_ns membership::parts::down_after() const {
  return static_cast<mono_ns>(static_cast<double>(ns(how.pace.down_after)) * health.factor());
}

peer* membership::parts::find(const std::string& name) {
  const auto at = peers.find(name);
  return at == peers.end() ? nullptr : &at->second;
}

std::size_t membership::parts::told_of_by(const std::string& teller) const {
  return static_cast<std::size_t>(std::count_if(peers.begin(), peers.end(), [&](const auto& x) { return x.second.told_by == teller; }));
}

/// Hearsay gives way; of it first what no operator's word may stand behind.
bool membership::parts::make_room() {
  const auto goes = [&](bool also_removed) {
    return std::find_if(peers.begin(), peers.end(), [&](const auto& x) {
      return !x.second.told_by.empty() && x.second.links == 0 && (also_removed || !removed(x.second));
    });
  };
  auto at = goes(false);
  if (at == peers.end())
    at = goes(true);
  if (at == peers.end())
    return false;
  peers.erase(at);
  return true;
}

void membership::parts::forget_hearsay_of_removed() {
  std::erase_if(peers, [&](const auto& x) {
    const auto* teller = x.second.told_by.empty() || x.second.links > 0 ? nullptr : find(x.second.told_by);
    return teller != nullptr && removed(*teller);
  });
}

peer* membership::parts::learn(const std::string& name, const std::string& told_by) {
  if (name.empty() || name == me.name)
    return nullptr;
  if (auto* known = find(name))
    return known;
  if (!told_by.empty() && told_of_by(told_by) >= max_told)
    return nullptr;
  if (peers.size() + 1 >= max_members && (!told_by.empty() || !make_room()))
    return nullptr;
  auto& p = peers[name];
  p.fact.name = name;
  p.told_by = told_by;
  p.fact.is = standing::waiting; // the least that can be said; any other word is later
  return &p;
}

bool membership::parts::watches(const std::string& name) const {
  return std::find(neighbours.begin(), neighbours.end(), name) != neighbours.end();
}

void membership::parts::redraw_circle(mono_ns now) {
  std::vector<std::string> names{me.name};
  for (const auto& [name, p] : peers)
    if (p.links > 0 || p.is == standing::alive || p.is == standing::suspect)
      names.push_back(name);
  if (names == circle_names)
    return;
  circle_names = names;
  circle = ring{names, how.pace.watched};
  neighbours = circle.watchers_of(me.name);
  for (auto& [name, p] : peers) {
    // Silence counts from now for a peer that we did not watch before.
    if (!watches(name))
      p.watched_since = 0;
    else if (p.watched_since == 0)
      p.watched_since = now;
  }
}

member membership::parts::shown(const peer& p) {
  member x = p.fact;
  for (const auto& hint : p.hints)
    if (std::find(x.addresses.begin(), x.addresses.end(), hint) == x.addresses.end())
      x.addresses.push_back(hint);
  if (x.addresses.size() > max_addresses)
    x.addresses.resize(max_addresses);
  x.is = p.is;
  x.direct = p.direct;
  x.since = p.since;
  return x;
}

std::vector<std::string> membership::parts::linked() const {
  std::vector<std::string> out;
  for (const auto& [name, p] : peers)
    if (p.links > 0 && !removed(p))
      out.push_back(name);
  return out;
}

std::vector<std::string> membership::parts::some_of(std::vector<std::string> names, std::size_t n) {
  std::shuffle(names.begin(), names.end(), chance);
  if (names.size() > n)
    names.resize(n);
  return names;
}

} // namespace troupe::cluster
