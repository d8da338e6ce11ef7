#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

// The counters of the local store: COUNTER's pulses stay in RAM, go to the ring
// at check points and to the engine rarely (docs/operations/storage.md).

namespace troupe::storage {

namespace {

/// So many own streams stay told apart; older ones are summed. More would let
/// a peer's late news be joined exactly; less would save bytes per page.
constexpr std::size_t streams_kept = 2;

} // namespace

local_store::live_counter& local_store::count_cell(const std::string& key) {
  return counters_[key];
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
      ring_at_ = std::max(now, later(last_ring_, options_.checkpoint_every));
    if (counters_at_ == never)
      counters_at_ = later(now, ring_ ? options_.counters_to_engine_every
                                      : std::max(options_.checkpoint_every,
                                                 milliseconds{60'000}));
    check_wake(then);
  }
  deliver(then);
}

counter_view local_store::counter(const std::string& key) const {
  counter_view out;
  std::lock_guard lock{mutex_};
  out.settled = clocks_.mono() - opened_at_
                >= std::chrono::nanoseconds{options_.settle_for}.count();
  const auto found = counters_.find(key);
  if (found == counters_.end())
    return out;
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
    auto& x = count_cell(key);
    auto requests = x.state.mark ? x.state.mark->requests : std::vector<std::string>{};
    const bool again
      = std::find(requests.begin(), requests.end(), request_id) != requests.end();
    if (!again) {
      requests.push_back(request_id);
      if (requests.size() > override_mark::max_requests)
        requests.erase(requests.begin());
      x.state.mark = override_mark{total, state_stream_, x.state.counts.at(state_stream_),
                                   stamp(), std::move(requests)};
      x.engine_wants = true;
      x.mark_changed = true;
      // The count that the mark stands on goes into the same batch.
      write_slot(slot_kind::ctr, key, encode_counts(x.state), 0);
      write_slot(slot_kind::ovr, key, encode_mark(*x.state.mark), 0);
      if (ring_)
        ring_at_ = clocks_.mono();
    }
    if (done)
      add_waiter(std::move(done));
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
    if (x.engine_wants)
      write_slot(slot_kind::ctr, key, encode_counts(x.state), 0);
    if (x.mark_changed && x.state.mark)
      write_slot(slot_kind::ovr, key, encode_mark(*x.state.mark), 0);
    x.mark_changed = false;
  }
}

ring_checkpoint local_store::ring_content() const {
  ring_checkpoint out;
  out.stream = state_stream_;
  out.durable_seq = seen_.at(state_stream_);
  for (const auto& [key, x] : counters_)
    out.counters.emplace(key, x.state);
  return out;
}

void local_store::adopt_counters(const image& from, const ring_reading* ring) {
  std::map<std::string, counter_state> known;
  const auto each = [&](slot_kind kind, auto&& take) {
    const auto table = from.slots.find(kind);
    if (table == from.slots.end())
      return;
    for (const auto& [key, set] : table->second)
      for (const auto& [of, x] : set)
        take(known[key], x);
  };
  each(slot_kind::ctr,
       [](counter_state& into, const slot& x) { (void)decode_counts(x.payload, into); });
  each(slot_kind::ovr, [](counter_state& into, const slot& x) {
    counter_state other;
    other.mark = decode_mark(x.payload);
    join(into, other);
  });
  if (ring && ring->newest)
    for (const auto& [key, x] : ring->newest->counters) {
      auto state = x;
      auto& into = known[key];
      if (state.mark && into.mark) // the ring does not keep request ids
        state.mark->requests = into.mark->requests;
      join(into, state);
    }
  for (auto& [key, state] : known) {
    auto& x = count_cell(key);
    const auto before = x.state;
    join(x.state, state);
    if (!started_)
      fold(x.state, streams_kept);
    x.engine_wants = x.engine_wants || x.state != state || x.state != before;
    x.mark_changed = x.mark_changed || x.state.mark != state.mark;
  }
  for (auto& [key, x] : counters_) {
    // What was counted so far belongs to the streams before this one.
    x.offset = x.told;
    if (started_)
      x.engine_wants = true;
  }
}

} // namespace troupe::storage
