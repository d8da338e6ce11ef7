#include "storage/layout.hpp"
#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr mono_ns second = 1'000'000'000;
constexpr mono_ns first_retry = second;
constexpr mono_ns longest_retry = 60 * second;
/// A second write error so soon after a reopen is no accident.
constexpr mono_ns calm = 10 * second;
/// One page in place, as measured at the device.
constexpr std::uint64_t ring_page_cost = 4104;

std::string way_out(errc code) {
  if (code == errc::disk_full)
    return "Free space on its file system; the store tries again by itself every minute.";
  return "Check the medium (dmesg) and that its file system is mounted writable; the "
         "store tries again by itself every minute.";
}

} // namespace

mono_ns local_store::next_due() const {
  auto at = std::min(ring_at_, degraded_ ? retry_at_ : std::min(commit_at_, counters_at_));
  if (const auto repeats = repeats_.due())
    at = std::min(at, *repeats);
  return at;
}

mono_ns local_store::work() {
  // A thread that sat in the disk for minutes was replaced, and is still there.
  std::unique_lock alone{working_, std::try_to_lock};
  if (!alone)
    return clocks_.mono() + second;
  bool commit_due = false;
  bool counters_due = false;
  bool ring_due = false;
  bool retry_due = false;
  const auto now = clocks_.mono();
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return never;
    for (auto& x : repeats_.ended(now))
      add_event(std::move(x), then);
    counters_due = !degraded_ && counters_at_ <= now;
    commit_due = !degraded_ && (commit_at_ <= now || counters_due);
    ring_due = ring_at_ <= now;
    retry_due = degraded_ && retry_at_ <= now;
  }
  deliver(then);
  if (retry_due)
    recover();
  if (commit_due)
    commit(now, counters_due);
  if (ring_due)
    checkpoint(now);
  std::lock_guard lock{mutex_};
  promised_ = next_due();
  return promised_;
}

// --- commit --------------------------------------------------------------

local_store::taken local_store::take(mono_ns now, bool with_counters) {
  taken out;
  if (with_counters) {
    stage_counters();
    counters_at_ = never;
  }
  drop_old_events(1024);
  if (trim_changed_) {
    const auto known = trimmed_.items(); // `forget` changes it
    for (const auto& [of, seq] : known)
      if (of != journal_stream_
          && std::none_of(events_.records().begin(), events_.records().end(),
                          [&](const auto& x) { return x.stream == of; }))
        trimmed_.forget(of); // nothing of it is left anywhere
    byte_writer marks;
    marks.varint(trimmed_.items().size());
    for (const auto& [of, seq] : trimmed_.items()) {
      write(marks, of);
      marks.varint(seq);
    }
    write_slot(slot_kind::jrn, "trim", marks.take(), 0);
    trim_changed_ = false;
  }
  out.changes = std::exchange(collected_ops_, {});
  out.trimmed = std::exchange(trimmed_keys_, {});
  for (const auto& key : out.trimmed)
    out.changes.erase(family::jrn, key);
  for (const auto& [address, superseded] : dirty_) {
    const auto& [kind, key] = address;
    const auto* x = find(slots_[kind][key], state_stream_);
    if (!x)
      continue;
    if (superseded != 0)
      out.changes.erase(family::byseq, layout::position_key(state_stream_, superseded));
    out.changes.put(family::slot, layout::slot_key(kind, key, state_stream_), encode(*x));
    out.changes.put(family::byseq, layout::position_key(state_stream_, x->seq),
                    layout::byseq_value(kind, key));
    if (kind == slot_kind::ctr)
      out.counters.emplace_back(key, counters_[key].told);
  }
  out.keys = std::exchange(dirty_, {});
  in_flight_ = out.keys;
  const auto& records = events_.records();
  auto fresh = std::lower_bound(
    records.begin(), records.end(), durable_event_ + 1,
    [](const journal_record& x, std::uint64_t local) { return x.local < local; });
  for (; fresh != records.end(); ++fresh)
    put_event(out.changes, *fresh);
  out.events_upto = last_local_;
  out.state_seq = state_seq_;
  out.journal_seq = journal_seq_;
  out.waiters = std::exchange(waiters_, {});
  if (out.changes.empty())
    return out;
  // The version vector moves in the batch of what it describes, never ahead.
  const auto seen = [&](const stream_id& of, std::uint64_t seq) {
    if (seq > seen_.at(of))
      out.changes.put(family::meta, layout::stream_key(layout::seen_prefix, of),
                      layout::number(seq));
  };
  seen(state_stream_, out.state_seq);
  seen(journal_stream_, out.journal_seq);
  if (stamps_.wants_bound(clocks_.wall(), now)) {
    out.bound = stamps_.next_bound(clocks_.wall(), now);
    out.changes.put(family::meta, std::string{layout::bound_key},
                    layout::number(out.bound->raw));
  }
  return out;
}

void local_store::commit(mono_ns now, bool with_counters) {
  taken x;
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    commit_at_ = never;
    x = take(now, with_counters);
  }
  status ok;
  const auto begun = clocks_.mono();
  if (!x.changes.empty())
    ok = disk_->commit(x.changes, true);
  if (!ok)
    return failed(x, ok.why());
  {
    std::lock_guard lock{mutex_};
    const auto ended = clocks_.mono();
    if (!x.changes.empty()) {
      stats_.last_commit_us = static_cast<std::uint64_t>((ended - begun) / 1000);
      stats_.max_commit_us = std::max(stats_.max_commit_us, stats_.last_commit_us);
      ++stats_.commits;
    }
    last_commit_end_ = ended;
    if (ended - reopened_at_ > calm)
      retry_pause_ = 0;
    last_company_ = x.waiters.size();
    settle(x, then);
    watch_clock(then);
    const auto bytes = disk_->stats().bytes;
    spent(bytes - std::exchange(engine_bytes_, bytes), ended, then);
  }
  for (auto& done : x.waiters)
    then.waiters.emplace_back(std::move(done), status{});
  deliver(then);
}

void local_store::settle(taken& x, aftermath& then) {
  in_flight_.clear();
  seen_.raise(state_stream_, x.state_seq);
  seen_.raise(journal_stream_, x.journal_seq);
  durable_event_ = std::max(durable_event_, x.events_upto);
  if (x.bound)
    stamps_.persisted(*x.bound);
  for (const auto& [key, told] : x.counters) {
    auto& counter = counters_[key];
    counter.durable = std::max(counter.durable, told);
    counter.engine_wants = counter.told > told;
  }
  for (const auto& [address, superseded] : x.keys) {
    const auto table = slots_.find(address.first);
    if (table == slots_.end())
      continue;
    const auto found = table->second.find(address.second);
    if (found == table->second.end())
      continue;
    collect(address, found->second);
  }
  if (stats_.lost_events > told_lost_) {
    const auto lost = stats_.lost_events - std::exchange(told_lost_, stats_.lost_events);
    note(severity::warning, "gap",
         fmt::format("{} journal events were dropped: {} waited for the disk already", lost,
                     options_.max_pending_ops),
         then);
  }
}

void local_store::collect(const dirty_key& of, const slot_set& set) {
  if (set.size() == 1 && !set.front().second.deleted())
    return;
  // Alone, what is durable here is durable everywhere.
  const auto gone = collectable(set, seen_);
  if (gone.empty())
    return;
  auto& table = slots_[of.first];
  auto& mine = table[of.second];
  for (const auto& stream : gone) {
    const auto seq = find(mine, stream)->seq;
    collected_ops_.erase(family::slot, layout::slot_key(of.first, of.second, stream));
    collected_ops_.erase(family::byseq, layout::position_key(stream, seq));
    if (collected_.raise(stream, seq))
      collected_ops_.put(family::meta, layout::stream_key(layout::collected_prefix, stream),
                         layout::number(seq));
  }
  std::erase_if(mine, [&](const auto& x) {
    return std::find(gone.begin(), gone.end(), x.first) != gone.end();
  });
  if (mine.empty())
    table.erase(of.second);
}

void local_store::collect_all() {
  for (auto& [kind, table] : slots_) {
    std::vector<std::string> keys;
    for (const auto& [key, set] : table)
      if (set.size() > 1 || set.front().second.deleted())
        keys.push_back(key);
    for (const auto& key : keys)
      collect({kind, key}, table[key]);
  }
}

// --- check points --------------------------------------------------------

void local_store::checkpoint(mono_ns now) {
  ring_checkpoint content;
  std::vector<std::pair<std::string, std::uint64_t>> told;
  {
    std::lock_guard lock{mutex_};
    ring_at_ = never;
    last_ring_ = now;
    content = ring_content();
    content.bound = stamps_.next_bound(clocks_.wall(), now);
    for (const auto& [key, x] : counters_)
      told.emplace_back(key, x.told);
  }
  content.number = ++ring_number_;
  const auto pages = encode(content);
  status ok;
  for (const auto& page : pages.pages) {
    ok = ring_->write(ring_next_, page);
    if (!ok)
      break;
    ring_next_ = (ring_next_ + 1) % ring_pages;
  }
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (ok) {
      stamps_.persisted(content.bound);
      if (pages.left_out == 0)
        for (const auto& [key, count] : told)
          counters_[key].durable = std::max(counters_[key].durable, count);
      else if (counters_at_ != never) // the engine holds what the ring cannot
        counters_at_ = std::min(counters_at_, later(now, milliseconds{60'000}));
      spent(pages.pages.size() * ring_page_cost, clocks_.mono(), then);
      if (std::exchange(ring_trouble_, false))
        note(severity::notice, "restore",
             fmt::format("counter ring {} takes check points again", options_.ring_path),
             then);
    } else {
      ring_at_ = later(now, std::max(options_.checkpoint_every, milliseconds{1000}));
      counters_at_ = std::min(counters_at_, later(now, milliseconds{60'000}));
      if (!std::exchange(ring_trouble_, true))
        note(severity::alarm, "alarm",
             fmt::format("counter ring {}: {}. Counters go to the database once a "
                         "minute until it takes pages again",
                         options_.ring_path, to_string(ok.why())),
             then);
    }
  }
  deliver(then);
}

void local_store::spent(std::uint64_t bytes, mono_ns now, aftermath& then) {
  flash_.spend(bytes, now);
  stats_.bytes_written += bytes;
  if (!flash_.used_up(now)) {
    if (flash_.slowdown(now) == 1)
      budget_told_ = false;
    return;
  }
  if (std::exchange(budget_told_, true))
    return;
  note(severity::alarm, "alarm",
       fmt::format("flash budget used up: {} MB per day are being written, the limit is {} "
                   "MB. Check points and ordinary events wait up to {} times longer; raise "
                   "flash-bytes-per-day or find what writes so often",
                   flash_.bytes_per_day(now) >> 20, flash_.limit() >> 20,
                   flash_budget::max_slowdown),
       then);
}

void local_store::watch_clock(aftermath& then) {
  const auto difference = clocks_.wall() - clocks_.mono() / 1'000'000;
  const auto step = difference - std::exchange(wall_minus_mono_, difference);
  if (step > 60'000 || step < -60'000)
    note(severity::notice, "gap",
         fmt::format("the wall clock was set {} s {}; stamps go on without a step back",
                     std::abs(step) / 1000, step < 0 ? "back" : "forward"),
         then);
}

// --- trouble -------------------------------------------------------------

void local_store::failed(taken& x, error why) {
  aftermath then;
  const error told{errc::indeterminate,
                   fmt::format("{} ({}): the write may or may not come back after the "
                               "store has reopened; look, then repeat it",
                               to_string(why), disk_->where())};
  const auto now = clocks_.mono();
  (void)disk_->close();
  {
    std::lock_guard lock{mutex_};
    for (auto& done : x.waiters)
      then.waiters.emplace_back(std::move(done), told);
    trimmed_keys_.insert(trimmed_keys_.end(), x.trimmed.begin(), x.trimmed.end());
    for (const auto& [key, count] : x.counters)
      counters_[key].engine_wants = true;
    note(severity::alarm, "alarm",
         fmt::format("write error at {}: {}. {} waiting writers were told that the outcome "
                     "is open",
                     disk_->where(), to_string(why), x.waiters.size()),
         then);
    if (reopened_at_ != 0 && now - reopened_at_ < calm) {
      degrade(why, then);
      reopened_at_ = 0;
    }
  }
  deliver(then);
  bool wait = false;
  {
    std::lock_guard lock{mutex_};
    wait = degraded_;
  }
  if (!wait)
    recover();
}

void local_store::degrade(const error& why, aftermath& then) {
  retry_pause_ = retry_pause_ == 0 ? first_retry : std::min(longest_retry, retry_pause_ * 2);
  retry_at_ = clocks_.mono() + retry_pause_;
  degraded_code_ = why.code;
  stats_.degraded_why
    = fmt::format("The store at {} takes no configuration now: {}. Values, counters and "
                  "rules go on in RAM. {}",
                  disk_->where(), to_string(why), way_out(why.code));
  if (!std::exchange(degraded_, true))
    note(severity::alarm, "alarm", stats_.degraded_why, then);
  for (auto& done : std::exchange(waiters_, {}))
    then.waiters.emplace_back(
      std::move(done),
      error{errc::indeterminate, fmt::format("not stored yet. {}", stats_.degraded_why)});
}

void local_store::recover() {
  aftermath then;
  if (auto ok = reopen(then); !ok) {
    (void)disk_->close();
    std::lock_guard lock{mutex_};
    degrade(ok.why(), then);
  } else {
    reopened_at_ = clocks_.mono();
    std::lock_guard lock{mutex_};
    ++stats_.reopens;
    retry_at_ = never;
    degraded_ = false;
    stats_.degraded_why.clear();
    note(severity::notice, "restore",
         fmt::format("store at {} writes again; new stream {}", disk_->where(),
                     to_string(state_stream_)),
         then);
    ask_commit(clocks_.mono());
  }
  deliver(then);
}

status local_store::reopen(aftermath& then) {
  auto opened = disk_->open(access::read_write);
  auto from = opened ? load(*disk_, node_) : result<image>{opened.why()};
  if (from)
    return begin(std::move(*from), {}, {}, then);
  if (from.why().code != errc::corrupt)
    return from.why();
  // RAM still has everything: the new database starts with all of it.
  image present;
  auto moved = disk_->move_aside();
  if (!moved)
    return moved.why();
  {
    std::lock_guard lock{mutex_};
    present.slots = slots_;
    present.events = events_;
    present.seen = seen_;
    present.seen.raise(state_stream_, state_seq_);
    present.seen.raise(journal_stream_, journal_seq_);
    present.collected = collected_;
    present.boot = boot_;
    present.bound = stamps_.bound();
    note(severity::alarm, "alarm",
         fmt::format("database damaged ({}), moved to {}; written anew from RAM",
                     to_string(from.why()), *moved),
         then);
  }
  if (auto ok = disk_->open(access::read_write); !ok)
    return ok;
  auto all = store_all(present);
  return begin(std::move(present), std::move(all), {}, then);
}

} // namespace troupe::storage
