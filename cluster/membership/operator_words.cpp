#include "cluster/membership/parts.hpp"

#include <fmt/format.h>

namespace troupe::cluster {

membership_effects membership::drain(bool on, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  if (m.me.draining == on)
    return out;
  m.me.draining = on;
  m.me.refutation = after(m.me.refutation);
  m.me.since = wall;
  out.changes.push_back({m.me, m.me.is, on ? "draining: takes no new work" : "takes work again"});
  m.urgent.insert(m.me.name);
  m.flush(0, {}, out);
  return out;
}

membership_effects membership::leave(wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  if (m.me.is == standing::left)
    return out;
  const auto before = m.me.is;
  m.me.is = standing::left;
  m.me.refutation = after(m.me.refutation);
  m.me.since = wall;
  out.changes.push_back({m.me, before, "leaves in order"});
  for (const auto& name : m.linked())
    out.letters.push_back({name, {membership_message::kind::goodbye, {}, 0, {m.me}}});
  return out;
}

result<membership_effects> membership::approve(const std::string& name, mono_ns now, wall_ms wall) {
  auto& m = *parts_;
  auto* p = m.find(name);
  if (!p)
    return error{errc::not_found, fmt::format("node '{}' is not known here; `troupe members` lists who waits", name)};
  if (m.removed(*p))
    ++p->fact.banned;
  else if (p->fact.is == standing::waiting)
    p->fact.is = standing::unknown;
  else
    return error{errc::invalid_argument, fmt::format("node '{}' is {} and waits for no approval", name, to_string(p->is))};
  membership_effects out;
  m.vouch(*p);
  m.urgent.insert(name);
  m.show(*p, {standing::unknown, false}, "approved by an operator", now, wall, out);
  m.judge_peer(*p, now, wall, out);
  m.plan_dial(*p, now, out);
  m.flush(now, {}, out);
  return out;
}

result<membership_effects> membership::remove(const std::string& name, mono_ns now, wall_ms wall) {
  auto& m = *parts_;
  if (name == m.me.name)
    return error{errc::invalid_argument,
                 fmt::format("node '{}' is this node itself; remove it at another node, or stop it here", name)};
  auto* p = m.find(name);
  if (!p)
    return error{errc::not_found, fmt::format("node '{}' is not known here; `troupe members` lists all", name)};
  membership_effects out;
  if (m.removed(*p))
    return out;
  ++p->fact.banned;
  m.vouch(*p);
  m.urgent.insert(name);
  // Told before the link is cut, so that the node knows why.
  if (p->links > 0)
    m.tell_all_of(name, out);
  m.judge_peer(*p, now, wall, out);
  m.flush(now, {}, out);
  out.drop.push_back(name);
  return out;
}

} // namespace troupe::cluster
