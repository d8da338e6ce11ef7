#include "cluster/membership/parts.hpp"

#include <algorithm>

namespace troupe::cluster {

using kind = membership_message::kind;

/// Those that watch it know best; where none of them can be asked, anybody.
void membership::parts::ask(peer& p, mono_ns now, membership_effects& out) {
  const auto can_be_asked = [&](const std::string& name) {
    if (name == p.fact.name || name == me.name)
      return false;
    const auto* x = find(name);
    return x && !x->board && x->links > 0 && x->is == standing::alive && x->direct;
  };
  std::vector<std::string> able;
  for (const auto& name : circle.watchers_of(p.fact.name))
    if (can_be_asked(name))
      able.push_back(name);
  if (able.empty())
    for (const auto& name : linked())
      if (can_be_asked(name))
        able.push_back(name);
  auto& r = p.round;
  r.number = ++questions;
  r.asked_at = now;
  r.answers.clear();
  for (const auto& name : some_of(std::move(able), how.pace.asked)) {
    r.answers[name] = false;
    out.letters.push_back({name, {kind::ask, p.fact.name, r.number, {}}});
  }
  if (p.links > 0)
    out.letters.push_back({p.fact.name, {kind::deaf, {}, 0, {}}});
}

poll membership::parts::state_of(const question_round& r, mono_ns now) const {
  if (r.number == 0)
    return poll::none;
  if (r.yes_at != 0 && now - r.yes_at <= down_after())
    return poll::heard;
  if (r.answers.empty())
    return poll::no_answer;
  const bool all = std::all_of(r.answers.begin(), r.answers.end(), [](const auto& x) { return x.second; });
  if (all)
    return poll::not_heard;
  return now - r.asked_at > suspect_after() ? poll::no_answer : poll::open;
}

void membership::parts::on_ask(const std::string& from, const membership_message& what, mono_ns now,
                               membership_effects& out) {
  const auto answer = [&](kind x) { out.letters.push_back({from, {x, what.about, what.question, {}}}); };
  if (what.about == me.name)
    return answer(kind::heard);
  auto* p = find(what.about);
  if (!p || !p->met)
    return; // never having heard it is no evidence
  if (p->links == 0)
    return answer(kind::not_heard);
  if (now - p->heard_at <= suspect_after())
    return answer(kind::heard);
  if (p->watched_since != 0)
    return answer(kind::not_heard);
  // It need not beat to us, so its silence says nothing: ask itself. Without
  // an answer we stay silent too, and the asker stops waiting.
  if (probes.size() < max_members)
    probes.push_back({from, what.about, what.question, now + suspect_after()});
  out.letters.push_back({what.about, {kind::ask, what.about, 0, {}}});
}

void membership::parts::on_answer(const std::string& from, const membership_message& what,
                                  mono_ns now, wall_ms wall, membership_effects& out) {
  auto* p = find(what.about);
  // An answer to an earlier round may be older than what made us ask again.
  if (!p || p->round.number == 0 || what.question != p->round.number
      || !p->round.answers.contains(from))
    return;
  if (what.what == kind::heard) {
    p->round.yes_at = now;
    p->round.yes_by = from;
  } else {
    p->round.answers[from] = true;
  }
  judge_peer(*p, now, wall, out);
}

void membership::parts::answer_probes(peer& p, mono_ns now, membership_effects& out) {
  std::erase_if(probes, [&](const probe_for& x) {
    if (x.about == p.fact.name && now - p.heard_at <= suspect_after()) {
      out.letters.push_back({x.asker, {kind::heard, x.about, x.question, {}}});
      return true;
    }
    return now > x.until;
  });
}

void membership::parts::on_deaf(peer& p, mono_ns now, membership_effects& out) {
  const bool again = p.deaf_at != 0 && now - p.deaf_at <= down_after();
  p.deaf_at = now;
  p.beat_until = now + down_after();
  out.beat.push_back(p.fact.name);
  if (again && !p.deaf_told) {
    p.deaf_told = true;
    out.changes.push_back({shown(p), p.is,
                           "it hears nothing of us although the link stands and we hear it: "
                           "look at this node's sending side, a one-way firewall or a radio"});
  }
}

} // namespace troupe::cluster
