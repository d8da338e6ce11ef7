#include "storage/replica.hpp"

#include "storage/layout.hpp"
#include "storage/read.hpp"
#include "storage/visible.hpp"

#include <algorithm>
#include <utility>

namespace troupe::storage {

namespace {

/// What a slot costs in a range or a listing, roughly.
std::size_t weight(std::string_view key, const slot& x) {
  return 48 + key.size() + x.payload.size() + 20 * x.ctx.items().size();
}

std::size_t bucket_of(slot_kind kind, std::string_view key) {
  return visible::key_hash(kind, key) % digest::buckets;
}

} // namespace

replica::replica(image& from) {
  for (auto& [kind, slots] : from.slots)
    for (auto& [key, set] : slots) {
      const auto at = tables_[kind].try_emplace(key).first;
      at->second.slots = std::move(set);
      for (const auto& [of, x] : at->second.slots)
        by_stream_[of].emplace(x.seq, place{kind, &at->first});
      sum_up(at, kind);
    }
  for (const auto& [of, seq] : from.seen.items())
    if (!of.is_journal())
      seen_.raise(of, seq);
  durable_ = seen_;
  told_seen_ = seen_;
  collected_ = from.collected;
}

// --- reading ---------------------------------------------------------------

const slot_set* replica::find(slot_kind kind, std::string_view key) const {
  const auto table = tables_.find(kind);
  if (table == tables_.end())
    return nullptr;
  const auto at = table->second.find(key);
  return at == table->second.end() ? nullptr : &at->second.slots;
}

const replica::table* replica::all(slot_kind kind) const {
  const auto table = tables_.find(kind);
  return table == tables_.end() ? nullptr : &table->second;
}

std::size_t replica::entries() const {
  std::size_t sum = 0;
  for (const auto& [kind, table] : tables_)
    sum += table.size();
  return sum;
}

stream_range replica::range(const stream_id& of, std::uint64_t after,
                            std::size_t max_bytes) const {
  stream_range out;
  out.stream = of;
  out.after = after;
  out.upto = std::max(after, seen_.at(of));
  const auto index = by_stream_.find(of);
  if (index == by_stream_.end())
    return out;
  std::size_t bytes = 0;
  for (auto i = index->second.upper_bound(after); i != index->second.end(); ++i) {
    if (bytes >= max_bytes) {
      out.last = false;
      out.upto = out.slots.back().content.seq;
      return out;
    }
    const auto& set = tables_.at(i->second.kind).find(*i->second.key)->second.slots;
    out.slots.push_back({*i->second.key, *storage::find(set, of)});
    bytes += weight(out.slots.back().key, out.slots.back().content);
  }
  return out;
}

backlog replica::missing(const version_vector& known) const {
  backlog out;
  for (const auto& [of, index] : by_stream_)
    for (auto i = index.upper_bound(known.at(of)); i != index.end(); ++i) {
      const auto& key = *i->second.key;
      ++out.entries;
      out.bytes += weight(key, *storage::find(tables_.at(i->second.kind).find(key)->second.slots, of));
    }
  return out;
}

whole_state replica::whole(const version_vector& known) const {
  whole_state out;
  out.seen = seen_;
  out.collected = collected_;
  out.items.reserve(entries()); // mostly one slot each; growing would copy them all under the store's lock
  for (const auto& [kind, table] : tables_)
    for (const auto& [key, cell] : table)
      for (const auto& [of, x] : cell.slots) {
        whole_state::item item;
        item.key = key;
        item.of = of;
        item.named_only = known.at(of) >= x.seq;
        if (item.named_only) {
          item.content.kind = kind;
          item.content.seq = x.seq;
        } else {
          item.content = x;
        }
        out.items.push_back(std::move(item));
      }
  return out;
}

std::vector<digest_row> replica::digest_rows(std::size_t bucket) const {
  std::vector<digest_row> out;
  for (const auto& [kind, table] : tables_)
    for (const auto& [key, cell] : table)
      if (bucket_of(kind, key) == bucket)
        visible::each(kind, key, cell.slots, [&, kind = kind, &key = key](const stream_id& of, std::uint64_t seq,
                                                                         std::uint64_t hash) {
          out.push_back({kind, key, of, seq, hash});
        });
  return out;
}

std::vector<whole_state::item> replica::slots_of(const std::vector<digest_row>& rows) const {
  std::vector<whole_state::item> out;
  std::set<address> told;
  for (const auto& row : rows) {
    if (!told.insert({row.kind, row.key}).second)
      continue;
    // All of the key: what dominates is as needed as what is visible.
    if (const auto* set = find(row.kind, row.key))
      for (const auto& [of, x] : *set)
        out.push_back({row.key, of, x, false});
  }
  return out;
}

// --- changing --------------------------------------------------------------

replica::table::iterator replica::reach(const address& what) {
  return tables_[what.kind].try_emplace(what.key).first;
}

void replica::touch(table::iterator at, slot_kind kind, const stream_id& of) {
  const auto* held = storage::find(at->second.slots, of);
  const auto [dirty, fresh] = dirty_.try_emplace({{kind, at->first}, of});
  if (fresh && held)
    dirty->second.push_back(held->seq);
}

void replica::put(table::iterator at, slot_kind kind, const stream_id& of, slot news) {
  touch(at, kind, of);
  auto& set = at->second.slots;
  const auto* held = storage::find(set, of);
  const auto before = held ? held->seq : 0;
  const auto seq = std::max(before, news.seq);
  merge(set, of, std::move(news));
  if (seq != before) {
    auto& index = by_stream_[of];
    if (before != 0)
      index.erase(before);
    index.emplace(seq, place{kind, &at->first});
  }
  crowded_.insert({kind, at->first});
}

void replica::drop(table::iterator at, slot_kind kind, const stream_id& of) {
  touch(at, kind, of);
  auto& set = at->second.slots;
  const auto i = std::find_if(set.begin(), set.end(), [&](const auto& x) { return x.first == of; });
  if (i == set.end())
    return;
  auto& index = by_stream_[of];
  index.erase(i->second.seq);
  if (index.empty())
    by_stream_.erase(of);
  set.erase(i);
}

void replica::sum_up(table::iterator at, slot_kind kind) {
  auto& sum = digest_.sums[bucket_of(kind, at->first)];
  sum -= at->second.sum;
  at->second.sum = 0;
  visible::each(kind, at->first, at->second.slots,
                [&](const stream_id&, std::uint64_t, std::uint64_t hash) { at->second.sum += hash; });
  sum += at->second.sum;
  const auto& set = at->second.slots;
  if (set.empty())
    tables_[kind].erase(at);
  else if (set.size() > 1 || set.front().second.deleted() || !set.front().second.ctx.empty())
    crowded_.insert({kind, at->first});
}

void replica::write(const address& to, const stream_id& writer, hlc stamp, std::string payload,
                    std::uint8_t flags) {
  const auto at = reach(to);
  slot news;
  news.seq = seen_.at(writer) + 1;
  news.flags = flags;
  news.kind = to.kind;
  news.stamp = stamp;
  news.ctx = observed(at->second.slots, writer);
  news.payload = std::move(payload);
  seen_.raise(writer, news.seq);
  put(at, to.kind, writer, std::move(news));
  sum_up(at, to.kind);
}

class replica::record {
public:
  void note(const address& at, const slot_set& in) {
    if (before_.find(at) == before_.end())
      before_.emplace(at, shown_of(at.kind, in));
  }
  [[nodiscard]] changes take() {
    changes out;
    for (auto& [at, before] : before_)
      out.push_back({at, before});
    return out;
  }
  [[nodiscard]] const std::map<address, std::optional<shown>>& all() const { return before_; }

private:
  std::map<address, std::optional<shown>> before_;
};

std::optional<replica::shown> replica::shown_of(slot_kind kind, const slot_set& in) {
  if (in.empty() || kind == slot_kind::ctr || kind == slot_kind::ovr)
    return {};
  const auto x = kind == slot_kind::own ? read_own(in) : read_map(in);
  if (!x)
    return {};
  return shown{x->writer, x->seq};
}

std::optional<replica::changes> replica::take(stream_range what) {
  const auto held = seen_.at(what.stream);
  if (what.after > held)
    return {};
  record changed;
  for (auto& x : what.slots) {
    if (x.content.seq <= held)
      continue; // here, or collected here
    address to{x.content.kind, std::move(x.key)};
    const auto at = reach(to);
    changed.note(to, at->second.slots);
    put(at, to.kind, what.stream, std::move(x.content));
    close_contexts(at, to.kind);
    sum_up(at, to.kind);
  }
  seen_.raise(what.stream, what.upto);
  return changed.take();
}

replica::changes replica::take(whole_state what) {
  record changed;
  // What the sender has seen and holds no more was collected there: it is seen
  // by something that stays, or gone for good.
  std::set<slot_address> holds;
  for (const auto& x : what.items)
    holds.insert({{x.content.kind, x.key}, x.of});
  std::vector<slot_address> gone;
  for (const auto& [kind, table] : tables_)
    for (const auto& [key, cell] : table)
      for (const auto& [of, x] : cell.slots)
        if (what.seen.at(of) >= x.seq && !holds.contains({{kind, key}, of}))
          gone.push_back({{kind, key}, of});
  for (const auto& x : gone) {
    const auto at = reach(x.at);
    changed.note(x.at, at->second.slots);
    drop(at, x.at.kind, x.of);
  }
  for (auto& x : what.items) {
    if (x.named_only || x.content.seq <= seen_.at(x.of))
      continue;
    address to{x.content.kind, std::move(x.key)};
    const auto at = reach(to);
    changed.note(to, at->second.slots);
    put(at, to.kind, x.of, std::move(x.content));
  }
  seen_.join(what.seen);
  for (const auto& [of, seq] : what.collected.items())
    raise_collected(of, seq);
  for (const auto& [x, before] : changed.all()) {
    const auto at = reach(x);
    close_contexts(at, x.kind);
    sum_up(at, x.kind);
  }
  return changed.take();
}

replica::changes replica::repair(std::vector<whole_state::item> slots) {
  record changed;
  for (auto& x : slots) {
    if (x.named_only || x.content.seq > seen_.at(x.of))
      continue; // that comes by its range
    address to{x.content.kind, std::move(x.key)};
    const auto at = reach(to);
    auto would = at->second.slots;
    if (merge(would, x.of, x.content)) {
      changed.note(to, at->second.slots);
      put(at, to.kind, x.of, std::move(x.content));
      close_contexts(at, to.kind);
    }
    sum_up(at, to.kind);
  }
  return changed.take();
}

// --- collection ------------------------------------------------------------

void replica::raise_collected(const stream_id& of, std::uint64_t seq) {
  if (collected_.raise(of, seq))
    collected_changed_.insert(of);
}

void replica::collect(const version_vector& stable) {
  for (const auto& what : std::exchange(crowded_, {}))
    collect(what, stable);
}

void replica::collect(const address& what, const version_vector& stable) {
  auto& table = tables_[what.kind];
  const auto at = table.find(what.key);
  if (at == table.end())
    return;
  close_contexts(at, what.kind);
  for (const auto& of : collectable(at->second.slots, stable)) {
    raise_collected(of, storage::find(at->second.slots, of)->seq);
    drop(at, what.kind, of);
  }
  prune_contexts(at, what.kind, stable);
  sum_up(at, what.kind); // crowded again if something is left to do
}

/// Who has seen a slot has seen what that one had seen. Writers say so themselves,
/// but for what was pruned where they wrote; it must not get lost with the slot
/// in between.
void replica::close_contexts(table::iterator at, slot_kind kind) {
  auto& set = at->second.slots;
  for (bool again = set.size() > 1; again;) {
    again = false;
    for (auto& [of, x] : set)
      for (const auto& [by, y] : set) {
        if (of == by || x.ctx.at(by) < y.seq)
          continue;
        auto more = y.ctx;
        more.forget(of);
        if (x.ctx.covers(more))
          continue;
        touch(at, kind, of);
        x.ctx.join(more);
        again = true;
      }
  }
}

void replica::prune_contexts(table::iterator at, slot_kind kind, const version_vector& stable) {
  auto& set = at->second.slots;
  for (auto& [of, x] : set) {
    if (x.ctx.empty() || stable.at(of) < x.seq || !stable.covers(x.ctx))
      continue;
    // Everybody has this slot and all that it has seen, so nothing that it
    // protects from can arrive by a range; who is behind is sent the whole (R9).
    version_vector rest;
    for (const auto& [seen, seq] : x.ctx.items())
      if (const auto* held = storage::find(set, seen); held && held->seq <= seq)
        rest.raise(seen, seq);
    if (rest == x.ctx)
      continue;
    touch(at, kind, of);
    x.ctx = std::move(rest);
    raise_collected(of, x.seq);
  }
}

// --- the engine ------------------------------------------------------------

replica::commit replica::take_commit() {
  commit out;
  out.seen = seen_;
  for (const auto& [what, held] : dirty_) {
    const auto* set = find(what.at.kind, what.at.key);
    const auto* x = set ? storage::find(*set, what.of) : nullptr;
    for (const auto seq : held)
      if (!x || x->seq != seq)
        out.ops.erase(family::byseq, layout::position_key(what.of, seq));
    if (x) {
      out.ops.put(family::slot, layout::slot_key(what.at.kind, what.at.key, what.of), encode(*x));
      out.ops.put(family::byseq, layout::position_key(what.of, x->seq),
                  layout::byseq_value(what.at.kind, what.at.key));
    } else if (!held.empty()) {
      out.ops.erase(family::slot, layout::slot_key(what.at.kind, what.at.key, what.of));
    }
  }
  for (const auto& [of, seq] : seen_.items())
    if (told_seen_.raise(of, seq))
      out.ops.put(family::meta, layout::stream_key(layout::seen_prefix, of), layout::number(seq));
  for (const auto& of : collected_changed_)
    out.ops.put(family::meta, layout::stream_key(layout::collected_prefix, of),
                layout::number(collected_.at(of)));
  collected_under_way_ = std::exchange(collected_changed_, {});
  under_way_ = std::exchange(dirty_, {});
  return out;
}

void replica::settle(const version_vector& durable) {
  durable_.join(durable);
  under_way_.clear();
  collected_under_way_.clear();
}

void replica::give_back() {
  for (auto& [what, held] : std::exchange(under_way_, {})) {
    const auto [dirty, fresh] = dirty_.try_emplace(what);
    if (fresh) { // not touched since: what was given is what is here
      const auto* set = find(what.at.kind, what.at.key);
      if (const auto* x = set ? storage::find(*set, what.of) : nullptr)
        dirty->second.push_back(x->seq);
    }
    dirty->second.insert(dirty->second.end(), held.begin(), held.end());
  }
  told_seen_ = durable_;
  collected_changed_.merge(collected_under_way_);
  collected_under_way_.clear();
}

void replica::forget_engine() {
  under_way_.clear();
  dirty_.clear();
  for (const auto& [kind, table] : tables_)
    for (const auto& [key, cell] : table)
      for (const auto& [of, x] : cell.slots)
        dirty_.try_emplace({{kind, key}, of});
  durable_ = {};
  told_seen_ = {};
  for (const auto& [of, seq] : collected_.items())
    collected_changed_.insert(of);
}

bool replica::unsettled(const address& what, const stream_id& writer) const {
  const slot_address x{what, writer};
  return dirty_.contains(x) || under_way_.contains(x);
}

replica::addresses replica::given(const stream_id& writer) const {
  addresses out;
  for (const auto& [what, held] : under_way_)
    if (what.of == writer)
      out.push_back(what.at);
  return out;
}

} // namespace troupe::storage
