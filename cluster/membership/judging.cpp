#include "cluster/membership/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe::cluster {

namespace {

constexpr double one_down = 1000;
constexpr double half_life = 60e9;

double decayed(const peer& p, mono_ns now) {
  return p.flaps * std::exp2(-static_cast<double>(now - p.flaps_at) / half_life);
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

} // namespace

double membership::flap_score(const std::string& name, mono_ns now) const {
  const auto* p = parts_->find(name);
  return p ? decayed(*p, now) : 0;
}

std::string membership::kept_wrongly() const {
  const auto& m = *parts_;
  for (const auto& [name, p] : m.peers) {
    const auto& all = p.claims.all();
    if (p.claims.any_bad() != std::any_of(all.begin(), all.end(), [](const auto& x) { return bad(x.second.what.is); }))
      return "the count of bad words about " + name;
    if (p.weighed_at == m.news && p.weighed != m.weigh(p))
      return "what others say of " + name;
    if ((p.watched_since != 0) != m.watches(name))
      return "whether " + name + " is watched";
  }
  if (m.differ_at == m.news && m.differ != m.compare())
    return "how views differ";
  return {};
}

/// Weighed anew only after something was heard or seen: a dead peer is judged
/// at every beat too.
opinion membership::parts::opinion_of_others(peer& p) {
  if (p.weighed_at != news) {
    p.weighed = weigh(p);
    p.weighed_at = news;
  }
  return p.weighed;
}

opinion membership::parts::weigh(const peer& p) const {
  struct tally {
    bool spoke = false, direct = false, indirect = false, suspect = false, down = false;
  } by_watchers, by_all;
  const auto watchers = circle.watchers_of(p.fact.name);
  for (const auto& [teller, said] : p.claims.all()) {
    const auto at = peers.find(teller);
    // Whom we do not hear cannot take back what it once told.
    if (at == peers.end() || !at->second.direct || said.incarnation < p.fact.incarnation)
      continue;
    if (bad(said.what.is)
        && (said.refutation < p.fact.refutation || (p.links > 0 && said.at < p.up_since)))
      continue; // contradicted since, by the peer itself or by its link to us
    const bool watcher = std::find(watchers.begin(), watchers.end(), teller) != watchers.end();
    for (auto* x : {&by_all, watcher ? &by_watchers : nullptr}) {
      if (!x)
        continue;
      x->spoke |= said.what.is != standing::unknown;
      x->direct |= said.what.is == standing::alive && said.what.direct;
      x->indirect |= said.what.is == standing::alive && !said.what.direct;
      x->suspect |= said.what.is == standing::suspect;
      x->down |= said.what.is == standing::down;
    }
  }
  const auto& t = by_watchers.spoke ? by_watchers : by_all;
  if (t.direct)
    return opinion::hear_it;
  if (t.indirect && p.links > 0)
    return opinion::none;
  if (t.suspect)
    return opinion::doubt_it;
  return t.down ? opinion::lost_it : opinion::none;
}

void membership::parts::judge_peer(peer& p, mono_ns now, wall_ms wall, membership_effects& out) {
  // On its way out a node judges nobody; who has no link to it any more, it
  // does not hear, and so it cannot tell.
  if (me.is != standing::alive) {
    if (p.links == 0 && (p.is == standing::alive || bad(p.is)))
      show(p, {standing::unknown, false},
           me.is == standing::left ? "this node left and hears nobody" : "this node was removed and hears nobody", now, wall, out);
    return;
  }
  if (removed(p))
    return show(p, {standing::removed, false}, "removed by an operator", now, wall, out);
  if (p.fact.is == standing::left)
    return show(p, {standing::left, false}, "it said goodbye", now, wall, out);
  if (p.fact.is == standing::waiting && p.links == 0)
    return show(p, {standing::waiting, false}, "seen by discovery; `troupe approve " + p.fact.name + "` lets it in", now, wall, out);

  evidence x;
  x.met = p.met;
  x.linked = p.links > 0;
  x.lost = p.lost;
  x.refused = p.refused;
  if (x.linked)
    x.quiet = p.watched_since ? now - std::max(p.heard_at, p.watched_since) : 0;
  else
    x.quiet = now - p.quiet_since;
  const bool may_judge = health.may_judge(now);
  const bool in_doubt = x.linked && x.quiet > suspect_after();
  if (in_doubt && may_judge) {
    // A yes is asked for again as long as it is good, so that the last question
    // comes to its end; a no stands until the peer is heard.
    const bool yes_is_old = p.round.yes_at != 0 && now - p.round.yes_at <= down_after()
                            && now - p.round.asked_at > suspect_after();
    if (p.round.number == 0 || yes_is_old)
      ask(p, now, out);
  } else if (x.linked && !in_doubt) {
    p.round = {};
  }
  x.asked = state_of(p.round, now);
  // Who watches a peer has ears of its own; a rumour would only echo.
  if (!x.linked || (p.watched_since == 0 && p.claims.any_bad()))
    x.others = opinion_of_others(p);
  const auto v = judge(x, suspect_after(), down_after());
  if (!may_judge && bad(v.is))
    return;
  // TCP would find a healed line as late as its last pause was long: up to as
  // long as it was cut. A new link finds it with the next dial.
  if (may_judge && x.linked && v.is == standing::alive && !v.direct && x.quiet > given_up_after())
    out.drop.push_back(p.fact.name);
  const told is{v.is, v.direct};
  if (is == told{p.is, p.direct})
    return;
  show(p, is, reason(p, is, x, now), now, wall, out);
}

std::string membership::parts::reason(const peer& p, told is, const evidence& x, mono_ns now) const {
  const auto quiet = fmt::format("{:.0f} ms", static_cast<double>(x.quiet) / 1e6);
  std::vector<std::string> no;
  for (const auto& [name, said_no] : p.round.answers)
    if (said_no)
      no.push_back(name);
  const auto asked = !no.empty() ? "; " + listed(no) + (no.size() == 1 ? " does" : " do") + " not hear it either"
                     : x.asked == poll::no_answer
                       ? (p.round.answers.empty() ? "; nobody else can be asked" : "; nobody that was asked answered")
                       : "";
  if (is.is == standing::alive && is.direct)
    return p.is == standing::unknown || p.is == standing::waiting ? "linked" : "heard again";
  if (is.is == standing::alive) {
    const auto by = x.asked == poll::heard ? p.round.yes_by : std::string{"others"};
    return x.linked ? fmt::format("silent to this node for {}, but {} hears it", quiet, by)
                    : fmt::format("no link of our own ({}), but others hear it", p.end.empty() ? "never had one" : p.end);
  }
  if (!bad(is.is))
    return "nobody that we hear is linked to it";
  if (!x.linked && !x.met)
    return "others say so; it never had a link to this node";
  if (x.linked && x.quiet <= suspect_after())
    return "those that watch it do not hear it";
  if (!x.linked && x.lost && x.refused && x.quiet <= suspect_after())
    return fmt::format("its process is gone: {}, and its host refuses connections", p.end);
  if (!x.linked)
    return fmt::format("its link ended: {}{}", p.end, is.is == standing::down ? "; nobody else hears it" : "");
  // Everybody silent at once points at ourselves.
  const bool all = neighbours.size() > 1
                   && std::all_of(neighbours.begin(), neighbours.end(), [&](const auto& name) {
                        const auto at = peers.find(name);
                        return at == peers.end() || now - at->second.heard_at > suspect_after();
                      });
  return fmt::format("silent for {}{}{}", quiet, asked,
                     all ? "; so is every other peer: this node itself may be cut off" : "");
}

void membership::parts::show(peer& p, told is, const std::string& why, mono_ns now, wall_ms wall,
                             membership_effects& out) {
  if (is == told{p.is, p.direct})
    return;
  ++news;
  const auto before = p.is;
  if (is.is != before)
    p.since = wall;
  p.is = is.is;
  p.direct = is.direct;
  if (is.is == standing::down && before != standing::down) {
    p.flaps = decayed(p, now) + one_down;
    p.flaps_at = now;
    // What still trickles out of this link belongs to a session that is over.
    if (p.links > 0)
      out.drop.push_back(p.fact.name);
  }
  if (is.is == standing::alive && is.direct)
    p.refused = false;
  out.changes.push_back({shown(p), before, why});
  const auto watchers = circle.watchers_of(p.fact.name);
  const bool ours = std::find(watchers.begin(), watchers.end(), me.name) != watchers.end();
  const bool urgently = is.is == standing::removed || is.is == standing::left || (ours && bad(is.is))
                        || (ours && bad(before));
  (urgently ? urgent : slow).insert(p.fact.name);
}

void membership::parts::plan_dial(peer& p, mono_ns now, membership_effects& out) {
  const bool may_dial = me.is == standing::alive || (me.is == standing::removed && asks_for_ban);
  const bool wanted = may_dial && !removed(p) && p.fact.is != standing::left
                      && p.fact.is != standing::waiting;
  if (!wanted || p.links > 0 || shown(p).addresses.empty())
    return;
  p.dials.want(me.name < p.fact.name, now);
  const auto due = p.dials.due();
  if (!due || *due > now)
    return;
  std::size_t under_way = 0, of_hearsay = 0;
  for (const auto& [name, x] : peers)
    if (x.links == 0 && x.dials.dialling(now)) {
      ++under_way;
      of_hearsay += x.told_by.empty() ? 0 : 1;
    }
  if (under_way >= max_dials || (!p.told_by.empty() && of_hearsay >= max_dials_of_hearsay))
    return; // the next tick tries again
  p.dials.on_dialling(how.pace, now);
  out.dial.push_back(shown(p));
}

} // namespace troupe::cluster
