#include "storage/local_store.hpp"

#include <fmt/format.h>

#include <algorithm>

// The local store as other members see it.

namespace troupe::storage {

replica_port::summary local_store::summarize() const {
  std::lock_guard lock{mutex_};
  return {state_stream_, data_.seen(), data_.durable(), data_.collected(), journals_, data_.digests(),
          {wall(), time_.quality()}};
}

stream_range local_store::range(const stream_id& of, std::uint64_t after,
                                std::size_t max_bytes) const {
  std::lock_guard lock{mutex_};
  if (!of.is_journal())
    return data_.range(of, after, max_bytes);
  stream_range out;
  out.stream = of;
  out.after = after;
  out.upto = std::max(after, journals_.at(of));
  const auto& all = events_.records();
  // The newest are asked for most often, so from the back.
  auto i = all.end();
  for (auto back = all.rbegin(); back != all.rend(); ++back) {
    if (back->stream != of)
      continue;
    if (back->seq <= after)
      break;
    i = back.base() - 1;
  }
  std::size_t bytes = 0;
  for (; i != all.end(); ++i) {
    if (i->stream != of || i->seq <= after)
      continue;
    if (bytes >= max_bytes) {
      out.last = false;
      out.upto = out.slots.back().content.seq;
      break;
    }
    slot x;
    x.seq = i->seq;
    x.kind = slot_kind::jrn;
    x.stamp = i->stamp;
    x.payload = i->bytes;
    bytes += 48 + x.payload.size();
    out.slots.push_back({{}, std::move(x)});
  }
  return out;
}

backlog local_store::missing(const version_vector& known) const {
  std::lock_guard lock{mutex_};
  return data_.missing(known);
}

whole_state local_store::whole(const version_vector& known) const {
  std::lock_guard lock{mutex_};
  return data_.whole(known);
}

bool local_store::take(stream_range what) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return false;
    hear_stamps(what);
    watch_twin(what, then);
    if (what.stream.is_journal()) {
      if (!take_events(std::move(what), then))
        return false;
    } else {
      auto changed = data_.take(std::move(what));
      if (!changed)
        return false;
      after(*changed, false, then);
    }
    check_wake(then);
  }
  deliver(then);
  return true;
}

void local_store::take(whole_state what) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    for (const auto& x : what.items)
      stamps_.saw(x.content.stamp, wall());
    after(data_.take(std::move(what)), false, then);
    check_wake(then);
  }
  deliver(then);
}

std::size_t local_store::repair(std::vector<whole_state::item> slots) {
  aftermath then;
  std::size_t changed = 0;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return 0;
    const auto all = data_.repair(std::move(slots));
    changed = all.size();
    std::string names;
    for (const auto& x : all)
      names += (names.empty() ? "" : ", ") + x.at.key;
    if (changed > 0)
      note(severity::alarm, "alarm",
           fmt::format("replicas had diverged and were repaired at {} entries: {}", changed,
                       names.size() > 500 ? names.substr(0, 500) + " ..." : names),
           then);
    after(all, true, then);
    check_wake(then);
  }
  deliver(then);
  return changed;
}

/// Tells and schedules what foreign slots have changed.
void local_store::after(const replica::changes& all, bool rewritten, aftermath& then) {
  watch_own_streams();
  const auto now = clocks_.mono();
  mono_ns by = never;
  bool supplies = false;
  for (const auto& x : all) {
    const auto& [kind, key] = x.at;
    if (kind == slot_kind::ctr || kind == slot_kind::ovr) {
      join_counter(key);
      const bool may_wait = kind == slot_kind::ctr && !covers_news_of(key);
      by = std::min(by, later(now, may_wait ? options_.others_counters_sync : options_.others_sync));
      continue;
    }
    // Somebody may wait for a document to be safe here.
    by = std::min(by, kind == slot_kind::map ? now : later(now, options_.others_sync));
    supplies = supplies || (kind == slot_kind::map && key.starts_with(member_prefix));
    auto shown = lookup(kind, key);
    if (shown) {
      if (rewritten || x.before != replica::shown{shown->writer, shown->seq})
        then.entries.emplace_back(std::move(*shown), false);
    } else if (x.before) {
      entry gone;
      gone.kind = kind;
      gone.key = key;
      then.entries.emplace_back(std::move(gone), true);
    }
  }
  if (supplies)
    read_supplies();
  if (by != never)
    ask_commit(by);
  else if (data_.pending() > 0 || !data_.durable().covers(data_.seen()))
    ask_commit(later(now, options_.others_sync));
  then.news = true;
}

/// After a wipe the boots of this node began anew. Counters are ordered by them,
/// so a stream must have a higher boot than all that anybody remembers.
void local_store::watch_own_streams() {
  if (twin_.there() || rename_at_ != never)
    return; // two that run would outbid each other for ever
  for (const auto& [of, seq] : data_.seen().items())
    if (of.node == node_ && of.boot >= boot_ && !ours_.contains(of)) {
      constexpr unsigned at_once = 12; // as many members may tell of ever later runs
      const auto now = clocks_.mono();
      rename_at_ = renames_ < at_once ? now : std::max(now, later(renamed_at_, milliseconds{5000}));
      return;
    }
}

void local_store::hear_stamps(const stream_range& x) {
  const auto now = wall();
  for (const auto& s : x.slots)
    stamps_.saw(s.content.stamp, now);
}

void local_store::watch_twin(const stream_range& x, aftermath& then) {
  if (x.stream.node != node_ || ours_.contains(x.stream) || x.slots.empty())
    return;
  if (twin_.saw(x.slots.back().content.stamp, clocks_.mono()))
    note(severity::alarm, "alarm",
         fmt::format("another machine runs under the name '{}': stream {} goes on while this node runs. Data stay whole, "
                     "but both drive what belongs to this name. Stop one of them; was a card cloned?",
                     options_.node, to_string(x.stream)),
         then);
}

bool local_store::take_events(stream_range what, aftermath& then) {
  const auto held = journals_.at(what.stream);
  if (what.after > held)
    return false;
  for (auto& x : what.slots) {
    if (x.content.seq <= held || x.content.kind != slot_kind::jrn)
      continue;
    if (last_local_ - durable_event_ >= options_.max_pending_ops)
      return false; // it will be told again
    journal_record record{++last_local_, what.stream, x.content.seq, 0, x.content.stamp,
                          std::move(x.content.payload)};
    auto event = record.event();
    event.uncertain = event.clock == clock_quality::none;
    record.at = std::max(event.at, wall()); // its clock may have been behind
    events_.add(std::move(record));
    then.events.push_back(std::move(event));
    journals_.raise(what.stream, x.content.seq);
  }
  journals_.raise(what.stream, what.upto);
  ask_commit(later(clocks_.mono(), options_.others_sync));
  if (events_.records().size() > options_.journal_events + options_.journal_events / 8 + 64)
    drop_old_events(64);
  return true;
}

std::vector<std::string> local_store::members() const {
  std::lock_guard lock{mutex_};
  return member_names();
}

void local_store::collect(const version_vector& stable, const std::optional<version_vector>& agreed) {
  std::lock_guard lock{mutex_};
  if (closed_ || !clustered_)
    return;
  auto everywhere = stable;
  everywhere.limit(data_.durable());
  data_.collect(everywhere);
  if (agreed && !new_disk(clocks_.mono()))
    fold_counters(*agreed);
}

void local_store::acknowledged(const std::string& peer, const version_vector& durable) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    for (auto& x : elsewhere_.acknowledged(peer, durable))
      then.waiters.emplace_back(std::move(x.done), std::move(x.how));
    cover_.acknowledged(peer, durable.at(state_stream_));
    if (watch_cover(clocks_.mono()))
      check_wake(then);
  }
  deliver(then);
}

void local_store::unreachable(const std::string& peer) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    time_.lost(peer);
    for (auto& x : elsewhere_.unreachable(peer))
      then.waiters.emplace_back(std::move(x.done), std::move(x.how));
    cover_.unreachable(peer);
    if (watch_cover(clocks_.mono()))
      check_wake(then);
  }
  deliver(then);
}

void local_store::compared_with_a_peer() {
  std::lock_guard lock{mutex_};
  settled_ = true;
}

std::vector<digest_row> local_store::digest_rows(std::size_t bucket) const {
  std::lock_guard lock{mutex_};
  return data_.digest_rows(bucket);
}

std::vector<whole_state::item>
local_store::slots_of(const std::vector<digest_row>& rows) const {
  std::lock_guard lock{mutex_};
  return data_.slots_of(rows);
}

void local_store::set_news(std::function<void()> news) {
  std::lock_guard lock{mutex_};
  news_ = std::move(news);
}

/// A stream with a boot above all that peers know of this node. Where the disk
/// refuses, its nonce alone must do (R2), as after a start.
void local_store::rename() {
  streams names;
  batch first;
  hlc bound;
  bool degraded = false;
  {
    std::lock_guard lock{mutex_};
    degraded = degraded_;
    std::uint32_t highest = boot_;
    for (const auto& [of, seq] : data_.seen().items())
      if (of.node == node_)
        highest = std::max(highest, of.boot);
    names = name_streams(highest);
    bound = stamps_.next_bound(wall(), clocks_.mono());
    lengthen_line(names.state);
    put_names(first, names, bound);
  }
  if (auto ok = degraded ? status{} : disk_->commit(first, true); !ok) {
    taken nothing;
    return failed(nothing, ok.why());
  }
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    rename_at_ = never;
    renamed_at_ = clocks_.mono();
    ++renames_;
    if (!degraded)
      stamps_.persisted(bound);
    const auto before = state_stream_;
    state_stream_ = names.state;
    journal_stream_ = names.journal;
    boot_ = names.state.boot;
    ours_.insert(names.state);
    ours_.insert(names.journal);
    move_counters(before);
    cover_.new_stream();
    (void)watch_cover(renamed_at_);
    note(severity::notice, "restore",
         fmt::format("other members remember this node up to start {}; goes on as stream {}",
                     boot_ - 1, to_string(state_stream_)),
         then);
    push_at_ = counters_at_ = clocks_.mono();
    then.news = true;
    check_wake(then);
  }
  deliver(then);
}

} // namespace troupe::storage
