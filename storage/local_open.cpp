#include "storage/layout.hpp"
#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

// How the local store begins and ends a stream: at every open, and after
// every write error.

namespace troupe::storage {

namespace {

bool may_read_only(errc code) {
  return code == errc::disk_full || code == errc::io_error;
}

} // namespace

status local_store::start() {
  aftermath then;
  std::string moved;
  auto found = read_engine(moved);
  error refused;
  if (!found && may_read_only(found.why().code)) {
    // The disk does not take writes; what it holds may still be readable.
    refused = found.why();
    (void)disk_->close();
    if (auto ok = disk_->open(access::read_only); ok)
      found = load(*disk_, node_);
    else if (ok.why().code == errc::not_found)
      found = image{};
    (void)disk_->close();
  }
  if (!found) {
    (void)disk_->close();
    return found.why();
  }
  auto ring = open_ring();
  const auto pages = ring ? *ring : ring_reading{};
  const auto now = clocks_.mono();
  opened_at_ = now;
  last_ring_ = now;
  wall_minus_mono_ = clocks_.wall() - now / 1'000'000;
  const auto bound = std::max(found->bound, pages.highest_bound);
  stamps_ = hlc_clock{bound, options_.clock, clocks_.wall(), now};
  image greeting; // what `greet` needs, when the rest has moved on
  greeting.seen = found->seen;
  greeting.boot = found->boot;
  greeting.bound = bound;
  greeting.node = found->node;
  greeting.machine = found->machine;
  status begun = refused;
  if (begun) {
    begun = begin(*found, {}, pages, then);
    if (!begun)
      (void)disk_->close();
  }
  std::unique_lock lock{mutex_};
  if (!begun) {
    if (!may_read_only(begun.why().code))
      return begun;
    const auto names = name_streams(std::max(found->boot, pages.highest_boot));
    adopt(std::move(*found), pages, names, then);
    degrade(begun.why(), then);
  }
  started_ = true;
  greet(greeting, pages, moved.empty(), then);
  if (!moved.empty())
    note(severity::alarm, "alarm", moved, then);
  if (!ring) {
    ring_trouble_ = true;
    note(severity::alarm, "alarm",
         fmt::format("counter ring {}: {}. Counters go to the database once a minute",
                     options_.ring_path, to_string(ring.why())),
         then);
  }
  if (std::any_of(counters_.begin(), counters_.end(),
                  [](const auto& x) { return x.second.engine_wants; }))
    counters_at_ = now;
  engine_bytes_ = 0;
  spent(disk_->stats().bytes, now, then);
  engine_bytes_ = disk_->stats().bytes;
  lock.unlock();
  deliver(then);
  return {};
}

result<image> local_store::read_engine(std::string& moved) {
  error why;
  if (auto ok = disk_->open(access::read_write); !ok)
    why = ok.why();
  else if (auto whole = disk_->verify(); !whole)
    why = whole.why();
  else if (auto found = load(*disk_, node_); !found)
    why = found.why();
  else
    return found;
  if (why.code != errc::corrupt)
    return why;
  auto to = disk_->move_aside();
  if (!to)
    return to.why();
  moved = fmt::format("database damaged ({}), moved to {}; starting empty. Counters come "
                      "back from the ring; bring documents back with 'troupe apply'",
                      to_string(why), *to);
  if (auto ok = disk_->open(access::read_write); !ok)
    return ok.why();
  return image{};
}

result<ring_reading> local_store::open_ring() {
  if (options_.ring_path.empty())
    return ring_reading{};
  auto file = disk_->open_ring(options_.ring_path);
  if (!file)
    return file.why();
  auto bytes = (*file)->read();
  if (!bytes)
    return bytes.why();
  auto out = read_ring(*bytes, node_);
  ring_ = std::move(*file);
  ring_next_ = out.next_page;
  ring_number_ = out.highest_number;
  return out;
}

local_store::streams local_store::name_streams(std::uint32_t after_boot) const {
  streams out;
  const auto boot = 1 + std::max(boot_, after_boot);
  out.state = {node_, boot, fresh_nonce()};
  do
    out.journal = {node_, boot, fresh_nonce()};
  while (out.journal == out.state);
  return out;
}

status local_store::begin(image from, batch first, const ring_reading& ring,
                          aftermath& then) {
  const auto names = name_streams(std::max(from.boot, ring.highest_boot));
  const auto meta = [&](std::string_view key, std::string value) {
    first.put(family::meta, std::string{key}, std::move(value));
  };
  hlc bound;
  {
    std::lock_guard lock{mutex_};
    bound = stamps_.next_bound(clocks_.wall(), clocks_.mono());
  }
  meta(layout::format_key, layout::number(layout::format));
  meta(layout::own_key, to_bytes(names.state) + to_bytes(names.journal));
  meta(layout::bound_key, layout::number(bound.raw));
  meta(layout::node_key, options_.node);
  if (!options_.machine.empty())
    meta(layout::machine_key, options_.machine);
  forget_empty_streams(from, first);
  if (auto ok = disk_->commit(first, true); !ok)
    return ok;
  std::lock_guard lock{mutex_};
  stamps_.persisted(bound);
  adopt(std::move(from), ring, names, then);
  return {};
}

void local_store::forget_empty_streams(image& from, batch& first) {
  // Alone, nobody asks for a stream of which nothing is left; with one more
  // pair at every start the list would grow for ever.
  std::set<stream_id> used;
  for (const auto& [kind, table] : from.slots)
    for (const auto& [key, set] : table)
      for (const auto& [of, x] : set) {
        used.insert(of);
        for (const auto& [seen, seq] : x.ctx.items())
          used.insert(seen);
      }
  for (const auto& x : from.events.records())
    used.insert(x.stream);
  for (auto* list : {&from.seen, &from.collected}) {
    const auto all = list->items(); // `forget` changes it
    for (const auto& [of, seq] : all)
      if (!used.contains(of)) {
        list->forget(of);
        first.erase(family::meta, layout::stream_key(layout::seen_prefix, of));
        first.erase(family::meta, layout::stream_key(layout::collected_prefix, of));
      }
  }
}

void local_store::adopt(image from, const ring_reading& ring, const streams& names,
                        aftermath& then) {
  const auto old_stream = state_stream_;
  state_stream_ = names.state;
  journal_stream_ = names.journal;
  boot_ = names.state.boot;
  ours_.insert(names.state);
  ours_.insert(names.journal);
  state_seq_ = 0;
  journal_seq_ = 0;
  adopt_counters(from, &ring);
  const auto before = std::exchange(slots_, std::move(from.slots));
  seen_ = std::move(from.seen);
  collected_ = std::move(from.collected);
  collected_ops_ = {};
  const auto newest = from.events.newest();
  if (!started_) {
    events_ = std::move(from.events);
    last_local_ = newest;
  }
  durable_event_ = std::max(durable_event_, newest);
  for (auto& x : events_.records())
    if (x.local > durable_event_) {
      x.stream = journal_stream_;
      x.seq = ++journal_seq_;
    }
  trim_changed_ = started_;
  reissue(before, old_stream, then);
  collect_all();
}

void local_store::reissue(const std::map<slot_kind, slot_table>& before,
                          const stream_id& old_stream, aftermath& then) {
  const auto attempted = std::exchange(in_flight_, {});
  const auto waiting = std::exchange(dirty_, {});
  auto all = attempted;
  all.insert(waiting.begin(), waiting.end());
  for (const auto& [address, superseded] : all) {
    const auto& [kind, key] = address;
    if (kind != slot_kind::map && kind != slot_kind::own)
      continue; // counters and trim marks are staged from their own state
    const auto& old_set = before.at(kind);
    const auto old = old_set.find(key);
    const auto* mine = old == old_set.end() ? nullptr : find(old->second, old_stream);
    if (!mine)
      continue;
    auto& table = slots_[kind];
    const auto there = table.find(key);
    const auto* kept = there == table.end() ? nullptr : find(there->second, old_stream);
    if (kept && kept->seq >= mine->seq)
      continue; // it came back
    if (kind == slot_kind::own || waiting.contains(address)) {
      auto payload = mine->payload;
      if (kind == slot_kind::own)
        payload = own_payload(boot_, std::string_view{payload}.substr(
                                       std::min<std::size_t>(8, payload.size())));
      write_slot(kind, key, std::move(payload), mine->flags);
      continue;
    }
    // Its writer was told that the outcome is open. It is gone: say so.
    auto was = view(kind, key, old->second);
    auto now = lookup(kind, key);
    if (now && (!was || was->payload != now->payload))
      then.entries.emplace_back(std::move(*now), false);
    else if (!now && was)
      then.entries.emplace_back(std::move(*was), true);
  }
}

void local_store::greet(const image& found, const ring_reading& ring, bool undamaged,
                        aftermath& then) {
  // A disk that lies about syncs, or an older copy of the database.
  const bool older = ring.newest
                     && (ring.newest->stream.boot > found.boot
                         || (ring.newest->stream.boot == found.boot
                             && ring.newest->durable_seq > found.seen.at(ring.newest->stream)));
  if (undamaged && older)
    note(severity::alarm, "alarm",
         fmt::format("the database at {} is older than the counter ring says: synced writes "
                     "were lost, or a backup was restored. Compare 'troupe export' with what "
                     "you expect",
                     disk_->where()),
         then);
  const auto ahead = found.bound.ms() - clocks_.wall();
  if (ahead > hlc_clock::reserve_ms + 60'000)
    note(severity::warning, "gap",
         fmt::format("the wall clock is {} s behind the last known time; stamps go on from "
                     "there",
                     ahead / 1000),
         then);
  if (!found.machine.empty() && !options_.machine.empty()
      && found.machine != options_.machine)
    note(severity::alarm, "start",
         fmt::format("this medium was used in another machine ({}, now {}): cloned, or "
                     "restored from a backup? The store goes on as a new stream",
                     found.machine, options_.machine),
         then);
  if (!found.node.empty() && found.node != options_.node)
    note(severity::warning, "start",
         fmt::format("this store was written by node '{}', now '{}'", found.node,
                     options_.node),
         then);
  if (ring.damaged > 0)
    note(severity::warning, "gap",
         fmt::format("counter ring {}: {} of {} pages damaged, passed over",
                     options_.ring_path, ring.damaged, ring_pages),
         then);
  if (ring.foreign > 0)
    note(severity::warning, "gap",
         fmt::format("counter ring {}: {} pages of another node, passed over",
                     options_.ring_path, ring.foreign),
         then);
}

status local_store::close() {
  // A commit that hangs in the disk must not keep the node from ending.
  std::unique_lock alone{working_, std::chrono::seconds{2}};
  if (!alone)
    return error{errc::timed_out, fmt::format("the disk at {} still works on an earlier write; what is newer is not "
                                              "stored", disk_->where())};
  aftermath then;
  taken x;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return {};
    closed_ = true; // from here on nothing is taken in
    for (auto& event : repeats_.ended(never))
      add_event(std::move(event), then);
    if (!degraded_)
      x = take(clocks_.mono(), true);
    else
      x.waiters = std::exchange(waiters_, {});
  }
  deliver(then);
  then = {};
  status ok;
  if (degraded_)
    ok = error{degraded_code_, stats_.degraded_why};
  else if (!x.changes.empty())
    ok = disk_->commit(x.changes, true);
  bool uncovered = false;
  {
    std::lock_guard lock{mutex_};
    if (ok)
      settle(x, then);
    for (const auto& [key, counter] : counters_)
      uncovered = uncovered || counter.told > counter.durable;
    uncovered = uncovered || ring_at_ != never;
  }
  if (ring_ && uncovered)
    checkpoint(clocks_.mono());
  for (auto& done : x.waiters)
    then.waiters.emplace_back(std::move(done),
                              ok ? status{}
                                 : status{error{errc::indeterminate, to_string(ok.why())}});
  auto ended = disk_->close();
  deliver(then);
  return ok ? ended : ok;
}

} // namespace troupe::storage
