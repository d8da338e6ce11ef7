#include "storage/late_counts.hpp"
#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

// The counters of the local store: COUNTER's pulses stay in RAM, go to the ring
// at check points and to the engine rarely (docs/operations/storage.md).

namespace troupe::storage {

namespace {

/// So many own boots stay told apart; older ones are summed. More would let
/// a peer's late news be joined exactly; less would save bytes per page.
constexpr std::size_t boots_kept = 2;

/// The boot up to which a disk's streams are summed when nobody else can hold more.
std::uint32_t old_boots(const counter_state& x, const stream_id& disk) {
  std::set<std::uint32_t> boots;
  if (const auto* d = x.find(disk))
    for (const auto& [of, n] : d->counts.items())
      boots.insert(of.boot);
  return boots.size() <= boots_kept ? 0 : *std::next(boots.rbegin(), boots_kept);
}

} // namespace

/// A counter that was counted elsewhere goes on from there.
local_store::live_counter& local_store::count_cell(const std::string& key) {
  const auto [at, fresh] = counters_.try_emplace(key);
  if (fresh)
    at->second.state = told_of(key);
  return at->second;
}

/// What the slots of all streams say together.
counter_state local_store::told_of(const std::string& key) const {
  counter_state out;
  if (const auto* slots = data_.find(slot_kind::ctr, key))
    for (const auto& [of, x] : *slots)
      (void)decode_counts(x.payload, out);
  if (const auto* slots = data_.find(slot_kind::ovr, key))
    for (const auto& [of, x] : *slots) {
      counter_state other;
      other.mark = decode_mark(x.payload);
      join(out, other);
    }
  return out;
}

/// Whether an earlier run of this node has counted here: what it left is this node's
/// to put in order, also if it counts no more.
bool local_store::counted_before(const std::string& key) const {
  const auto by_us = [&](slot_kind kind) {
    const auto* slots = data_.find(kind, key);
    return slots && std::any_of(slots->begin(), slots->end(), [&](const auto& x) { return x.first.node == node_; });
  };
  return by_us(slot_kind::ctr) || by_us(slot_kind::ovr);
}

void local_store::join_counter(const std::string& key) {
  if (!counters_.contains(key) && !counted_before(key))
    return;
  auto& x = count_cell(key);
  join(x.state, told_of(key));
  settle_young(x);
  settle_mark(key, x);
  if (x.restate || x.mark_changed) {
    x.engine_wants = true;
    push_at_ = std::min(push_at_, later(clocks_.mono(), options_.push_counters));
  }
}

void local_store::counted(const std::string& key, std::uint64_t in_this_stream) {
  if (key.empty() || key.size() > max_key_bytes)
    return; // names are checked where they are made; a slot could not hold this one
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    auto& x = count_cell(key);
    if (in_this_stream <= x.told)
      return; // only ever grows
    x.told = in_this_stream;
    auto& here = x.state.of(medium_);
    here.made = made_;
    here.counts.raise(state_stream_, x.told - x.offset);
    x.engine_wants = true;
    const auto now = clocks_.mono();
    if (ring_at_ == never && ring_)
      ring_at_ = next_page(now);
    if (counters_at_ == never)
      counters_at_ = later(now, ring_ ? options_.counters_to_engine_every
                                      : std::max(options_.checkpoint_every,
                                                 milliseconds{60'000}));
    if (push_at_ == never && news_)
      push_at_ = later(now, options_.push_counters);
    check_wake(then);
  }
  deliver(then);
}

bool local_store::settled() const {
  return settled_
         || clocks_.mono() - opened_at_ >= std::chrono::nanoseconds{options_.settle_for}.count();
}

/// What is set now must count against what others know, and what others set later.
status local_store::may_set(const std::string& key) {
  const auto left = opened_at_ + to_ns(options_.settle_for) - clocks_.mono();
  if (left <= 0)
    return {}; // nobody is there to tell
  const char* unknown = "";
  if (!settled_) // pulses that others know of would be added to what is set
    unknown = "what other members know of its counters";
  else if (time_.quality() == clock_quality::none) // a stamp from the bound may be later than what is set elsewhere afterwards
    unknown = "what time it is";
  else
    return {};
  return error{errc::busy, fmt::format("{}: this node has just started and does not know yet {}; try again in {} s at most", key, unknown,
                                       (left + 999'999'999) / 1'000'000'000)};
}

counter_view local_store::counter(const std::string& key) const {
  counter_view out;
  std::lock_guard lock{mutex_};
  out.settled = settled();
  const auto found = counters_.find(key);
  if (found == counters_.end()) { // another node counts it
    const auto state = told_of(key);
    out.total = state.total();
    out.raw = state.raw();
    return out;
  }
  const auto& x = found->second;
  out.total = x.state.total();
  out.raw = x.state.raw();
  out.this_stream = x.told;
  out.provisional = x.told - x.durable;
  return out;
}

status local_store::set_counter(const std::string& key, std::uint64_t total,
                                const std::string& request_id, on_durable done) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (auto ok = refuse(slot_kind::map, key, request_id.size()); !ok)
      return ok;
    if (auto ok = may_set(key); !ok)
      return ok;
    auto& x = count_cell(key);
    auto requests = x.state.mark ? x.state.mark->requests : std::vector<std::string>{};
    const bool again
      = std::find(requests.begin(), requests.end(), request_id) != requests.end();
    if (!again) {
      requests.push_back(request_id);
      if (requests.size() > override_mark::max_requests)
        requests.erase(requests.begin());
      override_mark mark;
      mark.set = total;
      mark.at = state_stream_;
      mark.disk = medium_;
      mark.disk_made = made_;
      mark.count = x.state.count(medium_, state_stream_);
      // Later than the one before, also if that one's writer had a clock ahead.
      mark.stamp = std::max(stamp(), hlc{x.state.mark ? x.state.mark->stamp.raw + 1 : 0});
      mark.before.raise(medium_, boot_);
      for (const auto& d : x.state.disks) {
        mark.before.raise(d.name, d.upto);
        for (const auto& [of, n] : d.counts.items())
          mark.before.raise(d.name, of.boot);
      }
      mark.requests = std::move(requests);
      x.state.mark = std::move(mark);
      x.engine_wants = true;
      tell_line(then);
      // The count that the mark stands on goes into the same batch.
      write_slot(slot_kind::ctr, key, encode_counts(x.state, {medium_, made_}), 0);
      write_slot(slot_kind::ovr, key, encode_mark(*x.state.mark), 0);
      x.staged = x.told;
      then.news = true;
      if (ring_)
        ring_at_ = clocks_.mono();
    }
    if (done)
      add_waiter(std::move(done), ack::usual);
    else
      ask_commit(clocks_.mono());
    check_wake(then);
  }
  deliver(then);
  return {};
}

void local_store::checkpoint_now() {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    if (ring_)
      ring_at_ = clocks_.mono();
    else
      counters_at_ = clocks_.mono();
    check_wake(then);
  }
  deliver(then);
}

/// Before what this stream says of a counter: who hears of that knows to which line it belongs.
void local_store::tell_line(aftermath& then) {
  if (!clustered_ || std::exchange(line_told_by_, state_stream_) == state_stream_)
    return; // alone there is nobody who knows of a lost time
  const auto key = std::string{line_prefix} + options_.node;
  write_slot(slot_kind::map, key, encode(lines()), 0);
  if (auto now = lookup(slot_kind::map, key))
    then.entries.emplace_back(std::move(*now), false);
}

void local_store::stage_counters(aftermath& then) {
  for (auto& [key, x] : counters_) {
    const bool counts = x.engine_wants && (x.staged != x.told || x.restate), marks = x.mark_changed && x.state.mark;
    if (counts || marks)
      tell_line(then);
    // The mark first: whoever has only half of it must not add up what the
    // other half has summed.
    if (marks)
      write_slot(slot_kind::ovr, key, encode_mark(*x.state.mark), 0);
    x.mark_changed = false;
    if (counts) {
      write_slot(slot_kind::ctr, key, encode_counts(x.state, {medium_, made_}), 0);
      x.staged = x.told;
      x.restate = false;
    }
  }
}

/// Sums what this disk's earlier streams have counted: closed, and the same at all members.
void local_store::fold_counters(const version_vector& agreed) {
  std::uint32_t upto = boot_ - 1;
  for (const auto& [of, seq] : data_.seen().items())
    if (of.node == node_ && of.boot < boot_ && agreed.at(of) < seq)
      upto = std::min(upto, of.boot - 1);
  bool any = false;
  for (auto& [key, x] : counters_) {
    const auto boot = std::min(upto, old_boots(x.state, medium_));
    const auto before = x.state;
    if (boot > 0)
      fold(x.state, medium_, boot);
    if (x.state == before)
      continue;
    std::erase_if(x.young, [&](const auto& y) { return x.state.summed(medium_, y.first); }); // now it is in the sum
    x.engine_wants = x.restate = any = true;
    x.mark_changed = x.mark_changed || x.state.mark != before.mark;
  }
  if (!any)
    return;
  const auto now = clocks_.mono();
  push_at_ = std::min(push_at_, later(now, options_.push_counters));
  if (counters_at_ == never)
    counters_at_ = later(now, options_.counters_to_engine_every);
}

/// The state stream is a new one, with a higher boot than any that peers know.
void local_store::move_counters(const stream_id& from) {
  for (auto& [key, x] : counters_) {
    if (const auto n = x.told - x.offset; n > 0)
      x.young[from] = n;
    x.offset = x.told;
    settle_young(x);
    x.engine_wants = x.restate = true;
  }
}

/// In an older copy of a disk boots say the wrong thing about what came first: those
/// that peers remember of the lost time are as high. What this run has counted counts,
/// also under a boot that a mark of that time excludes, or that was summed then.
void local_store::settle_young(live_counter& x) {
  if (auto& mark = x.state.mark)
    for (const auto& [of, pulses] : x.young)
      if (!x.state.after_mark(medium_, of) && (!ours_.contains(mark->at) || of.boot > mark->at.boot)) {
        mark->add_also(of);
        x.mark_changed = true;
      }
  // The stream of the mark first: what others had counted before it stays behind it.
  if (x.state.mark)
    settle_summed(x, x.young.find(x.state.mark->at));
  for (auto i = x.young.begin(); i != x.young.end();)
    i = settle_summed(x, i);
}

/// What somebody's sum has swallowed by its boot counts again. @returns the next one
local_store::young_counts::iterator local_store::settle_summed(live_counter& x, young_counts::iterator at) {
  if (at == x.young.end())
    return at;
  if (!x.state.summed(medium_, at->first))
    return std::next(at);
  count_again(x, at->first, at->second);
  return x.young.erase(at);
}

/// In the present stream, or where they stay behind the mark as they were.
void local_store::count_again(live_counter& x, const stream_id& of, std::uint64_t pulses) {
  x.restate = true;
  x.state.of(medium_).counts.forget(of); // what it counted when the sum was here already
  auto& mark = x.state.mark;
  if (mark && mark->at != of && mark->disk == medium_ && !x.state.after_mark(medium_, of)
      && !x.state.summed(medium_, mark->at)) {
    auto& counts = x.state.of(medium_).counts;
    counts.raise(mark->at, counts.at(mark->at) + pulses);
    mark->count += pulses;
    x.mark_changed = true;
    if (mark->at == state_stream_)
      x.offset -= pulses;
    return;
  }
  x.offset -= pulses;
  x.state.of(medium_).counts.raise(state_stream_, x.told - x.offset);
  if (mark && mark->at == of) {
    mark->at = state_stream_;
    x.mark_changed = true;
  }
}

/// What this node knows of its lines.
lineage local_store::lines() const {
  lineage out;
  if (const auto* slots = data_.find(slot_kind::map, std::string{line_prefix} + options_.node))
    for (const auto& [of, slot] : *slots)
      if (const auto told = decode_lineage(slot.payload, node_))
        out.join(*told);
  out.add(line_);
  return out;
}

/// What comes late, or was learned by a process that a crash took with all it had learned.
void local_store::settle_mark(const std::string& key, live_counter& x) {
  const auto* slots = data_.find(slot_kind::ctr, key);
  if (!x.state.mark || !slots)
    return;
  const auto before = *x.state.mark;
  place_late_counts(x.state, *slots, lines(), {{medium_, made_}, state_stream_, ours_, found_});
  x.mark_changed = x.mark_changed || *x.state.mark != before;
}

ring_checkpoint local_store::ring_content() const {
  ring_checkpoint out;
  out.stream = state_stream_;
  out.durable_seq = data_.durable().at(state_stream_);
  for (const auto& [key, x] : counters_)
    out.counters.emplace(key, x.state);
  return out;
}

/// At the open: what the slots of all streams and the ring say of the counters
/// of this node.
void local_store::adopt_counters(const ring_reading& ring) {
  if (const auto* table = data_.all(slot_kind::ctr))
    for (const auto& [key, cell] : *table)
      if (std::any_of(cell.slots.begin(), cell.slots.end(),
                      [&](const auto& x) { return x.first.node == node_; }))
        count_cell(key);
  std::map<std::string, counter_state> before;
  for (const auto& [key, x] : counters_)
    before.emplace(key, x.state);
  if (ring.newest)
    for (const auto& [key, x] : ring.newest->counters) {
      auto state = x;
      auto& into = count_cell(key);
      before.try_emplace(key, into.state);
      if (state.mark && into.state.mark) // the ring does not keep request ids
        state.mark->requests = into.state.mark->requests;
      join(into.state, state);
    }
  for (auto& [key, x] : counters_) {
    if (!clustered_)
      if (const auto boot = old_boots(x.state, medium_); boot > 0)
        fold(x.state, medium_, boot);
    settle_mark(key, x); // a crash may have taken what was learned
    x.restate = x.state != before[key];
    x.mark_changed = x.state.mark != before[key].mark;
    x.engine_wants = x.restate;
    if (x.restate)
      push_at_ = clocks_.mono();
  }
}

} // namespace troupe::storage
