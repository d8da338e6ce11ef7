#include "cluster/ownership/activation.hpp"

#include <fmt/format.h>

#include <iterator>

namespace troupe::cluster {

namespace {

using look = activation::door::look;

template <class T>
void append(std::vector<T>& to, std::vector<T>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

const char* to_string(activation::state x) noexcept {
  switch (x) {
  case activation::state::standby: return "standby";
  case activation::state::claiming: return "claiming";
  case activation::state::confirming: return "confirming";
  case activation::state::active: return "active";
  }
  return "?";
}

void activation::effects::add(effects&& more) {
  append(to_outputs, std::move(more.to_outputs));
  append(to_nodes, std::move(more.to_nodes));
  resumed |= more.resumed;
  if (more.began)
    began = std::move(more.began);
  if (more.ended)
    ended = std::move(more.ended);
  if (more.saw)
    saw = std::move(more.saw);
}

activation::activation(setup how, rank_fn rank) : how_(std::move(how)), rank_(std::move(rank)) {
  for (const auto& output : how_.outputs)
    doors_[output];
}

ownership_letter activation::letter(ownership_word word, const std::string& output) const {
  ownership_letter x;
  x.word = word;
  x.output = output;
  x.source = how_.source;
  x.by = how_.me;
  return x;
}

bool activation::all(look x) const {
  return std::all_of(doors_.begin(), doors_.end(), [&](const auto& d) { return d.second.is == x; });
}

int activation::rank() const {
  for (const auto& [output, d] : doors_)
    if (d.is == look::vacant && !d.holder.empty())
      return rank_(d.holder);
  return rank_({});
}

// --- standby: who acts, and may we? ---

activation::effects activation::begin(mono_ns now) {
  effects out;
  looked_at_ = now;
  ask_all(out, now);
  return out;
}

activation::effects activation::ready(mono_ns now) {
  effects out;
  ready_ = true;
  consider(out, now);
  return out;
}

activation::effects activation::look_again(mono_ns now) {
  effects out;
  if (state_ == state::standby || how_.partial)
    ask_all(out, now); // of those that it does not hold
  consider(out, now);
  return out;
}

void activation::ask(const std::string& output, effects& out) {
  auto x = letter(ownership_word::ask, output);
  if (is_compared_at(output)) {
    x.done = 1;
    x.carry_as = compared_.first;
    x.carry.order = compared_.second;
  }
  out.to_outputs.push_back(std::move(x));
}

/// All outputs have the same carry, so one is asked: the first that somebody holds.
bool activation::is_compared_at(const std::string& output) const {
  if (!how_.compares || state_ != state::standby)
    return false;
  const auto held = std::find_if(doors_.begin(), doors_.end(), [](const auto& d) { return d.second.is == look::busy; });
  return (held == doors_.end() ? doors_.begin() : held)->first == output;
}

void activation::ask_all(effects& out, mono_ns now) {
  asked_at_ = now;
  for (const auto& [output, d] : doors_)
    if (d.is != look::granted)
      ask(output, out);
}

std::optional<mono_ns> activation::may_claim_at() const {
  if (!ready_ || state_ != state::standby)
    return {};
  mono_ns since = 0;
  bool any = false, whole = true, for_us = false, again = true;
  for (const auto& [output, d] : doors_) {
    if (d.is != look::vacant) {
      whole = false;
      continue;
    }
    any = true;
    since = std::max(since, d.vacant_since);
    for_us |= d.for_us;
    again &= d.ours_before;
  }
  if (!any || (!whole && !how_.partial && !for_us))
    return {};
  if (for_us || (whole && again))
    return std::max(since, not_before_);
  const auto place = rank();
  if (place < 0)
    return {};
  auto at = since + place * to_ns(timing::stagger);
  if (!whole)
    at += to_ns(partial_wait);
  return std::max(at, not_before_);
}

void activation::consider(effects& out, mono_ns now) {
  const auto at = may_claim_at();
  if (!at || now < *at)
    return;
  bool asks = false;
  for (const auto& [output, d] : doors_)
    if (d.is == look::vacant && now - d.heard > to_ns(tick_recent)) {
      ask(output, out); // a claim must echo a fresh tick
      asks = true;
    }
  if (asks) {
    asked_at_ = now;
    not_before_ = now + to_ns(successor_retry);
    return;
  }
  round_ = known_round_;
  for (const auto& [output, d] : doors_)
    round_ = std::max(round_, d.highest.round);
  ++round_;
  taken_ = {};
  taken_.as = round_;
  state_ = state::claiming;
  claim_next(out, now);
}

// --- claiming: one after the other, so that of two only one gets the first ---

void activation::claim(const std::string& output, door& d, effects& out, mono_ns now) {
  d.is = look::claimed;
  d.claimed_at = now;
  d.confirmed = false;
  auto x = letter(ownership_word::claim, output);
  x.as = own();
  x.pass.nonce = d.nonce;
  x.pass.echo = d.tick;
  x.lease = how_.pace.lease.count();
  x.sent = now;
  out.to_outputs.push_back(std::move(x));
}

void activation::claim_next(effects& out, mono_ns now) {
  bool any = false;
  for (auto& [output, d] : doors_) {
    any |= d.is == look::granted;
    if (d.is == look::granted)
      continue;
    if (d.is == look::claimed)
      return;
    if (d.is == look::vacant)
      return claim(output, d, out, now);
    if (how_.partial)
      continue;
    if (now < expecting_until_) {
      // The one before us has let go of the first and is about to of this one.
      d.is = look::claimed;
      d.claimed_at = now;
      return;
    }
    return give_up(fmt::format("{} is not free", output), {}, out, now);
  }
  if (any)
    confirm(out, now);
  else
    give_up("no output is free", {}, out, now);
}

void activation::on_granted(const ownership_letter& x, door& d, effects& out, mono_ns now) {
  const bool is_ours = x.as == own();
  if (!is_ours || d.is != look::claimed || state_ == state::standby) {
    if (is_ours && d.is == look::granted)
      return; // told twice
    // Nobody waits for it any more: others shall not have to wait for its lapse.
    auto back = letter(ownership_word::release, x.output);
    back.pass = {x.pass.nonce, x.pass.grant, 1, x.tick};
    out.to_outputs.push_back(std::move(back));
    return;
  }
  d.is = look::granted;
  d.grant = x.pass.grant;
  d.withheld = false;
  d.renewals = d.commands = d.commands_at_renewal = d.missing = 0;
  d.answered = x.sent;
  d.ours_before = d.for_us = false;
  d.holder.clear();
  if (x.carry.order != 0
      && std::pair{x.carry_as, x.carry.order} > std::pair{taken_.left_by, taken_.carry.order}) {
    taken_.carry = x.carry;
    taken_.left_by = x.carry_as;
    taken_.age_ms = x.carry_age;
  }
  if (state_ == state::claiming)
    return claim_next(out, now);
  renew(x.output, d, out, now); // a partial rule got one more
  out.resumed |= state_ == state::active; // and says what it wants of it
}

// --- confirming and active ---

/// All at once, once more: before the first act all outputs are held together.
void activation::confirm(effects& out, mono_ns now) {
  state_ = state::confirming;
  for (auto& [output, d] : doors_)
    d.confirmed = false;
  renew_all(out, now);
}

void activation::renew(const std::string& output, door& d, effects& out, mono_ns now) {
  auto x = letter(ownership_word::renew, output);
  x.pass = {d.nonce, d.grant, ++d.renewals, d.tick};
  x.sent = now;
  x.carry = carry_;
  x.done = d.commands_at_renewal = d.commands;
  out.to_outputs.push_back(std::move(x));
}

void activation::renew_all(effects& out, mono_ns now) {
  renewed_at_ = now;
  for (auto& [output, d] : doors_)
    if (d.is == look::granted)
      renew(output, d, out, now);
  carry_ = {}; // the outputs have it, or will be asked for more than that
}

activation::effects activation::renew_now(mono_ns now) {
  effects out;
  if (state_ == state::active)
    renew_all(out, now);
  return out;
}

void activation::on_ok(const ownership_letter& x, door& d, effects& out, mono_ns now) {
  if (d.is != look::granted || x.pass.grant != d.grant)
    return;
  d.answered = std::max(d.answered, x.sent);
  d.confirmed = true;
  if (state_ == state::active) {
    out.resumed |= std::exchange(d.withheld, false);
    // Renewals alone would keep alive what the output never heard.
    if (x.done >= d.commands_at_renewal)
      d.missing = 0;
    else if (d.missing == x.done + 1)
      stand_down(fmt::format("{} did not hear a command", x.output), out, now);
    else
      d.missing = x.done + 1;
    return;
  }
  const bool whole = std::all_of(doors_.begin(), doors_.end(), [](const auto& one) {
    return one.second.is != look::granted || one.second.confirmed;
  });
  if (state_ != state::confirming || !whole)
    return;
  state_ = state::active;
  expecting_until_ = 0;
  predecessor_.clear();
  if (std::exchange(acted_, true)) {
    out.resumed = true;
    return;
  }
  out.began = taken_;
}

std::optional<permit> activation::permit_for(const std::string& output, mono_ns now) {
  const auto found = doors_.find(output);
  if (state_ != state::active || found == doors_.end() || found->second.is != look::granted)
    return {};
  auto& d = found->second;
  // Not longer than an output could still obey: then it is not worth sending.
  if (now - d.answered > to_ns(how_.pace.lease)) {
    d.withheld = true;
    return {};
  }
  return permit{d.nonce, d.grant, ++d.commands, d.tick};
}

void activation::lose(const std::string& output, const std::string& why, effects& out, mono_ns now) {
  auto& d = doors_.at(output);
  const bool holds_another
    = std::any_of(doors_.begin(), doors_.end(), [&](const auto& one) {
        return one.first != output && one.second.is == look::granted;
      });
  if (!how_.partial || !holds_another)
    return give_up(why, {}, out, now);
  if (d.is == look::granted) {
    auto back = letter(ownership_word::release, output);
    back.pass = {d.nonce, d.grant, ++d.renewals, d.tick};
    out.to_outputs.push_back(std::move(back));
  }
  d.is = look::unknown;
  ask(output, out);
  if (state_ == state::claiming)
    claim_next(out, now);
}

void activation::give_up(const std::string& why, const std::string& to, effects& out, mono_ns now) {
  for (auto& [output, d] : doors_) {
    if (d.is == look::granted) {
      auto x = letter(ownership_word::release, output);
      x.pass = {d.nonce, d.grant, ++d.renewals, d.tick};
      x.to = to;
      x.carry = carry_;
      x.done = d.commands;
      out.to_outputs.push_back(std::move(x));
    }
    if (d.is == look::granted || d.is == look::claimed)
      d.is = look::unknown;
    d.for_us = false;
  }
  carry_ = {};
  state_ = state::standby;
  successor_.clear();
  expecting_until_ = 0;
  not_before_ = now + to_ns(after_refusal) * (std::max(rank(), 0) + 1);
  compared_ = {}; // it has a new shadow, which knows nothing
  if (std::exchange(acted_, false))
    out.ended = why;
}

/// What it did may not have been done: it begins again, where the outputs say.
void activation::stand_down(const std::string& why, effects& out, mono_ns now) {
  give_up(why, {}, out, now);
  not_before_ = now;
}

// --- what is heard ---

activation::effects activation::on_letter(const ownership_letter& x, mono_ns now) {
  effects out;
  if (x.source != how_.source)
    return out;
  if (x.word == ownership_word::prepare) {
    if (state_ != state::standby || !ready_)
      return out;
    predecessor_ = x.by.node;
    expecting_until_ = now + to_ns(hand_over_within);
    say_ready(out, now);
    return out;
  }
  if (x.word == ownership_word::ready) {
    // Only while it acts: what it hands over must be its own.
    if (state_ == state::active && !successor_.empty() && x.by.node == successor_)
      give_up(fmt::format("handed over to node {}", successor_), successor_, out, now);
    return out;
  }
  if (doors_.contains(x.output))
    on_answer(x, out, now);
  return out;
}

void activation::on_answer(const ownership_letter& x, effects& out, mono_ns now) {
  auto& d = doors_.at(x.output);
  if (x.pass.nonce == d.nonce && x.tick < d.tick)
    return; // overtaken by what the output said later
  const bool new_start = d.nonce != 0 && x.pass.nonce != d.nonce;
  if (new_start && d.is == look::granted)
    d.ours_before = true;
  d.nonce = x.pass.nonce;
  d.tick = x.tick;
  d.heard = now;
  d.highest = std::max(d.highest, x.as);
  d.why = x.why;
  switch (x.word) {
  case ownership_word::granted:
    if (x.by == how_.me)
      on_granted(x, d, out, now);
    return;
  case ownership_word::ok:
    if (x.by == how_.me && !new_start)
      on_ok(x, d, out, now);
    return;
  case ownership_word::vacant: {
    d.holder = x.holder;
    d.for_us = x.to == how_.me.node;
    if (d.is == look::granted || (d.is == look::claimed && new_start)) {
      const bool again = d.ours_before;
      lose(x.output, fmt::format("{} was lost: {}", x.output, x.why), out, now);
      if (again)
        not_before_ = now;
    }
    if (d.is == look::claimed && now >= expecting_until_)
      return; // told before our claim came there
    if (d.is != look::vacant || d.for_us)
      d.vacant_since = now;
    if (d.for_us)
      not_before_ = now;
    d.is = look::vacant;
    if (state_ == state::claiming)
      claim_next(out, now);
    else if (state_ == state::active && d.highest < own())
      claim(x.output, d, out, now); // a partial rule gets one more
    else if (state_ == state::active)
      give_up(fmt::format("a later activation was at {}", x.output), {}, out, now);
    else
      consider(out, now);
    return;
  }
  case ownership_word::busy:
    if (how_.compares && state_ == state::standby && x.carry.order != 0) {
      compared_ = {x.carry_as, x.carry.order};
      out.saw = seen{x.carry, x.carry_as, x.carry_age};
    }
    [[fallthrough]];
  case ownership_word::fenced: on_refused(x, d, out, now); return;
  default: return;
  }
}

void activation::on_refused(const ownership_letter& x, door& d, effects& out, mono_ns now) {
  const auto& holder = x.by;
  const bool own_earlier = x.word == ownership_word::busy && holder.node == how_.me.node
                           && holder.run == how_.me.run && holder.activation < how_.me.activation;
  if (own_earlier && state_ == state::standby) {
    d.ours_before = true;
    if (d.is != look::vacant)
      d.vacant_since = not_before_ = now;
    d.is = look::vacant;
    return consider(out, now);
  }
  if (x.word == ownership_word::fenced) {
    if (d.is != look::granted || (x.pass.grant != d.grant && !d.ours_before))
      return; // about an earlier grant
    const bool again = d.ours_before;
    lose(x.output, fmt::format("fenced by {}{}", x.output,
                               again ? ", which started again"
                               : x.holder.empty() ? ""
                                                  : fmt::format(": node {} acts", x.holder)),
         out, now);
    if (again) {
      d.is = look::vacant; // its start ended all grants
      d.vacant_since = not_before_ = now;
      consider(out, now);
    }
    return;
  }
  if (d.is == look::granted)
    return; // to an earlier question
  d.holder = x.holder;
  d.ours_before &= own_earlier;
  if (state_ == state::active) {
    if (d.highest > own()) // a round alone says nothing: two may have begun in one
      return give_up(fmt::format("a later activation acts at {}", x.output), {}, out, now);
    d.is = look::busy;
    return;
  }
  if (state_ == state::claiming && d.is == look::claimed) {
    if (now < expecting_until_)
      return; // `on_time` asks again until the one before us has let go
    d.is = look::busy;
    return lose(x.output, fmt::format("{} is not free: {}", x.output, x.why), out, now);
  }
  d.is = look::busy;
  if (!predecessor_.empty() && now < expecting_until_)
    say_ready(out, now);
}

// --- hand-over ---

activation::effects activation::hand_over(const std::string& node, mono_ns now) {
  effects out;
  if (state_ != state::active || node.empty() || node == how_.me.node || node == successor_)
    return out;
  successor_ = node;
  hand_over_until_ = now + to_ns(hand_over_within);
  prepared_at_ = now;
  out.to_nodes.emplace_back(node, letter(ownership_word::prepare, {}));
  return out;
}

void activation::say_ready(effects& out, mono_ns now) {
  bool asks = false;
  for (const auto& [output, d] : doors_)
    if (d.nonce == 0 || now - d.heard > to_ns(tick_recent)) {
      ask(output, out);
      asks = true;
    }
  if (!asks)
    out.to_nodes.emplace_back(predecessor_, letter(ownership_word::ready, {}));
}

activation::effects activation::stop(mono_ns now) {
  effects out;
  give_up("it stops here", {}, out, now);
  ready_ = false;
  return out;
}

// --- time ---

activation::effects activation::on_time(mono_ns now) {
  effects out;
  const auto pause = now - std::exchange(looked_at_, now);
  if (now >= expecting_until_)
    expecting_until_ = 0;
  if (state_ == state::active && pause > to_ns(std::max(own_pause, how_.pace.stand_down())))
    confirm(out, now); // it may have been replaced meanwhile
  switch (state_) {
  case state::standby:
    if (now - asked_at_ >= to_ns(ask_every))
      ask_all(out, now);
    consider(out, now);
    break;
  case state::claiming:
    for (auto& [output, d] : doors_) {
      if (state_ != state::claiming || d.is != look::claimed)
        continue;
      if (now < expecting_until_) {
        if (now - d.claimed_at >= to_ns(successor_retry))
          claim(output, d, out, now);
      } else if (now - d.claimed_at >= to_ns(claim_answered_within)) {
        lose(output, fmt::format("{} did not answer a claim", output), out, now);
      }
    }
    break;
  case state::confirming:
  case state::active: {
    std::vector<std::string> silent;
    for (const auto& [output, d] : doors_)
      if (d.is == look::granted && now - d.answered > to_ns(how_.pace.stand_down()))
        silent.push_back(output);
    for (const auto& output : silent)
      if (doors_.at(output).is == look::granted)
        lose(output, fmt::format("{} did not answer for {} ms", output, how_.pace.stand_down().count()),
             out, now);
    if (state_ != state::active && state_ != state::confirming)
      break;
    if (now - renewed_at_ >= to_ns(how_.pace.renew))
      renew_all(out, now);
    if (how_.partial && now - asked_at_ >= to_ns(ask_every))
      ask_all(out, now);
    if (!successor_.empty()) {
      if (now >= hand_over_until_) {
        successor_.clear();
      } else if (now - prepared_at_ >= to_ns(prepare_again)) {
        prepared_at_ = now;
        out.to_nodes.emplace_back(successor_, letter(ownership_word::prepare, {}));
      }
    }
    break;
  }
  }
  return out;
}

std::optional<mono_ns> activation::next() const {
  std::optional<mono_ns> at;
  const auto also = [&](mono_ns x) { at = at ? std::min(*at, x) : x; };
  switch (state_) {
  case state::standby:
    also(asked_at_ + to_ns(ask_every));
    if (const auto claims = may_claim_at())
      also(*claims);
    break;
  case state::claiming:
    for (const auto& [output, d] : doors_)
      if (d.is == look::claimed) {
        also(d.claimed_at + to_ns(claim_answered_within));
        if (d.claimed_at + to_ns(successor_retry) < expecting_until_)
          also(d.claimed_at + to_ns(successor_retry));
      }
    break;
  case state::confirming:
  case state::active:
    also(renewed_at_ + to_ns(how_.pace.renew));
    for (const auto& [output, d] : doors_)
      if (d.is == look::granted)
        also(d.answered + to_ns(how_.pace.stand_down()) + 1);
    if (how_.partial)
      also(asked_at_ + to_ns(ask_every));
    if (!successor_.empty())
      also(std::min(hand_over_until_, prepared_at_ + to_ns(prepare_again)));
    break;
  }
  return at;
}

} // namespace troupe::cluster
