#include "cluster/replication/replicator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::cluster {

using storage::stream_id;
using storage::version_vector;

namespace {

/// A hello is asked for by many frames and sent once in so long.
constexpr mono_ns hello_pause = 200'000'000;

/// What grew since it was told.
version_vector growth(version_vector& told, const version_vector& now) {
  version_vector out;
  for (const auto& [of, seq] : now.items())
    if (told.raise(of, seq))
      out.raise(of, seq);
  return out;
}

/// Of a keyed slot or an item of a whole state: bytes in RAM, roughly.
template <class Slot>
std::size_t weight(const Slot& x) {
  return sizeof x + x.key.size() + x.content.payload.size() + 24 * x.content.ctx.items().size();
}

/// Operations of `to` that are above `from`.
std::uint64_t operations(const version_vector& from, const version_vector& to) {
  std::uint64_t out = 0;
  for (const auto& [of, seq] : to.items())
    out += seq - std::min(seq, from.at(of));
  return out;
}

} // namespace

replicator::replicator(storage::replica_port& data, options how) : data_(data), how_(std::move(how)) {}

// --- links -----------------------------------------------------------------

void replicator::linked(const std::string& name, mono_ns now, frames& out) {
  if (started_ == 0)
    started_ = now;
  auto& p = peers_[name];
  p.name = name;
  p.linked = true;
  p.compatible = true;
  p.trouble.clear();
  p.session.reset(); // its hello says who speaks now
  p.current.reset();
  p.all.reset();
  p.pieces_sent = p.pieces_taken = p.piece_got = p.told_piece = 0;
  p.sent_at.clear();
  p.piece_bytes = how_.largest_piece;
  p.differs_since = 0;
  forget_staged(p);
  send_hello(p, data_.summarize(), now, out);
}

void replicator::unlinked(const std::string& name) {
  const auto found = peers_.find(name);
  if (found == peers_.end())
    return;
  auto& p = found->second;
  p.linked = false;
  p.current.reset();
  p.all.reset();
  forget_staged(p);
  data_.unreachable(name);
}

void replicator::forget_staged(peer& of) {
  of.runs.clear();
  of.whole.reset();
  of.staged_bytes = 0;
}

// --- what comes ------------------------------------------------------------

void replicator::receive(const std::string& from, std::string_view bytes, mono_ns now, frames& out) {
  const auto found = peers_.find(from);
  if (found == peers_.end() || !found->second.linked)
    return; // of a link that has ended
  auto& p = found->second;
  p.received_bytes += bytes.size();
  auto x = frame::decode(bytes);
  if (!x) {
    if (x.why().code != errc::unsupported) // a later version may say more than we know
      p.trouble = "says what makes no sense: " + x.why().context;
    return;
  }
  const auto mine = data_.summarize();
  const auto before = std::exchange(p.heard_at, now);
  if (const auto* greeting = std::get_if<frame::hello>(&*x)) {
    if (!p.session) // the first of this link
      begin_catch_up(greeting->seen, mine, before == 0 ? 0 : now - before, now);
    return on(p, *greeting, mine, now, out);
  }
  if (!p.compatible)
    return;
  const auto session = std::visit([](const auto& content) { return content.session; }, *x);
  if (p.session != session) { // its hello is late, or this frame is of an earlier life
    p.hello_due = p.answer_due = true;
    return;
  }
  std::visit(
    [&](auto& content) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(content)>, frame::hello>)
        on(p, content, mine, now, out);
    },
    *x);
}

void replicator::on(peer& from, const frame::hello& x, const state& mine, mono_ns now, frames& out) {
  from.compatible = false;
  if (x.house != how_.house) {
    from.trouble = fmt::format("belongs to another house ({}, this one is {})", x.house, how_.house);
    return;
  }
  if (x.oldest > frame::newest_protocol || x.newest < frame::oldest_protocol) {
    from.trouble = fmt::format("speaks replication {} to {}, this node {} to {}: upgrade the older one", x.oldest,
                               x.newest, frame::oldest_protocol, frame::newest_protocol);
    return;
  }
  from.compatible = true;
  from.trouble.clear();
  if (from.session != x.session) {
    forget_staged(from);
    from.session = x.session;
    from.all.reset();
    // A new life of the peer knows nothing of what we said before.
    from.told_seen = from.told_durable = from.told_journals = {};
  }
  from.archive = x.archive;
  // Also less than before: a crash or an old backup.
  from.seen = x.seen;
  from.durable = x.durable;
  from.journals = x.journals;
  from.differs_since = 0;
  data_.acknowledged(from.name, from.durable);
  resend(from, mine);
  if (from.all && from.all->id != x.whole_run && now - from.all->since > to_ns(how_.differs_for))
    from.all.reset(); // it has dropped what it had of it
  if (from.current) {
    const auto at = std::find_if(x.runs.begin(), x.runs.end(),
                                 [&](const auto& r) { return r.run == from.current->id; });
    if (at == x.runs.end())
      from.current.reset();
    else
      from.current->at = at->upto;
  }
  compare_counters(from, mine);
  if (x.answer)
    send_hello(from, mine, now, out);
  send_pieces(from, mine, now, out);
}

/// What it does not have goes there again, from what it said that it has.
void replicator::resend(peer& to, const state& mine) {
  to.sent = to.seen;
  to.sent.join(to.journals);
  // R9: what it misses may be gone here. Then nothing but everything helps.
  to.needs_all = !to.seen.covers(mine.collected);
}

void replicator::on(peer& from, frame::range& x, const state& mine, mono_ns now, frames& out) {
  from.piece_got = std::max(from.piece_got, x.number);
  auto& r = x.range_;
  const bool journal = r.stream.is_journal();
  const auto held = (journal ? mine.journals : mine.seen).at(r.stream);
  auto staged = from.runs.find(r.stream);
  const bool goes_on = staged != from.runs.end() && staged->second.run == x.run
                       && staged->second.so_far.upto == r.after;
  if (!goes_on && r.after > held) { // R1: something before it is missing
    from.hello_due = true;
    return send_taken(from, mine, out);
  }
  if (!r.last && !journal) {
    // R4: pieces are kept aside until the run is complete; only then do they
    // count, all at once.
    if (!goes_on) {
      if (staged != from.runs.end() && staged->second.run > x.run)
        return send_taken(from, mine, out); // of a run that was given up
      if (staged == from.runs.end())
        staged = from.runs.try_emplace(r.stream).first;
      else
        for (const auto& s : staged->second.so_far.slots)
          from.staged_bytes -= weight(s);
      staged->second = {x.run, {r.stream, r.after, r.after, false, {}}};
    }
    auto& so_far = staged->second.so_far;
    so_far.upto = r.upto;
    for (auto& s : r.slots) {
      from.staged_bytes += weight(s);
      so_far.slots.push_back(std::move(s));
    }
    if (from.staged_bytes > how_.most_staged) {
      from.trouble = fmt::format("sends more than {} MiB in one run", how_.most_staged >> 20);
      forget_staged(from);
    }
    return send_taken(from, mine, out);
  }
  if (goes_on) {
    auto whole = std::move(staged->second.so_far);
    for (const auto& s : whole.slots)
      from.staged_bytes -= weight(s);
    from.runs.erase(staged);
    whole.upto = r.upto;
    whole.slots.insert(whole.slots.end(), std::make_move_iterator(r.slots.begin()),
                       std::make_move_iterator(r.slots.end()));
    r = std::move(whole);
  }
  r.last = true;
  if (!data_.take(std::move(r)))
    from.hello_due = true;
  const auto after = data_.summarize();
  compare_counters(from, after);
  look_at_catch_up(after);
  send_taken(from, after, out);
  to_all(after, now, out); // who has it only from us hears of it now
}

void replicator::on(peer& from, frame::whole& x, const state& mine, mono_ns now, frames& out) {
  from.piece_got = std::max(from.piece_got, x.number);
  if (x.to != mine.session)
    return send_taken(from, mine, out); // for an earlier life of this node
  if (x.piece == 0) {
    if (from.whole)
      for (const auto& s : from.whole->so_far.items)
        from.staged_bytes -= weight(s);
    from.whole = staged_whole{x.run, 0, {}};
  }
  if (!from.whole || from.whole->run != x.run || from.whole->pieces != x.piece) {
    from.hello_due = true;
    return send_taken(from, mine, out);
  }
  auto& staged = *from.whole;
  ++staged.pieces;
  for (auto& s : x.part.items) {
    from.staged_bytes += weight(s);
    staged.so_far.items.push_back(std::move(s));
  }
  if (from.staged_bytes > how_.most_staged) {
    from.trouble = fmt::format("sends a state of more than {} MiB", how_.most_staged >> 20);
    forget_staged(from);
    return send_taken(from, mine, out);
  }
  if (!x.last)
    return send_taken(from, mine, out);
  auto all = std::move(staged.so_far);
  all.seen = std::move(x.part.seen);
  all.collected = std::move(x.part.collected);
  for (const auto& s : all.items)
    from.staged_bytes -= weight(s);
  from.whole.reset();
  data_.take(std::move(all));
  const auto after = data_.summarize();
  compare_counters(from, after);
  look_at_catch_up(after);
  send_taken(from, after, out);
  to_all(after, now, out);
}

void replicator::on(peer& from, const frame::taken& x, const state& mine, mono_ns now, frames& out) {
  while (from.pieces_taken < std::min(x.number, from.pieces_sent)) {
    ++from.pieces_taken;
    from.moved_at = now;
    if (from.sent_at.empty())
      continue;
    const auto took = now - from.sent_at.front();
    from.sent_at.pop_front();
    // One piece is what a command to that peer may have to wait behind.
    if (took > to_ns(how_.piece_takes))
      from.piece_bytes = std::max(how_.smallest_piece, from.piece_bytes / 2);
    else if (took < to_ns(how_.piece_takes) / 3)
      from.piece_bytes = std::min(how_.largest_piece, from.piece_bytes * 2);
  }
  from.seen.join(x.seen);
  from.journals.join(x.journals);
  from.sent.join(x.seen);
  from.sent.join(x.journals);
  if (from.durable.join(x.durable))
    data_.acknowledged(from.name, from.durable);
  send_pieces(from, mine, now, out);
}

void replicator::on(peer& from, const frame::pulse& x, const state&, mono_ns now, frames&) {
  data_.heard_clock(from.name, from.clock = x.clock);
  if (x.seen_hash == frame::hash(from.seen) && x.durable_hash == frame::hash(from.durable)
      && x.journals_hash == frame::hash(from.journals)) {
    from.differs_since = 0;
    return;
  }
  if (from.differs_since == 0)
    from.differs_since = now;
  else if (now - from.differs_since >= to_ns(how_.differs_for)) {
    from.differs_since = now;
    from.hello_due = from.answer_due = true; // what it said was lost
  }
}

// --- digests ---------------------------------------------------------------

void replicator::on(peer& from, const frame::digests& x, const state& mine, mono_ns now, frames& out) {
  const auto seen = frame::hash(mine.seen);
  if (x.seen_hash != seen)
    return; // not the same has arrived: nothing to compare
  from.compared_at = now;
  from.differing = 0;
  for (std::size_t i = 0; i < storage::digest::buckets; ++i)
    if (x.sums.sums[i] != mine.sums.sums[i] && ++from.differing > 0)
      send(from, frame::rows{mine.session, seen, static_cast<std::uint8_t>(i), true, data_.digest_rows(i)}, out);
}

void replicator::on(peer& from, const frame::rows& x, const state& mine, mono_ns, frames& out) {
  const auto seen = frame::hash(mine.seen);
  if (x.seen_hash != seen)
    return;
  auto here = data_.digest_rows(x.bucket);
  const auto key = [](const storage::digest_row& r) { return std::tie(r.kind, r.key, r.hash); };
  std::set<std::tuple<storage::slot_kind, std::string, std::uint64_t>> theirs;
  for (const auto& r : x.all)
    theirs.emplace(r.kind, r.key, r.hash);
  std::vector<storage::digest_row> differ;
  for (const auto& r : here)
    if (!theirs.contains(key(r)))
      differ.push_back(r);
  if (x.answer)
    send(from, frame::rows{mine.session, seen, x.bucket, false, std::move(here)}, out);
  send_repair(from, mine, data_.slots_of(differ), out);
}

void replicator::send_repair(peer& to, const state& mine, std::vector<storage::whole_state::item> slots, frames& out) {
  frame::repair piece{mine.session, {}};
  std::size_t bytes = 0;
  for (auto& x : slots) {
    bytes += weight(x);
    piece.slots.push_back(std::move(x));
    if (bytes < how_.largest_piece)
      continue;
    send(to, piece, out);
    piece.slots.clear();
    bytes = 0;
  }
  if (!piece.slots.empty())
    send(to, piece, out);
}

void replicator::on(peer& from, frame::repair& x, const state&, mono_ns now, frames& out) {
  from.repaired += data_.repair(std::move(x.slots));
  to_all(data_.summarize(), now, out);
}

// --- what goes -------------------------------------------------------------

void replicator::send(peer& to, const frame::any& x, frames& out) {
  auto bytes = frame::encode(x);
  to.sent_bytes += bytes.size();
  out.push_back({to.name, std::move(bytes)});
}

void replicator::send_hello(peer& to, const state& mine, mono_ns now, frames& out) {
  frame::hello x;
  x.session = mine.session;
  x.house = how_.house;
  x.archive = how_.archive;
  x.answer = to.answer_due;
  x.seen = mine.seen;
  x.durable = mine.durable;
  x.journals = mine.journals;
  for (const auto& [stream, staged] : to.runs)
    x.runs.push_back({stream, staged.run, staged.so_far.upto});
  x.whole_run = to.whole ? to.whole->run : 0;
  to.told_seen = mine.seen;
  to.told_durable = mine.durable;
  to.told_journals = mine.journals;
  to.hello_due = to.answer_due = false;
  to.hello_at = now;
  session_ = mine.session;
  send(to, x, out);
}

void replicator::send_taken(peer& to, const state& mine, frames& out) {
  frame::taken x;
  x.session = mine.session;
  x.number = to.piece_got;
  x.seen = growth(to.told_seen, mine.seen);
  x.durable = growth(to.told_durable, mine.durable);
  x.journals = growth(to.told_journals, mine.journals);
  if (x.seen.empty() && x.durable.empty() && x.journals.empty() && to.told_piece == to.piece_got)
    return;
  to.told_piece = to.piece_got;
  send(to, x, out);
}

/// Journals go to archives, and back to the node that wrote them.
bool replicator::wants_journal(const peer& who, const stream_id& of) {
  return who.archive || (who.session && who.session->node == of.node);
}

/// As it has said itself.
bool replicator::has_all(const peer& who, const state& mine) {
  return who.seen.covers(mine.seen)
         && std::all_of(mine.journals.items().begin(), mine.journals.items().end(), [&](const auto& x) {
              return who.journals.at(x.first) >= x.second || !wants_journal(who, x.first);
            });
}

std::optional<stream_id> replicator::next_stream(const peer& to, const state& mine) const {
  // What this node writes now is what others wait for; then what may be old.
  if (mine.seen.at(mine.session) > to.sent.at(mine.session))
    return mine.session;
  for (const auto& [of, head] : mine.seen.items())
    if (head > to.sent.at(of))
      return of;
  for (const auto& [of, head] : mine.journals.items())
    if (head > to.sent.at(of) && wants_journal(to, of))
      return of;
  return {};
}

void replicator::begin_all(peer& to, mono_ns now) {
  auto state = data_.whole(to.seen);
  const auto session = data_.summarize().session;
  whole_run all;
  all.id = ++runs_;
  all.since = now;
  all.seen = state.seen;
  frame::whole piece;
  piece.session = session;
  piece.to = *to.session;
  piece.run = all.id;
  std::size_t bytes = 0;
  for (auto& x : state.items) {
    bytes += weight(x) - sizeof x + 24;
    piece.part.items.push_back(std::move(x));
    if (bytes < how_.largest_piece)
      continue;
    all.pieces.push_back(piece);
    piece.part.items.clear();
    ++piece.piece;
    bytes = 0;
  }
  piece.last = true;
  piece.part.seen = std::move(state.seen);
  piece.part.collected = std::move(state.collected);
  all.pieces.push_back(std::move(piece));
  to.all = std::move(all);
  to.needs_all = false;
  to.current.reset();
  ++to.wholes_sent;
}

std::uint64_t replicator::count_piece(peer& to, mono_ns now) {
  to.moved_at = now;
  to.sent_at.push_back(now);
  return ++to.pieces_sent;
}

bool replicator::send_piece_of_all(peer& to, const state&, mono_ns now, frames& out) {
  if (!to.all) {
    const auto busy = std::count_if(peers_.begin(), peers_.end(), [](const auto& x) { return x.second.all.has_value(); });
    if (busy >= how_.wholes_at_once)
      return false;
    begin_all(to, now);
  }
  auto piece = std::move(to.all->pieces.front());
  to.all->pieces.pop_front();
  piece.number = count_piece(to, now);
  send(to, piece, out);
  if (to.all->pieces.empty()) {
    to.sent.join(to.all->seen);
    to.all.reset();
  }
  return true;
}

bool replicator::send_piece_of_run(peer& to, const state& mine, mono_ns now, frames& out) {
  stream_id stream;
  std::uint64_t after = 0;
  std::uint64_t id = 0;
  if (to.current) {
    stream = to.current->stream;
    after = to.current->at;
    id = to.current->id;
  } else {
    const auto next = next_stream(to, mine);
    if (!next)
      return false;
    stream = *next;
    after = to.sent.at(stream);
    id = ++runs_;
  }
  // R9, also for live pushes: what follows `after` may be gone here.
  if (!stream.is_journal() && after < mine.collected.at(stream)) {
    to.needs_all = true;
    to.current.reset();
    return send_piece_of_all(to, mine, now, out);
  }
  frame::range x;
  x.session = mine.session;
  x.run = id;
  x.range_ = data_.range(stream, after, to.piece_bytes);
  if (x.range_.last || stream.is_journal()) {
    to.current.reset();
    to.sent.raise(stream, x.range_.upto);
  } else {
    to.current = run{id, stream, x.range_.upto};
  }
  x.number = count_piece(to, now);
  send(to, x, out);
  return true;
}

void replicator::send_pieces(peer& to, const state& mine, mono_ns now, frames& out) {
  if (!to.talks())
    return;
  while (to.under_way() < how_.window)
    if (!(to.all || to.needs_all ? send_piece_of_all(to, mine, now, out)
                                 : send_piece_of_run(to, mine, now, out)))
      break;
  const bool behind = to.under_way() > 0 || to.all || to.needs_all || !has_all(to, mine);
  if (!behind)
    to.behind_since = 0;
  else if (to.behind_since == 0)
    to.behind_since = now;
}

void replicator::to_all(const state& mine, mono_ns now, frames& out) {
  for (auto& [name, p] : peers_) {
    if (!p.talks())
      continue;
    // What was just written goes first: what this node has can be told after it.
    send_pieces(p, mine, now, out);
    send_taken(p, mine, out);
  }
}

void replicator::news(mono_ns now, frames& out) {
  const auto mine = data_.summarize();
  if (mine.session != session_ && !session_.empty()) {
    // Its boot was too low: as after a restart.
    for (auto& [name, p] : peers_)
      if (p.linked) {
        p.current.reset();
        p.all.reset();
        forget_staged(p);
        p.answer_due = true;
        send_hello(p, mine, now, out);
      }
    session_ = mine.session;
  }
  to_all(mine, now, out);
}

// --- coming back -------------------------------------------------------------

/// A peer that this node has just met has more than it.
void replicator::begin_catch_up(const version_vector& of, const state& mine, mono_ns away, mono_ns now) {
  if (mine.seen.covers(of))
    return;
  if (catch_up_.to.empty())
    catch_up_ = {mine.seen, {}, now, away};
  else // whoever was heard of last tells how long it was away
    catch_up_.away = std::min(catch_up_.away, away);
  catch_up_.to.join(of);
}

void replicator::look_at_catch_up(const state& mine) {
  if (catch_up_.to.empty() || !mine.seen.covers(catch_up_.to))
    return;
  const auto all = operations(catch_up_.from, catch_up_.to);
  if (all >= how_.told_operations || catch_up_.away >= to_ns(how_.told_away))
    caught_up_ = catch_up{all, all, catch_up_.since, catch_up_.away};
  catch_up_ = {};
}

std::optional<replicator::catch_up> replicator::catching_up() const {
  if (catch_up_.to.empty())
    return {};
  auto have = data_.summarize().seen;
  for (const auto& [name, p] : peers_)
    for (const auto& [of, r] : p.runs) // kept aside, and as good as here
      have.raise(of, r.so_far.upto);
  const auto all = operations(catch_up_.from, catch_up_.to);
  return catch_up{all, all - std::min(all, operations(have, catch_up_.to)), catch_up_.since, catch_up_.away};
}

// --- time ------------------------------------------------------------------

void replicator::tick(mono_ns now, frames& out) {
  if (started_ == 0)
    started_ = now;
  const auto mine = data_.summarize();
  for (auto& [name, p] : peers_) {
    if (!p.linked) {
      // Known from what it said last; what is written from now on it lacks.
      if (p.behind_since == 0 && p.heard_at != 0 && !has_all(p, mine))
        p.behind_since = now;
      continue;
    }
    if (p.under_way() > 0 && now - p.moved_at >= to_ns(how_.lost_after)) {
      // Whatever was under way is lost, or its confirmation is.
      p.pieces_taken = p.pieces_sent;
      p.sent_at.clear();
      p.current.reset();
      p.all.reset();
      p.hello_due = p.answer_due = true;
      resend(p, mine);
    }
    const bool waits = !p.session && p.compatible;
    if (now - p.hello_at >= to_ns(how_.hello_every) || ((p.hello_due || waits) && now - p.hello_at >= hello_pause))
      send_hello(p, mine, now, out);
    if (!p.talks())
      continue;
    send_taken(p, mine, out);
    if (now - p.pulse_at >= to_ns(how_.pulse_every)) {
      p.pulse_at = now;
      send(p, frame::pulse{mine.session, frame::hash(mine.seen), frame::hash(mine.durable), frame::hash(mine.journals), mine.clock}, out);
    }
    send_pieces(p, mine, now, out);
    if (p.under_way() == 0 && p.behind_since != 0 && now - p.behind_since >= to_ns(how_.lost_after)
        && !next_stream(p, mine) && !p.needs_all) {
      p.behind_since = now; // it was sent all, and has not got it
      resend(p, mine);
    }
  }
  if (now - collected_at_ >= to_ns(how_.collect_every)) {
    collected_at_ = now;
    collect(mine, now);
  }
  if (now - compared_at_ >= to_ns(how_.compare_every))
    compare(now, out);
}

void replicator::compare(mono_ns now, frames& out) {
  compared_at_ = now;
  const auto mine = data_.summarize();
  // With the next one in order of names.
  auto at = peers_.upper_bound(compared_with_);
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (at == peers_.end())
      at = peers_.begin();
    auto& p = (at++)->second;
    if (!p.talks())
      continue;
    compared_with_ = p.name;
    send(p, frame::digests{mine.session, frame::hash(mine.seen), mine.sums}, out);
    return;
  }
}

void replicator::collect(const state& mine, mono_ns now) {
  std::optional<version_vector> stable;
  std::optional<version_vector> agreed;
  bool apart = false;
  const auto narrow = [](std::optional<version_vector>& to, const version_vector& by) {
    if (to)
      to->limit(by);
    else
      to = by;
  };
  for (const auto& name : data_.members()) {
    if (name == how_.self)
      continue;
    const auto found = peers_.find(name);
    const auto* p = found == peers_.end() ? nullptr : &found->second;
    const auto heard = p && p->heard_at != 0 ? p->heard_at : started_;
    const bool away = !(p && p->linked) && now - heard >= to_ns(how_.forget_after);
    // Who is away so long is sent everything when it comes back (R9).
    if (!away)
      narrow(stable, p ? p->durable : version_vector{});
    if (p && p->talks())
      narrow(agreed, p->seen);
    else
      apart = true;
  }
  // None that is linked may hold more, also if its word that it is a member has not come yet.
  for (const auto& [name, p] : peers_)
    apart = apart || (p.linked && !(p.talks() && knows_own(p, mine)));
  // Who knows of no other member has nobody to agree with: on a new disk, or
  // after a damaged database, there may be some.
  if (apart)
    agreed.reset();
  data_.collect(stable.value_or(mine.durable), agreed);
}

/// Nobody but members can know more of this node's earlier streams.
void replicator::compare_counters(const peer& with, const state& mine) {
  if (knows_own(with, mine))
    data_.compared_with_a_peer();
}

bool replicator::knows_own(const peer& than, const state& mine) {
  return std::none_of(than.seen.items().begin(), than.seen.items().end(), [&](const auto& x) {
    return x.first.node == mine.session.node && mine.seen.at(x.first) < x.second;
  });
}

std::vector<replicator::peer_view> replicator::peers() const {
  const auto mine = data_.summarize();
  std::vector<peer_view> out;
  for (const auto& [name, p] : peers_) {
    peer_view x;
    x.name = name;
    x.linked = p.linked;
    x.compatible = p.compatible;
    x.trouble = p.trouble;
    x.session = p.session ? to_string(*p.session) : "";
    x.seen = p.seen;
    x.durable = p.durable;
    x.equal = p.talks() && has_all(p, mine) && mine.seen.covers(p.seen);
    x.sending_all = p.all.has_value() || p.needs_all;
    x.receiving_all = p.whole.has_value();
    x.staged = p.staged_bytes;
    x.under_way = p.under_way();
    x.heard_at = p.heard_at;
    x.behind_since = p.behind_since;
    x.sent_bytes = p.sent_bytes;
    x.received_bytes = p.received_bytes;
    x.wholes_sent = p.wholes_sent;
    x.repaired = p.repaired;
    x.lacks = operations(mine.seen, p.seen);
    x.differing = p.differing;
    x.compared_at = p.compared_at;
    x.clock = p.linked ? p.clock.quality : storage::clock_quality::none;
    out.push_back(std::move(x));
  }
  return out;
}

} // namespace troupe::cluster
