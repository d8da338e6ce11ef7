#include "cluster/membership/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::cluster {

using kind = membership_message::kind;

namespace {

void add_hints(peer& p, const std::vector<std::string>& addresses) {
  for (const auto& x : addresses)
    if (p.hints.size() < membership::max_addresses && std::find(p.hints.begin(), p.hints.end(), x) == p.hints.end())
      p.hints.push_back(x);
}

void append(membership_effects& out, const membership_effects& more) {
  out.changes.insert(out.changes.end(), more.changes.begin(), more.changes.end());
  out.troubles.insert(out.troubles.end(), more.troubles.begin(), more.troubles.end());
  out.letters.insert(out.letters.end(), more.letters.begin(), more.letters.end());
  out.beat.insert(out.beat.end(), more.beat.begin(), more.beat.end());
  out.dial.insert(out.dial.end(), more.dial.begin(), more.dial.end());
  out.drop.insert(out.drop.end(), more.drop.begin(), more.drop.end());
}

} // namespace

membership::membership(options how) : parts_(std::make_unique<parts>(std::move(how))) {}
membership::~membership() = default;

void membership::know(const std::string& name, const std::vector<std::string>& addresses, mono_ns now) {
  auto* p = parts_->learn(name);
  if (!p)
    return;
  parts_->vouch(*p);
  add_hints(*p, addresses);
  if (p->fact.is == standing::waiting)
    p->fact.is = standing::unknown;
  if (p->is == standing::waiting)
    p->is = standing::unknown;
  ++parts_->news;
  p->dials.on_new_address(now);
}

void membership::recall(const member& before, mono_ns now, const std::string& told_by) {
  auto& m = *parts_;
  if (before.name == m.me.name) {
    m.me.draining = before.draining;
    if (!before.addresses.empty())
      m.me.addresses = before.addresses; // newer than those of the start
    m.me.refutation = std::max(m.me.refutation, before.refutation);
    if (before.banned >= m.me.banned) {
      m.me.banned = before.banned;
      m.me.is = before.banned % 2 == 1 ? standing::removed : standing::alive;
      m.asks_for_ban = m.asks_for_ban && m.me.is == standing::removed;
    }
    return;
  }
  if (auto* p = m.learn(before.name, told_by)) {
    m.believe(*p, before, now);
    p->is = m.removed(*p) ? standing::removed : p->fact.is == standing::waiting ? standing::waiting : standing::unknown;
    m.forward.clear();
    ++m.news;
  }
}

membership_effects membership::found(const std::string& name, const std::vector<std::string>& addresses,
                                     mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  if (!m.find(name)) {
    const auto waiting = std::count_if(m.peers.begin(), m.peers.end(), [](const auto& x) { return parts::waits(x.second); });
    // Announcements prove nothing: a stranger could send thousands.
    if (static_cast<std::size_t>(waiting) >= max_waiting) {
      if (!std::exchange(m.waiting_told, true))
        out.troubles.push_back({name, fmt::format("announces itself and is not noted, for {} nodes wait already for `troupe approve`, and no more may. "
                                                  "Approve yours; if they are none of yours, turn `discovery` off", waiting)});
      return out;
    }
    m.waiting_told = false;
  }
  auto* p = m.learn(name);
  if (!p)
    return out;
  const auto before = parts::shown(*p).addresses;
  p->seen = addresses;
  if (p->seen.size() > max_seen_addresses)
    p->seen.resize(max_seen_addresses);
  p->gone_since = 0;
  const bool is_new = std::any_of(p->seen.begin(), p->seen.end(), [&](const auto& x) {
    return std::find(before.begin(), before.end(), x) == before.end();
  });
  // Anybody can announce other addresses all the time; nobody shall have us dial
  // as often.
  if (is_new && (p->hurried_at == 0 || now - p->hurried_at >= dial_plan::settled)) {
    p->hurried_at = now;
    p->dials.on_new_address(now);
  }
  if (p->fact.is == standing::waiting && !m.how.approve_found)
    p->fact.is = standing::unknown;
  m.judge_peer(*p, now, wall, out);
  m.plan_dial(*p, now, out);
  m.flush(now, {}, out);
  return out;
}

void membership::lost(const std::string& name, mono_ns now) {
  auto* p = parts_->find(name);
  if (!p)
    return;
  p->gone_since = now;
  if (parts::waits(*p))
    p->seen.clear(); // nobody is there to be approved
}

membership_effects membership::tick(mono_ns now, wall_ms wall, const std::vector<heard>& links, mono_ns deaf_for) {
  membership_effects out;
  auto& m = *parts_;
  m.health.seen(now);
  m.health.deaf_for(deaf_for, now);
  if (m.next_tick != 0)
    m.health.ticked(m.next_tick, now);
  m.next_tick = now + to_ns(m.how.pace.beat_every);

  ++m.ticks;
  std::map<std::string, unsigned> untold;
  std::vector<std::string> found_up;
  for (const auto& x : links) {
    auto* p = m.find(x.name);
    if (!p || p->links == 0) {
      // A `link_up` that never came. Most often it is on its way.
      const auto before = m.untold.find(x.name);
      auto& ticks = untold[x.name] = before == m.untold.end() ? 1 : before->second + 1;
      if (ticks > 3) {
        found_up.push_back(x.name);
        ticks = 0;
      }
    }
    if (!p)
      continue;
    p->board = x.board;
    p->shown_in = m.ticks;
    if (x.last_heard > p->heard_at) {
      p->heard_at = x.last_heard;
      m.answer_probes(*p, now, out);
    }
  }
  m.forget_the_gone(now);
  m.untold = std::move(untold);
  for (const auto& name : found_up)
    append(out, on_link_up(name, 0, now, wall));
  m.forget_hearsay_of_removed();
  m.redraw_circle(now);
  m.looks += m.peers.size();
  for (auto& [name, p] : m.peers) {
    // A `link_down` that we never saw: this class was made anew meanwhile.
    p.missing = p.links > 0 && p.shown_in != m.ticks ? p.missing + 1 : 0;
    if (p.missing > 3) {
      p.links = 1;
      append(out, on_link_down(name, "the transport shows no link", true, now, wall));
      continue;
    }
    m.judge_peer(p, now, wall, out);
    m.plan_dial(p, now, out);
    if (p.links > 0 && (p.watched_since != 0 || p.beat_until > now))
      out.beat.push_back(name);
    if (p.deaf_at != 0 && now - p.deaf_at > 2 * m.down_after()) {
      p.deaf_at = 0;
      p.deaf_told = false;
    }
  }
  if (now >= m.view_due) {
    m.view_due = now + to_ns(m.how.pace.view_every);
    for (const auto& name : m.some_of(m.linked(), 1))
      m.tell_all_of(name, out);
  }
  std::erase_if(m.probes, [&](const probe_for& x) { return now > x.until; });
  m.flush(now, {}, out);
  return out;
}

mono_ns membership::wake_at() const { return parts_->next_tick; }

membership_effects membership::on_link_up(const std::string& name, std::uint64_t incarnation,
                                          mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  m.health.seen(now);
  auto* p = m.learn(name);
  if (!p && !std::exchange(m.full_told, true))
    out.troubles.push_back({name, fmt::format("has no place here: {} nodes are known, removed ones among them, and there are no more in one house. "
                                              "`troupe members` lists them; divide the house", m.peers.size() + 1)});
  if (!p || m.removed(*p) || m.me.is == standing::left) {
    out.drop.push_back(name);
    return out;
  }
  const bool was_hearsay = !p->told_by.empty();
  m.vouch(*p);
  if (was_hearsay)
    m.forward.insert(name);
  const bool again = p->met && incarnation > p->fact.incarnation;
  if (incarnation > p->fact.incarnation || p->fact.incarnation == 0) {
    // Its certificate is its admission, also for who waits for an approval.
    auto fresh = p->fact;
    fresh.incarnation = std::max<std::uint64_t>(incarnation, 1);
    fresh.refutation = 0;
    fresh.is = standing::alive;
    fresh.draining = false;
    // With the new life's own word, which follows, the old addresses would be
    // united and never go.
    if (!fresh.addresses.empty())
      p->earlier = std::exchange(fresh.addresses, {});
    m.believe(*p, fresh, now);
    p->claims.clear();
  }
  if (incarnation != 0 && p->supposed)
    p->supposed = false; // the news of a link that `tick` saw already
  else
    ++p->links;
  p->supposed |= incarnation == 0;
  ++m.news;
  p->missing = 0;
  p->met = true;
  p->up_since = now;
  p->heard_at = std::max(p->heard_at, now);
  p->dials.on_up(now);
  if (again && p->is == standing::alive)
    out.changes.push_back({m.shown(*p), p->is, "its process was started again"});
  m.redraw_circle(now);
  m.judge_peer(*p, now, wall, out);
  m.tell_all_of(name, out);
  // An older link: this class was made anew, and its peer would tell nothing.
  if (incarnation == 0)
    out.letters.back().what.question = 1;
  m.flush(now, {}, out);
  return out;
}

membership_effects membership::on_link_down(const std::string& name, const std::string& why, bool lost,
                                            mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  m.health.seen(now);
  auto* p = m.find(name);
  if (p && p->links == 0 && p->dials.dialling(now)) // it ended before its hello
    p->dials.on_failed(dial_end::turned_away, m.how.pace, m.chance, now);
  if (!p || p->links == 0 || --p->links > 0)
    return out;
  p->supposed = false;
  ++m.news;
  p->lost = lost;
  p->refused = false;
  p->end = why;
  p->round = {};
  // An ordered end leaves the silence as it was; after `down` it is endless.
  const bool heard_it = p->watched_since != 0 && !lost;
  p->quiet_since = p->is == standing::down ? now - 1'000 * m.down_after() : heard_it ? p->heard_at : now;
  p->dials.on_down(lost, m.how.pace, m.chance, now);
  m.plan_dial(*p, now, out);
  m.judge_peer(*p, now, wall, out);
  m.flush(now, {}, out);
  return out;
}

membership_effects membership::on_dial_failed(const std::string& name, const std::string& /*why*/,
                                              dial_end how, mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  m.health.seen(now);
  auto* p = m.find(name);
  if (!p)
    return out;
  p->dials.on_failed(how, m.how.pace, m.chance, now);
  p->refused = how == dial_end::refused; // without meaning while there is a link
  m.judge_peer(*p, now, wall, out);
  m.flush(now, {}, out);
  return out;
}

membership_effects membership::on_letter(const std::string& from, const membership_message& what,
                                         mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  m.health.seen(now);
  auto* p = m.find(from);
  // After `link_down` a late letter is of a session that is over.
  if (!p || m.removed(*p) || p->links == 0)
    return out;
  p->heard_at = std::max(p->heard_at, now);
  m.answer_probes(*p, now, out);
  switch (what.what) {
  case kind::view:
    m.on_view(*p, what, now, wall, out);
    if (what.question != 0)
      m.tell_all_of(from, out);
    break;
  case kind::ask: m.on_ask(from, what, now, out); break;
  case kind::heard:
  case kind::not_heard: m.on_answer(from, what, now, wall, out); break;
  case kind::deaf: m.on_deaf(*p, now, out); break;
  case kind::goodbye:
    for (const auto& said : what.members)
      if (said.name == from)
        m.believe(*p, said, now);
    out.drop.push_back(from);
    break;
  }
  m.judge_peer(*p, now, wall, out);
  m.flush(now, from, out);
  return out;
}

membership_effects membership::moved(std::vector<std::string> addresses, mono_ns now, wall_ms wall) {
  membership_effects out;
  auto& m = *parts_;
  if (addresses.size() > max_addresses)
    addresses.resize(max_addresses);
  const auto sorted = [](auto x) {
    std::sort(x.begin(), x.end());
    return x;
  };
  if (addresses.empty() || m.me.is != standing::alive || sorted(addresses) == sorted(m.me.addresses))
    return out;
  m.me.addresses = std::move(addresses);
  m.me.refutation = after(m.me.refutation);
  m.me.since = wall;
  std::string list;
  for (const auto& x : m.me.addresses)
    list += (list.empty() ? "" : ", ") + x;
  out.changes.push_back({m.me, m.me.is, "this machine's addresses changed; it is reached at " + list});
  m.urgent.insert(m.me.name);
  for (auto& [name, p] : m.peers) {
    p.dials.on_new_address(now);
    m.plan_dial(p, now, out);
  }
  m.flush(now, {}, out);
  return out;
}

const member& membership::self() const { return parts_->me; }

std::vector<member> membership::members() const {
  std::vector<member> out{parts_->me};
  for (const auto& [name, p] : parts_->peers)
    out.push_back(parts::shown(p));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

membership_differences membership::differences() const { return parts_->differences(); }

const membership_differences& membership::parts::differences() {
  if (differ_at != news) {
    differ = compare();
    differ_at = news;
  }
  return differ;
}

membership_differences membership::parts::compare() const {
  membership_differences out;
  for (const auto& [name, p] : peers)
    for (const auto& [teller, said] : p.claims.all()) {
      if (said.what == told{p.is, p.direct})
        continue; // nearly all of them
      const auto t = peers.find(teller);
      const bool old = said.incarnation < p.fact.incarnation
                       || (said.refutation < p.fact.refutation && said.what.is != standing::alive);
      if (t != peers.end() && t->second.links > 0 && !old)
        out[name][teller] = said.what;
    }
  return out;
}

std::vector<std::string> membership::deaf_to_us(mono_ns now) const {
  std::vector<std::string> out;
  for (const auto& [name, p] : parts_->peers)
    if (p.links > 0 && p.deaf_told && now - p.deaf_at <= 2 * parts_->down_after())
      out.push_back(name);
  return out;
}

std::uint64_t membership::looks() const {
  auto sum = parts_->looks;
  for (const auto& [name, p] : parts_->peers)
    sum += p.claims.handed_out();
  return sum;
}

std::map<std::string, std::string> membership::hearsay() const {
  std::map<std::string, std::string> out;
  for (const auto& [name, p] : parts_->peers)
    if (!p.told_by.empty())
      out[name] = p.told_by;
  return out;
}

std::map<std::string, std::vector<std::string>> membership::reached_at() const {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [name, p] : parts_->peers) {
    std::vector<std::string> at;
    if (p.links > 0)
      at = p.fact.addresses;
    if (p.gone_since == 0)
      at.insert(at.end(), p.seen.begin(), p.seen.end());
    if (!at.empty())
      out[name] = std::move(at);
  }
  return out;
}

double membership::local_health() const { return parts_->health.factor(); }

} // namespace troupe::cluster
