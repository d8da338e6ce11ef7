#include "cluster/membership/parts.hpp"

#include <algorithm>

namespace troupe::cluster {

membership::parts::parts(options o)
  : how(std::move(o)), health(to_ns(how.pace.beat_every), to_ns(how.pace.suspect_after)), chance(how.seed) {
  me.name = how.self;
  me.addresses = how.addresses;
  me.incarnation = std::max<std::uint64_t>(how.incarnation, 1);
  me.version = how.version;
  me.is = standing::alive;
  me.direct = true;
  me.banned = how.banned;
  asks_for_ban = me.banned % 2 == 1;
  if (asks_for_ban)
    me.is = standing::removed;
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
  const auto stands = [](const peer& p) { return p.links > 0 || p.is == standing::alive || p.is == standing::suspect; };
  // At each beat, so nothing is built before it has changed.
  auto at = circle_names.begin();
  bool same = at != circle_names.end();
  for (auto x = peers.begin(); same && x != peers.end(); ++x)
    if (stands(x->second))
      same = ++at != circle_names.end() && *at == x->first;
  if (same && ++at == circle_names.end())
    return;
  circle_names = {me.name};
  for (const auto& [name, p] : peers)
    if (stands(p))
      circle_names.push_back(name);
  ++news;
  circle = ring{circle_names, how.pace.watched};
  neighbours = circle.watchers_of(me.name);
  for (auto& [name, p] : peers) {
    // Silence counts from now for a peer that we did not watch before.
    if (!watches(name))
      p.watched_since = 0;
    else if (p.watched_since == 0)
      p.watched_since = now;
  }
}

/// What it says of itself, then where it is seen, then what was written or known
/// of old: a board whose address changes every day must be found on the last day, too.
member membership::parts::shown(const peer& p) {
  member x = p.fact;
  x.addresses.clear();
  const auto add = [&](const std::vector<std::string>& more, std::size_t most) {
    for (const auto& one : more)
      if (x.addresses.size() < most && std::find(x.addresses.begin(), x.addresses.end(), one) == x.addresses.end())
        x.addresses.push_back(one);
  };
  add(p.fact.addresses.empty() ? p.earlier : p.fact.addresses, max_addresses / 2);
  add(p.seen, max_addresses);
  add(p.hints, max_addresses);
  add(p.fact.addresses, max_addresses);
  x.is = p.is;
  x.direct = p.direct;
  x.since = p.since;
  return x;
}

void membership::parts::forget_the_gone(mono_ns now) {
  std::erase_if(peers, [&](const auto& x) {
    const auto& p = x.second;
    return p.gone_since != 0 && waits(p) && now - p.gone_since > waiting_forgotten_after;
  });
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
