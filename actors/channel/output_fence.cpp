#include "actors/channel/output_fence.hpp"

#include "actors/protocol/freshness.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr mono_ns nothing_due = std::numeric_limits<mono_ns>::max();

} // namespace

output_fence::output_fence(std::string output, std::uint64_t nonce, memory& m, mono_ns now)
  : output_(std::move(output)), nonce_(nonce), m_(m) {
  for (auto& [source, s] : m_.slots)
    if (s.held || s.told_at != 0) {
      s.held.reset();
      // Nothing is wrong with who held it: it may come again before all others.
      vacate(source, s, {}, "the output's actor started again", now);
    }
}

output_fence::slot* output_fence::find_or_make(const std::string& source, mono_ns now) {
  const auto found = m_.slots.find(source);
  if (found != m_.slots.end()) {
    found->second.used_at = now;
    return &found->second;
  }
  if (source.empty() || m_.slots.size() >= most_sources)
    return nullptr;
  auto& made = m_.slots[source];
  made.used_at = now;
  made.why = "nobody has claimed it yet";
  return &made;
}

bool output_fence::on_letter(const ownership_letter& x, mono_ns now) {
  expire(now);
  auto* s = find_or_make(x.source, now);
  if (s == nullptr) {
    // Not silence: who asks would wait for ever.
    ownership_letter no = answer(x.source, {}, ownership_word::busy, now);
    no.by = x.by;
    no.why = fmt::format("{} controllers have claimed '{}' already; at most {} may", m_.slots.size(),
                         output_, most_sources);
    posts_.emplace_back(x.by.node, std::move(no));
    return false;
  }
  if (s->askers.contains(x.by.node) || s->askers.size() < most_askers)
    s->askers[x.by.node] = now;
  switch (x.word) {
  case ownership_word::ask:
    reply(x, *s, s->held ? ownership_word::busy : ownership_word::vacant,
          s->held ? "" : s->why, now);
    return false;
  case ownership_word::claim: on_claim(*s, x, now); return false;
  case ownership_word::release: on_release(*s, x, now); return false;
  case ownership_word::renew:
    if (!fits(*s, x.pass, now) || x.pass.seq <= s->held->renewal_seq) {
      reply(x, *s, ownership_word::fenced, "", now);
      return false;
    }
    s->held->renewal_seq = x.pass.seq;
    s->held->until = now + to_ns(s->held->lease);
    if (x.done <= s->held->command_seq)
      keep(*s, x.carry, now);
    reply(x, *s, ownership_word::ok, "", now);
    return true;
  default: return false; // of controllers among each other
  }
}

void output_fence::on_claim(slot& s, const ownership_letter& x, mono_ns now) {
  const auto refuse = [&](std::string why) {
    reply(x, s, ownership_word::busy, std::move(why), now);
  };
  if (x.pass.nonce != nonce_)
    return refuse("the output has started anew since");
  if (!is_fresh(now, x.pass.echo, claim_fresh))
    return refuse("the claim was under way for too long");
  if (x.as.node != x.by.node)
    return refuse("a ballot of another node");
  if (s.held && s.held->by == x.by && s.held->as == x.as)
    return reply(x, s, ownership_word::granted, "", now); // its answer was lost
  if (s.held) {
    // The supervision of one process sees to it that an earlier life of an
    // actor says nothing any more, so a later one need not wait for the lapse.
    const auto& holder = s.held->by;
    if (holder.node != x.by.node || holder.run != x.by.run
        || holder.activation >= x.by.activation)
      return refuse("");
  }
  if (!s.successor.empty() && now < s.successor_until && s.successor != x.by.node)
    return refuse(fmt::format("it is kept for node {}", s.successor));
  if (x.as <= s.highest)
    return refuse("its ballot is not above the last one");
  const milliseconds lease{std::clamp<std::int64_t>(x.lease, shortest_lease.count(),
                                                    longest_lease.count())};
  std::string text = fmt::format("node {} acts (round {})", x.by.node, x.as.round);
  if (s.held)
    text += ", a later start of its actor";
  else if (!s.why.empty())
    text += ": " + s.why;
  notes_.push_back({x.source, std::move(text)});
  s.held = grant{x.by, x.as, ++m_.grants, lease, now + to_ns(lease), 0, 0};
  s.highest = x.as;
  s.previous.clear();
  s.successor.clear();
  s.why.clear();
  s.told_at = 0;
  reply(x, s, ownership_word::granted, "", now);
}

void output_fence::on_release(slot& s, const ownership_letter& x, mono_ns now) {
  if (!fits(s, x.pass, now))
    return; // it is not its to give
  // Not what a command that never came was to do.
  if (x.done <= s.held->command_seq)
    keep(s, x.carry, now);
  s.held.reset();
  s.successor = x.to;
  s.successor_until = now + to_ns(reserved_for);
  vacate(x.source, s, x.by.node,
         x.to.empty() ? fmt::format("node {} has let go of it", x.by.node)
                      : fmt::format("node {} handed it to {}", x.by.node, x.to),
         now);
}

errc output_fence::check(const std::string& source, const permit& pass, const carried& carry,
                         mono_ns now) {
  const auto found = m_.slots.find(source);
  if (found == m_.slots.end())
    return pass.grant == 0 ? errc::none : errc::fenced;
  expire(now);
  auto& s = found->second;
  if (!s.held || pass.nonce != nonce_ || pass.grant != s.held->number)
    return errc::fenced; // of an earlier holder, which hears it at its next renewal
  // One after the other: after one that was refused or lost, no later one counts
  // either, or what it did not do would be forgotten by whoever carries on.
  if (!fits(s, pass, now) || pass.seq != s.held->command_seq + 1) {
    if (pass.seq > s.held->command_seq) {
      ownership_letter to_holder;
      to_holder.source = source;
      to_holder.by = s.held->by;
      to_holder.pass = pass;
      reply(to_holder, s, ownership_word::fenced, "a command before it was lost, or it came too late", now);
    }
    return errc::fenced;
  }
  if (s.held->command_seq == 0)
    notes_.push_back({source, fmt::format("node {} commands (round {})", s.held->by.node, s.held->as.round), "effect"});
  s.held->command_seq = pass.seq;
  s.held->until = now + to_ns(s.held->lease);
  keep(s, carry, now);
  return errc::none;
}

bool output_fence::fits(const slot& s, const permit& pass, mono_ns now) const {
  return s.held && pass.nonce == nonce_ && pass.grant == s.held->number
         && is_fresh(now, pass.echo, s.held->lease);
}

void output_fence::keep(slot& s, const carried& carry, mono_ns now) {
  if (carry.order == 0 || carry.bytes.size() > most_carry)
    return;
  if (s.held->as == s.carry_as && carry.order <= s.carry.order)
    return; // a renewal and a command may overtake each other
  s.carry = carry;
  s.carry_as = s.held->as;
  s.carried_at = now;
}

void output_fence::vacate(const std::string& source, slot& s, const std::string& previous,
                          std::string why, mono_ns now) {
  s.previous = previous;
  s.why = std::move(why);
  if (s.successor.empty() && !previous.empty())
    notes_.push_back({source, "nobody acts: " + s.why, "vacant"});
  tell_vacant(source, s, now);
}

void output_fence::tell_vacant(const std::string& source, slot& s, mono_ns now) {
  s.told_at = now;
  if (!s.successor.empty() && now >= s.successor_until)
    s.successor.clear();
  for (const auto& [node, at] : s.askers) {
    if (!s.successor.empty() && node != s.successor)
      continue; // they hear of it when the successor does not come
    posts_.emplace_back(node, answer(source, s, ownership_word::vacant, now));
  }
}

void output_fence::node_gone(const std::string& node, mono_ns now) {
  expire(now);
  for (auto& [source, s] : m_.slots) {
    s.askers.erase(node);
    if (s.successor == node)
      s.successor.clear();
    if (!s.held || s.held->by.node != node)
      continue;
    s.held.reset();
    vacate(source, s, node, fmt::format("the link to node {} has ended", node), now);
  }
}

void output_fence::expire(mono_ns now) {
  for (auto& [source, s] : m_.slots)
    if (s.held && now >= s.held->until) {
      const auto node = s.held->by.node;
      const auto lease = s.held->lease;
      s.held.reset();
      vacate(source, s, node, fmt::format("node {} was silent for {} ms", node, lease.count()), now);
    }
}

void output_fence::on_time(mono_ns now) {
  expire(now);
  for (auto& [source, s] : m_.slots) {
    std::erase_if(s.askers,
                  [&](const auto& x) { return now - x.second > to_ns(asker_forgotten); });
    if (s.held || s.askers.empty())
      continue;
    const bool kept_in_vain = !s.successor.empty() && now >= s.successor_until;
    if (kept_in_vain || now - s.told_at >= to_ns(repeat_vacancy))
      tell_vacant(source, s, now);
  }
  std::erase_if(m_.slots, [&](const auto& x) {
    return !x.second.held && now - x.second.used_at > to_ns(source_forgotten);
  });
}

mono_ns output_fence::next() const {
  mono_ns at = nothing_due;
  for (const auto& [source, s] : m_.slots) {
    if (s.held)
      at = std::min(at, s.held->until);
    else if (!s.successor.empty())
      at = std::min(at, s.successor_until);
    else if (!s.askers.empty())
      at = std::min(at, s.told_at + to_ns(repeat_vacancy));
    else
      at = std::min(at, s.used_at + to_ns(source_forgotten) + 1);
  }
  return at;
}

ownership_letter output_fence::answer(const std::string& source, const slot& s,
                                      ownership_word word, mono_ns now) const {
  ownership_letter x;
  x.word = word;
  x.output = output_;
  x.source = source;
  x.as = s.highest;
  x.pass.nonce = nonce_;
  x.tick = now;
  x.holder = s.held ? s.held->by.node : s.previous;
  x.to = s.successor;
  x.why = s.why;
  return x;
}

void output_fence::reply(const ownership_letter& x, const slot& s, ownership_word word,
                         std::string why, mono_ns now) {
  auto y = answer(x.source, s, word, now);
  y.by = word == ownership_word::busy && s.held ? s.held->by : x.by;
  y.sent = x.sent;
  y.why = std::move(why);
  y.pass.seq = x.pass.seq;
  if (s.held && (word == ownership_word::granted || word == ownership_word::ok)) {
    y.pass.grant = s.held->number;
    y.lease = s.held->lease.count();
    y.done = s.held->command_seq;
    if (word == ownership_word::granted && s.carry.order != 0) {
      y.carry = s.carry;
      y.carry_as = s.carry_as;
      y.carry_age = (now - s.carried_at) / 1'000'000;
    }
  } else {
    y.pass.grant = x.pass.grant;
  }
  // To a shadow, and only what the holder itself has left: bytes that it has it is not sent again.
  if (x.word == ownership_word::ask && x.done != 0 && s.held && s.carry.order != 0 && s.carry_as == s.held->as) {
    y.carry.order = s.carry.order;
    y.carry_as = s.carry_as;
    y.carry_age = (now - s.carried_at) / 1'000'000;
    if (x.carry_as != s.carry_as || x.carry.order != s.carry.order)
      y.carry.bytes = s.carry.bytes;
  }
  posts_.emplace_back(x.by.node, std::move(y));
}

} // namespace troupe
