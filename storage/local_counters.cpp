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

/// The boot up to which a counter is summed when nobody else can hold more.
std::uint32_t old_boots(const counter_state& x, std::uint64_t node) {
  std::set<std::uint32_t> boots;
  for (const auto& [of, n] : x.counts.items())
    if (of.node == node)
      boots.insert(of.boot);
  return boots.size() <= boots_kept ? 0 : *std::next(boots.rbegin(), boots_kept);
}

/// It comes on top of the mark, whatever its boot says.
void count_too(override_mark& x, const stream_id& of) {
  const auto at = std::lower_bound(x.also.begin(), x.also.end(), of);
  if (at == x.also.end() || *at != of)
    x.also.insert(at, of);
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

void local_store::join_counter(const std::string& key) {
  const auto found = counters_.find(key);
  if (found == counters_.end())
    return;
  auto& x = found->second;
  join(x.state, told_of(key));
  if (!x.young.empty() || ours_.size() > 2) // more than this open's pair
    settle_young(key, x);
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
    x.state.counts.raise(state_stream_, x.told - x.offset);
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
    if (!settled()) // pulses that others know of would be added to what is set
      return error{errc::busy, fmt::format("{}: this node has just started and does not know yet what other members "
                                           "know of its counters; try again in {} s", key,
                                           std::chrono::ceil<std::chrono::seconds>(options_.settle_for).count())};
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
      mark.medium = medium_;
      mark.count = x.state.counts.at(state_stream_);
      // Later than the one before, also if that one's writer had a clock ahead.
      mark.stamp = std::max(stamp(), hlc{x.state.mark ? x.state.mark->stamp.raw + 1 : 0});
      mark.before.raise(node_, boot_);
      for (const auto& [of, n] : x.state.counts.items())
        mark.before.raise(of.node, of.boot);
      mark.requests = std::move(requests);
      x.state.mark = std::move(mark);
      x.engine_wants = true;
      // The count that the mark stands on goes into the same batch.
      write_slot(slot_kind::ctr, key, encode_counts(x.state, medium_), 0);
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

void local_store::stage_counters() {
  for (auto& [key, x] : counters_) {
    // The mark first: whoever has only half of it must not add up what the
    // other half has summed.
    if (x.mark_changed && x.state.mark)
      write_slot(slot_kind::ovr, key, encode_mark(*x.state.mark), 0);
    x.mark_changed = false;
    if (x.engine_wants && (x.staged != x.told || x.restate)) {
      write_slot(slot_kind::ctr, key, encode_counts(x.state, medium_), 0);
      x.staged = x.told;
      x.restate = false;
    }
  }
}

/// Sums what is closed and the same at all members.
void local_store::fold_counters(const version_vector& agreed) {
  std::uint32_t upto = boot_ - 1;
  for (const auto& [of, seq] : data_.seen().items())
    if (of.node == node_ && of.boot < boot_ && agreed.at(of) < seq)
      upto = std::min(upto, of.boot - 1);
  bool any = false;
  for (auto& [key, x] : counters_) {
    const auto boot = std::min(upto, old_boots(x.state, node_));
    const auto before = x.state;
    if (boot > 0)
      fold(x.state, node_, boot);
    if (x.state == before)
      continue;
    std::erase_if(x.young, [&](const auto& y) { return x.state.summed(y.first); }); // now it is in the sum
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
      x.young[from] = {n, true};
    x.offset = x.told;
    settle_young(key, x);
    x.engine_wants = x.restate = true;
  }
}

/// After a wipe the boots of this node began anew, so boots say the wrong thing
/// about what came first. Whenever more is learned of this counter: pulses of
/// young streams that are excluded only because of their boot still count, and a
/// mark that was set under one excludes all earlier lives.
void local_store::settle_young(const std::string& key, live_counter& x) {
  if (auto& mark = x.state.mark) {
    const auto before = *mark;
    if (ours_.contains(mark->at)) // nobody else counts while this process runs
      for (const auto& [of, seq] : data_.seen().items())
        if (of.node == node_ && !ours_.contains(of) && at_open_.at(of) == 0)
          mark->before.raise(node_, of.boot);
    for (const auto& [of, counted] : x.young) {
      const bool in_order = counted.in_this_run ? ours_.contains(mark->at) : mark->medium == medium_;
      if (!x.state.after_mark(of) && (!in_order || of.boot > mark->at.boot))
        count_too(*mark, of);
    }
    x.mark_changed = x.mark_changed || *mark != before;
  }
  for (auto i = x.young.begin(); i != x.young.end();) {
    const auto& [of, counted] = *i;
    if (!x.state.summed(of)) {
      ++i;
      continue;
    }
    // An older copy of this disk may meet a sum that was made after it.
    if (counted.in_this_run || !this_disk_summed(key, of))
      count_again(x, of, counted.pulses);
    i = x.young.erase(i);
  }
}

/// In the present stream, or where they stay behind the mark as they were.
void local_store::count_again(live_counter& x, const stream_id& of, std::uint64_t pulses) {
  x.restate = true;
  auto& mark = x.state.mark;
  const bool left_out = mark && mark->before.covers(of) && !std::binary_search(mark->also.begin(), mark->also.end(), of);
  if (left_out && mark->at != of && mark->at.node == node_ && !x.state.summed(mark->at)) {
    x.state.counts.raise(mark->at, x.state.counts.at(mark->at) + pulses);
    mark->count += pulses;
    x.mark_changed = true;
    if (mark->at == state_stream_)
      x.offset -= pulses;
    return;
  }
  x.offset -= pulses;
  x.state.counts.raise(state_stream_, x.told - x.offset);
  if (mark && mark->at == of) {
    mark->at = state_stream_;
    x.mark_changed = true;
  }
}

bool local_store::this_disk_summed(const std::string& key, const stream_id& of) const {
  const auto* slots = data_.find(slot_kind::ctr, key);
  return slots && std::any_of(slots->begin(), slots->end(), [&](const auto& x) {
           counter_state told;
           stream_id medium;
           return x.first.node == node_ && decode_counts(x.second.payload, told, &medium) && medium == medium_
                  && told.summed(of);
         });
}

/// Boots order the streams of one disk only. What another disk of this node had
/// counted without knowing of a mark was before it if this disk has set it; if a
/// third one has, which is gone as well, the stamps decide. Such streams are left
/// out; those of this disk stay in.
void local_store::settle_mark(const std::string& key, live_counter& x) {
  auto& mark = x.state.mark;
  const auto* slots = data_.find(slot_kind::ctr, key);
  if (!mark || !slots)
    return;
  std::set<stream_id> earlier;
  for (const auto& [of, slot] : *slots) {
    counter_state told;
    stream_id medium;
    const bool knows = slot.ctx.at(mark->at) > 0 || of == mark->at; // the count on which it stands
    if (of.node != node_ || knows || !decode_counts(slot.payload, told, &medium) || medium == medium_
        || medium == mark->medium || (mark->medium != medium_ && slot.stamp > mark->stamp))
      continue;
    for (const auto& [counted, n] : told.counts.items())
      if (counted.node == node_)
        earlier.insert(counted);
  }
  if (earlier.empty())
    return;
  std::vector<stream_id> later;
  for (const auto& [of, n] : x.state.counts.items())
    if (of.node == node_ && of != mark->at && !earlier.contains(of) && x.state.after_mark(of))
      later.push_back(of);
  const auto before = *mark;
  for (const auto& of : earlier)
    mark->before.raise(node_, of.boot);
  for (const auto& of : later)
    if (!x.state.after_mark(of))
      count_too(*mark, of);
  x.mark_changed = x.mark_changed || *mark != before;
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
    for (const auto& of : young_)
      if (const auto n = x.state.counts.at(of); n > 0)
        x.young[of] = {n, false};
    if (!clustered_)
      if (const auto boot = old_boots(x.state, node_); boot > 0)
        fold(x.state, node_, boot);
    settle_mark(key, x); // a crash may have taken what was learned
    x.restate = x.state != before[key];
    x.mark_changed = x.state.mark != before[key].mark;
    x.engine_wants = x.restate;
    if (x.restate)
      push_at_ = clocks_.mono();
  }
}

} // namespace troupe::storage
