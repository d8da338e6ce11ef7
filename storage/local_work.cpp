#include "storage/features.hpp"
#include "storage/layout.hpp"
#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

namespace {

constexpr mono_ns first_retry = one_second;
constexpr mono_ns longest_retry = 60 * one_second;
/// A second write error so soon after a reopen is no accident.
constexpr mono_ns calm = 10 * one_second;
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
  at = std::min({at, push_at_, rename_at_, elsewhere_.due(), look_at_});
  if (const auto repeats = repeats_.due())
    at = std::min(at, *repeats);
  if (ring_at_ != never) // its plan may stand on a cover that ends
    at = std::min(at, cover_.until(clocks_.mono()));
  return at;
}

mono_ns local_store::work() {
  // A thread that sat in the disk for minutes was replaced, and is still there.
  std::unique_lock alone{working_, std::try_to_lock};
  if (!alone)
    return clocks_.mono() + one_second;
  bool commit_due = false;
  bool counters_due = false;
  bool ring_due = false;
  bool retry_due = false;
  bool rename_due = false;
  const auto now = clocks_.mono();
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return never;
    if (look_at_ <= now)
      look_at_clock(then);
    for (auto& x : repeats_.ended(now))
      add_event(std::move(x), then);
    for (auto& x : elsewhere_.late(now))
      then.waiters.emplace_back(std::move(x.done), std::move(x.how));
    if (push_at_ <= now) {
      push_at_ = never;
      stage_counters(then);
      then.news = true;
    }
    (void)watch_cover(now);
    rename_due = rename_at_ <= now;
    counters_due = !degraded_ && counters_at_ <= now;
    commit_due = !degraded_ && (commit_at_ <= now || counters_due);
    ring_due = ring_at_ <= now;
    retry_due = degraded_ && retry_at_ <= now;
  }
  deliver(then);
  if (retry_due)
    recover();
  if (rename_due)
    rename();
  if (commit_due)
    commit(now, counters_due);
  if (ring_due)
    checkpoint(now);
  std::lock_guard lock{mutex_};
  promised_ = next_due();
  return promised_;
}

// --- commit --------------------------------------------------------------

local_store::taken local_store::take(mono_ns now, bool with_counters, aftermath& then) {
  taken out;
  if (with_counters) {
    stage_counters(then);
    counters_at_ = never;
  }
  drop_old_events(1024);
  // The version vector moves in the batch of what it describes, never ahead (R5).
  auto state = data_.take_commit();
  out.changes = std::move(state.ops);
  out.seen = std::move(state.seen);
  for (const auto& x : data_.given(state_stream_))
    if (x.kind == slot_kind::ctr)
      out.counters.emplace_back(x.key, counters_[x.key].staged);
  out.trimmed = std::exchange(trimmed_keys_, {});
  for (const auto& key : out.trimmed)
    out.changes.erase(family::jrn, key);
  const auto& records = events_.records();
  auto fresh = std::lower_bound(
    records.begin(), records.end(), durable_event_ + 1,
    [](const journal_record& x, std::uint64_t local) { return x.local < local; });
  for (; fresh != records.end(); ++fresh)
    put_event(out.changes, *fresh);
  out.events_upto = last_local_;
  for (const auto& [of, seq] : journals_.items())
    if (journals_told_.raise(of, seq))
      out.changes.put(family::meta, layout::stream_key(layout::seen_prefix, of),
                      layout::number(seq));
  out.journals = journals_;
  out.waiters = std::exchange(waiters_, {});
  if (out.changes.empty())
    return out;
  if (format_ < layout::format && is_on(journal_times)) {
    out.format = layout::format;
    out.changes.put(family::meta, std::string{layout::format_key}, layout::number(out.format));
  }
  if (stamps_.wants_bound(wall(), now)) {
    out.bound = stamps_.next_bound(wall(), now);
    out.changes.put(family::meta, std::string{layout::bound_key},
                    layout::number(out.bound->raw));
  }
  if (with_counters || out.bound)
    put_age(out.changes, now);
  return out;
}

void local_store::commit(mono_ns now, bool with_counters) {
  taken x;
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    commit_at_ = never;
    x = take(now, with_counters, then);
  }
  deliver(then);
  then = {};
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
    const auto bytes = disk_->stats().bytes;
    spent(bytes - std::exchange(engine_bytes_, bytes), ended, then);
  }
  deliver(then);
}

void local_store::settle(taken& x, aftermath& then) {
  const bool grew = !data_.durable().covers(x.seen);
  data_.settle(x.seen);
  if (!clustered_)
    data_.collect(data_.durable()); // what is durable here is durable everywhere
  else
    then.news = then.news || grew; // peers may wait for it
  durable_event_ = std::max(durable_event_, x.events_upto);
  journals_durable_.join(x.journals);
  auto others = member_names();
  std::erase(others, options_.node);
  const auto until = clocks_.mono() + std::chrono::nanoseconds{options_.peer_ack}.count();
  for (auto& w : x.waiters)
    for (auto& told : elsewhere_.add(std::move(w.done), w.need, w.of, w.seq, until, others))
      then.waiters.emplace_back(std::move(told.done), std::move(told.how));
  x.waiters.clear();
  if (x.bound)
    stamps_.persisted(*x.bound);
  format_ = std::max(format_, x.format);
  for (const auto& [key, told] : x.counters) {
    auto& counter = counters_[key];
    counter.durable = std::max(counter.durable, told);
    counter.engine_wants = counter.told > told || counter.restate;
  }
  if (stats_.lost_events > told_lost_) {
    const auto lost = stats_.lost_events - std::exchange(told_lost_, stats_.lost_events);
    note(severity::warning, "gap",
         fmt::format("{} journal events were dropped: {} waited for the disk already", lost,
                     options_.max_pending_ops),
         then);
  }
}

// --- check points --------------------------------------------------------

mono_ns local_store::next_page(mono_ns now) const {
  const bool covered = !cover_.by(now).empty();
  return std::max(now, later(last_ring_, check_point_period(covered, options_.checkpoint_every, options_.covered_checkpoint_every)));
}

/// Whatever waits for a page under a cover that has ended gets it when it would have without.
/// @returns whether that is sooner than was planned
bool local_store::watch_cover(mono_ns now) {
  const auto planned = ring_at_;
  if (planned != never)
    ring_at_ = std::min(planned, next_page(now));
  return ring_at_ < planned;
}

void local_store::checkpoint(mono_ns now) {
  ring_checkpoint content; // of the stream of now
  std::vector<std::pair<std::string, std::uint64_t>> told;
  {
    std::lock_guard lock{mutex_};
    ring_at_ = never;
    last_ring_ = now;
    content = ring_content();
    content.bound = stamps_.next_bound(wall(), now);
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

// --- trouble -------------------------------------------------------------

void local_store::failed(taken& x, error why) {
  aftermath then;
  const auto now = clocks_.mono();
  (void)disk_->close();
  {
    std::lock_guard lock{mutex_};
    data_.give_back();
    journals_told_ = journals_durable_;
    trimmed_keys_.insert(trimmed_keys_.end(), x.trimmed.begin(), x.trimmed.end());
    note(severity::alarm, "alarm",
         fmt::format("write error at {}: {}. Opened anew and written again; {} writers wait",
                     disk_->where(), to_string(why), x.waiters.size()),
         then);
    waiters_.insert(waiters_.begin(), std::make_move_iterator(x.waiters.begin()),
                    std::make_move_iterator(x.waiters.end()));
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
  for (auto& w : std::exchange(waiters_, {}))
    then.waiters.emplace_back(
      std::move(w.done),
      error{errc::indeterminate, fmt::format("works now, and is not stored yet. {}", stats_.degraded_why)});
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
         fmt::format("store at {} writes again", disk_->where()),
         then);
    ask_commit(clocks_.mono());
  }
  deliver(then);
}

status local_store::reopen(aftermath& then) {
  auto opened = disk_->open(access::read_write);
  if (opened)
    opened = disk_->verify();
  if (!opened && opened.why().code != errc::corrupt)
    return opened;
  if (!opened) {
    auto to = disk_->move_aside();
    if (!to)
      return to.why();
    start_anew(to_string(opened.why()), *to, then); // also if the new one cannot be opened now
    if (auto ok = disk_->open(access::read_write); !ok)
      return ok;
  }
  batch first;
  hlc bound;
  {
    std::lock_guard lock{mutex_};
    bound = stamps_.next_bound(wall(), clocks_.mono());
    put_names(first, {state_stream_, journal_stream_}, bound);
    put_age(first, clocks_.mono());
  }
  if (auto ok = disk_->commit(first, true); !ok)
    return ok;
  std::lock_guard lock{mutex_};
  stamps_.persisted(bound);
  return {};
}

/// RAM still has everything: the new database gets all of it.
void local_store::start_anew(const std::string& why, const std::string& moved, aftermath& then) {
  std::lock_guard lock{mutex_};
  data_.forget_engine();
  durable_event_ = 0;
  journals_durable_ = journals_told_ = {};
  trimmed_keys_.clear();
  for (auto& [key, x] : counters_)
    x.durable = 0;
  note(severity::alarm, "alarm",
       fmt::format("database damaged ({}), moved to {}; written anew from RAM", why, moved), then);
}

} // namespace troupe::storage
