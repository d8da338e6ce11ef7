#include "cluster/membership/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::cluster {

using kind = membership_message::kind;

namespace {

/// What a teller's row says as a fact: that it was met, left or waits. Whether
/// it is heard is the teller's opinion and stays one.
member fact_in(member x) {
  if (x.is == standing::removed)
    x.banned |= 1;
  const bool heard_of = x.is != standing::left && x.is != standing::waiting;
  if (heard_of)
    x.is = x.incarnation > 0 ? standing::alive : standing::unknown;
  x.direct = false;
  x.since = 0;
  if (x.addresses.size() > membership::max_addresses)
    x.addresses.resize(membership::max_addresses);
  return x;
}

} // namespace

void membership::parts::believe(peer& p, const member& said, mono_ns now) {
  const auto before = p.fact;
  p.fact = merge(p.fact, fact_in(said));
  // Equal words unite their addresses: without a bound, a peer that repeats a
  // word with other addresses each time would fill the memory.
  if (p.fact.addresses.size() > max_addresses)
    p.fact.addresses.resize(max_addresses);
  if (p.fact == before)
    return;
  ++news;
  if (p.told_by.empty())
    forward.insert(p.fact.name);
  if (p.fact.addresses != before.addresses)
    p.dials.on_new_address(now);
  // A refutation that is newer than our doubt is a sign of life, brought by
  // others: it reached them, so they hear it.
  if (p.round.number != 0 && p.links > 0 && p.fact.incarnation == before.incarnation
      && p.fact.refutation > before.refutation && p.fact.is == standing::alive) {
    p.round.yes_at = now;
    p.round.yes_by = "its own word, by others";
  }
}

/// The node itself has the last word about itself, except that an operator
/// may remove it.
void membership::parts::hear_of_me(const member& said, wall_ms wall, membership_effects& out) {
  if (asks_for_ban && said.banned >= me.banned) {
    asks_for_ban = false;
    if (said.banned == me.banned) // it stands
      for (const auto& name : linked())
        out.drop.push_back(name);
  }
  if (said.banned > me.banned) {
    me.banned = said.banned;
    const auto before = me.is;
    if (me.banned % 2 == 1)
      me.is = standing::removed;
    else if (me.is == standing::removed)
      me.is = standing::alive;
    if (me.is != before) {
      me.since = wall;
      out.changes.push_back({me, before, me.is == standing::removed
                                           ? "an operator removed this node from the cluster"
                                           : "an operator takes this node back"});
      if (me.is == standing::removed)
        for (const auto& name : linked())
          out.drop.push_back(name);
    }
  }
  if (me.is != standing::alive)
    return;
  const bool later_self = said.incarnation > me.incarnation
                          || (said.incarnation == me.incarnation && said.is == standing::left);
  if (later_self) {
    // Our counter of starts was set back (a restored image), or it is our own
    // goodbye of an earlier life: go on after it.
    me.incarnation = after(said.incarnation);
    me.refutation = 0;
    urgent.insert(me.name);
    return;
  }
  if (said.incarnation != me.incarnation)
    return;
  const bool accused = said.is == standing::suspect || said.is == standing::down;
  if (accused && said.refutation >= me.refutation) {
    me.refutation = after(said.refutation);
    health.accused();
    urgent.insert(me.name);
  } else if (said.refutation > me.refutation) {
    me.refutation = after(said.refutation); // of this process, before its membership restarted
    urgent.insert(me.name);
  }
}

void membership::parts::on_view(peer& teller, const membership_message& what, mono_ns now,
                                wall_ms wall, membership_effects& out) {
  std::vector<peer*> touched;
  for (const auto& said : what.members) {
    if (said.name == me.name) {
      hear_of_me(said, wall, out);
      continue;
    }
    // Of who waits, each node knows by its own ears; and see max_waiting.
    if (said.is == standing::waiting && said.banned == 0 && !find(said.name))
      continue;
    const bool is_new = !find(said.name);
    const bool says_nothing = said.is == standing::unknown && said.incarnation == 0 && said.banned == 0 && said.addresses.empty();
    auto* p = says_nothing ? find(said.name) : learn(said.name, teller.fact.name);
    if (!p && says_nothing)
      continue;
    if (!p) {
      if (!std::exchange(teller.told_too_many, true))
        out.troubles.push_back({teller.fact.name, fmt::format(
          "tells of more nodes than are taken: '{}' and others are not, for {} nodes that it told of have no link to this one yet, at most {} may. "
          "Their own links make them known; if there are no such nodes, `troupe remove-node {}` ends it and forgets them",
          said.name, told_of_by(teller.fact.name), max_told, teller.fact.name)});
      continue;
    }
    believe(*p, said, now);
    if (is_new)
      p->is = p->fact.is == standing::waiting ? standing::waiting : standing::unknown;
    if (p != &teller)
      p->claims.put(teller.fact.name, {{said.is, said.direct}, said.incarnation, said.refutation, now});
    touched.push_back(p);
  }
  ++news;
  if (teller.told_too_many && told_of_by(teller.fact.name) < max_told / 2)
    teller.told_too_many = false;
  for (auto* p : touched) {
    judge_peer(*p, now, wall, out);
    plan_dial(*p, now, out);
  }
}

membership_message membership::parts::rows(const std::set<std::string>& names) const {
  membership_message out;
  for (const auto& name : names) {
    if (name == me.name) {
      out.members.push_back(me);
    } else if (const auto at = peers.find(name); at == peers.end() || waits(at->second)) {
      continue; // who waits is told to nobody
    } else if (!at->second.told_by.empty()) {
      // Only that there is nothing to say: it takes back what was said before.
      member nothing;
      nothing.name = name;
      out.members.push_back(std::move(nothing));
    } else {
      auto row = at->second.fact.incarnation == 0 ? shown(at->second) : at->second.fact;
      row.is = at->second.is;
      row.direct = at->second.direct;
      row.since = at->second.since;
      out.members.push_back(std::move(row));
    }
  }
  return out;
}

void membership::parts::tell_all_of(const std::string& to, membership_effects& out) {
  std::set<std::string> names{me.name};
  for (const auto& [name, p] : peers)
    names.insert(name);
  out.letters.push_back({to, rows(names)});
}

void membership::parts::flush(mono_ns now, const std::string& not_to, membership_effects& out) {
  if (urgent.empty() && slow.empty() && forward.empty())
    return;
  if (slow.empty())
    slow_due = 0;
  else if (slow_due == 0)
    slow_due = now + std::chrono::nanoseconds{how.pace.suspect_after}.count();
  else if (now >= slow_due) {
    urgent.merge(slow);
    slow.clear();
    slow_due = 0;
  }
  const auto everybody = urgent.empty() && forward.empty() ? std::vector<std::string>{} : linked();
  if (!urgent.empty()) {
    const auto view = rows(urgent);
    if (!view.members.empty())
      for (const auto& name : everybody)
        out.letters.push_back({name, view});
  }
  std::set<std::string> others;
  std::set_difference(forward.begin(), forward.end(), urgent.begin(), urgent.end(),
                      std::inserter(others, others.end()));
  if (!others.empty()) {
    auto able = everybody;
    std::erase(able, not_to);
    const auto view = rows(others);
    if (!view.members.empty())
      for (const auto& name : some_of(std::move(able), how.pace.asked))
        out.letters.push_back({name, view});
  }
  urgent.clear();
  forward.clear();
}

} // namespace troupe::cluster
