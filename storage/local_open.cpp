#include "storage/layout.hpp"
#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

// How the local store begins and ends.

namespace troupe::storage {

namespace {

bool may_read_only(errc code) {
  return code == errc::disk_full || code == errc::io_error;
}

/// The last start of a disk, if nothing tells of it but its page of the ring: the disk was full, or its first
/// commit failed and was kept nevertheless, with a name that this start gave up.
std::optional<stream_id> only_in_ring(const image& from, const ring_reading& ring) {
  if (!ring.newest)
    return {};
  const auto& last = ring.newest->stream;
  const bool told = !from.line.empty() && (last.boot < from.line.back().boot || last == from.line.back());
  return told ? std::nullopt : std::optional{last};
}

/// Of what this node has stamped itself, and of what it would have followed.
hlc newest_stamp(const image& x, std::uint64_t node, clock_quality quality, wall_ms wall) {
  hlc out;
  const auto take = [&](const stream_id& of, hlc stamp) {
    if (of.node == node || hlc_clock::follows(stamp, quality, wall))
      out = std::max(out, stamp);
  };
  for (const auto& [kind, table] : x.slots)
    for (const auto& [key, set] : table)
      for (const auto& [of, content] : set)
        take(of, content.stamp);
  for (const auto& record : x.events.records())
    take(record.stream, record.stamp);
  return out;
}

std::string age_of(wall_ms x) {
  const auto minutes = std::max<wall_ms>(0, x) / 60'000;
  if (minutes < 60)
    return fmt::format("{} min", minutes);
  return minutes < 48 * 60 ? fmt::format("{} h", minutes / 60) : fmt::format("{} days", minutes / 60 / 24);
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
  clustered_ = options_.clustered || found->clustered;
  new_for_ = new_for(*found);
  // Alone it is all members itself; among others a feature must be on first.
  format_ = std::max(found->format, clustered_ ? layout::oldest_format : layout::format);
  const auto now = clocks_.mono();
  opened_at_ = now;
  last_ring_ = now;
  const auto bound = std::max(found->bound, pages.highest_bound);
  time_ = node_clock{machine_quality(), clocks_.wall(), now};
  if (options_.synchronised)
    look_at_ = now;
  const auto newest = newest_stamp(*found, node_, time_.quality(), clocks_.wall());
  // What a start has stamped of which only its page of the ring is there, that bounds.
  found_ = only_in_ring(*found, pages) ? std::max(newest, pages.highest_bound) : newest;
  stamps_ = hlc_clock{bound, newest, time_.quality(), clocks_.wall(), now};
  twin_ = twin_watch{std::max(stamps_.last(), bound).ms()};
  image greeting; // what `greet` needs, when the rest has moved on
  greeting.seen = found->seen;
  greeting.boot = found->boot;
  greeting.bound = bound;
  greeting.node = found->node;
  greeting.machine = found->machine;
  greeting.restored = found->restored;
  status begun = refused;
  if (begun) {
    begun = begin(*found, pages); // a copy: below it may be needed again
    if (!begun)
      (void)disk_->close();
  }
  std::unique_lock lock{mutex_};
  if (!begun) {
    if (!may_read_only(begun.why().code))
      return begun;
    const auto names = first_names(*found, pages);
    adopt(std::move(*found), pages, names);
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
                      "back from the ring, documents from other members; alone, bring them back with "
                      "'troupe apply'",
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
  const auto nonce = [&] { return options_.entropy ? options_.entropy() : fresh_nonce(); };
  out.state = {node_, boot, nonce() & ~1u};
  out.journal = {node_, boot, nonce() | 1u};
  return out;
}

/// Of this open; the first one of a disk names the disk, too. A restored one is another
/// disk: what the first one has counted since the backup is not in its order.
local_store::streams local_store::first_names(const image& from, const ring_reading& ring) {
  const auto out = name_streams(std::max(from.boot, ring.highest_boot));
  const bool same = !from.restored && from.medium.first.node == node_;
  medium_ = same ? from.medium.first : out.state;
  made_ = same ? from.medium.made : clocks_.wall();
  line_ = same ? from.line : std::vector<stream_id>{};
  if (const auto last = only_in_ring(from, ring); same && last && last->node == node_)
    lengthen_line(*last);
  lengthen_line(out.state);
  return out;
}

void local_store::lengthen_line(const stream_id& by) {
  constexpr std::size_t most = 32; // what is older rests in the vector by now
  if (line_.size() >= most)
    line_.erase(line_.begin());
  line_.push_back(by);
}

void local_store::put_names(batch& into, const streams& names, hlc bound) const {
  into.put(family::meta, std::string{layout::own_key},
           to_bytes(names.state) + to_bytes(names.journal));
  into.put(family::meta, std::string{layout::medium_key},
           to_bytes(medium_) + layout::number(static_cast<std::uint64_t>(made_)));
  std::string line;
  for (const auto& of : line_)
    line += to_bytes(of);
  into.put(family::meta, std::string{layout::line_key}, std::move(line));
  into.put(family::meta, std::string{layout::bound_key}, layout::number(bound.raw));
  into.put(family::meta, std::string{layout::format_key}, layout::number(format_));
  into.put(family::meta, std::string{layout::node_key}, options_.node);
  if (!options_.machine.empty())
    into.put(family::meta, std::string{layout::machine_key}, options_.machine);
  if (clustered_)
    into.put(family::meta, std::string{layout::clustered_key}, {});
}

std::optional<milliseconds> local_store::new_for(const image& from) const {
  if (clustered_ && (from.boot == 0 || from.restored))
    return milliseconds{0};
  return from.new_for;
}

/// For how long a disk has run in all, while members that this node has no word of may
/// know more of its counters. None: it is no new disk.
std::optional<milliseconds> local_store::new_disk(mono_ns now) const {
  if (!new_for_)
    return {};
  const auto ran = *new_for_ + std::chrono::floor<milliseconds>(std::chrono::nanoseconds{now - opened_at_});
  return ran < options_.new_disk_sums_after ? std::optional{ran} : std::nullopt;
}

void local_store::put_age(batch& into, mono_ns now) const {
  if (const auto ran = new_disk(now))
    into.put(family::meta, std::string{layout::new_key}, layout::number(static_cast<std::uint64_t>(ran->count())));
  else if (new_for_)
    into.erase(family::meta, std::string{layout::new_key});
}

status local_store::begin(image from, const ring_reading& ring) {
  const auto names = first_names(from, ring);
  batch first;
  hlc bound;
  {
    std::lock_guard lock{mutex_};
    bound = stamps_.next_bound(wall(), clocks_.mono());
  }
  put_names(first, names, bound);
  put_age(first, opened_at_);
  if (from.restored)
    first.erase(family::meta, std::string{layout::restored_key});
  forget_empty_streams(from, first);
  if (auto ok = disk_->commit(first, true); !ok)
    return ok;
  std::lock_guard lock{mutex_};
  stamps_.persisted(bound);
  adopt(std::move(from), ring, names);
  return {};
}

/// A node that was always alone is never asked for a stream of which nothing is
/// left; with one more pair at every start the list would grow for ever. Where
/// others may have heard of it, they would tell what was replaced here as news.
void local_store::forget_empty_streams(image& from, batch& first) const {
  if (clustered_)
    return;
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

void local_store::adopt(image from, const ring_reading& ring, const streams& names) {
  state_stream_ = names.state;
  journal_stream_ = names.journal;
  boot_ = names.state.boot;
  ours_.insert(names.state);
  ours_.insert(names.journal);
  journals_ = {};
  for (const auto& [of, seq] : from.seen.items())
    if (of.is_journal())
      journals_.raise(of, seq);
  journals_told_ = journals_durable_ = journals_;
  data_ = replica{from};
  at_open_ = data_.durable();
  adopt_counters(ring);
  read_supplies();
  events_ = std::move(from.events);
  durable_event_ = last_local_ = events_.newest();
  if (!clustered_)
    data_.collect(data_.durable());
}

void local_store::greet(const image& found, const ring_reading& ring, bool undamaged,
                        aftermath& then) {
  // A disk that lies about syncs, or an older copy of the database.
  const bool older = ring.newest
                     && (ring.newest->stream.boot > found.boot
                         || (ring.newest->stream.boot == found.boot
                             && ring.newest->durable_seq > found.seen.at(ring.newest->stream)));
  if (found.restored) {
    stats_.restored = fmt::format("the backup of {}, {} old", found.restored->node, age_of(clocks_.wall() - found.restored->at));
    note(severity::notice, "restore",
         fmt::format("restored from {}; goes on as stream {}. What is newer comes from other members that have it",
                     stats_.restored, to_string(state_stream_)),
         then);
  } else if (undamaged && older)
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
      x = take(clocks_.mono(), true, then);
    else
      x.waiters = std::exchange(waiters_, {});
    news_ = {};
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
  for (auto& w : x.waiters)
    then.waiters.emplace_back(std::move(w.done), error{errc::indeterminate, to_string(ok.why())});
  {
    std::lock_guard lock{mutex_};
    for (auto& w : elsewhere_.late(never))
      then.waiters.emplace_back(std::move(w.done), std::move(w.how));
  }
  auto ended = disk_->close();
  deliver(then);
  return ok ? ended : ok;
}

} // namespace troupe::storage
