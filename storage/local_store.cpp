#include "storage/local_store.hpp"

#include "storage/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::storage {

local_store::local_store(std::unique_ptr<engine> disk, store_options options,
                         const clock_source& clocks)
  : options_(std::move(options)), clocks_(clocks), node_(node_hash(options_.node)),
    disk_(std::move(disk)), cover_(options_.cover_within), flash_(options_.flash_bytes_per_day, clocks.mono()) {}

local_store::~local_store() {
  if (started_)
    (void)close();
}

result<std::unique_ptr<replicated_store>>
replicated_store::open(std::unique_ptr<engine> disk, store_options options,
                       const clock_source& clocks) {
  auto out = std::make_unique<local_store>(std::move(disk), std::move(options), clocks);
  if (auto ok = out->start(); !ok)
    return ok.why();
  return std::unique_ptr<replicated_store>{std::move(out)};
}

// --- documents -----------------------------------------------------------

std::optional<entry> local_store::view(slot_kind kind, const std::string& key,
                                       const slot_set& slots) const {
  const auto shown = kind == slot_kind::own ? read_own(slots) : read_map(slots);
  if (!shown)
    return {};
  entry out;
  out.kind = kind;
  out.key = key;
  out.payload = shown->payload;
  out.stamp = shown->stamp;
  out.writer = shown->writer;
  out.seq = shown->seq;
  out.conflict = shown->conflict;
  out.restored = at_open_.at(shown->writer) >= shown->seq;
  return out;
}

std::optional<entry> local_store::lookup(slot_kind kind, const std::string& key) const {
  const auto* slots = data_.find(kind, key);
  return slots ? view(kind, key, *slots) : std::nullopt;
}

status local_store::refuse(slot_kind kind, const std::string& key, std::size_t size) const {
  if (kind != slot_kind::map && kind != slot_kind::own)
    return error{errc::invalid_argument,
                 fmt::format("{}: entries of kind {} are not written as documents", key,
                             to_string(kind))};
  if (key.empty() || key.size() > max_key_bytes || key.find('\0') != std::string::npos)
    return error{errc::invalid_argument,
                 fmt::format("a store key has 1 to {} bytes and no NUL, this one {} bytes",
                             max_key_bytes, key.size())};
  if (size > max_payload_bytes)
    return error{errc::over_limit, fmt::format("{}: {} bytes, an entry has at most {}", key,
                                               size, max_payload_bytes)};
  if (closed_)
    return error{errc::closed, fmt::format("{}: the store is closed", key)};
  if (degraded_ && kind == slot_kind::map)
    return error{degraded_code_,
                 fmt::format("{}: not stored. {}", key, stats_.degraded_why)};
  if (pending() >= options_.max_pending_ops)
    return error{errc::over_limit,
                 fmt::format("{}: {} operations wait for the disk already, the limit is {}; "
                             "try again when it has caught up",
                             key, pending(), options_.max_pending_ops)};
  return {};
}

status local_store::put(slot_kind kind, const std::string& key, std::string payload,
                        on_durable done, ack need) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (auto ok = refuse(kind, key, payload.size()); !ok)
      return ok;
    const auto present = lookup(kind, key);
    // The same again changes nothing and wears no flash, unless it settles a
    // conflict or what it repeats is not safe yet.
    const bool same = present && !present->conflict && present->payload == payload
                      && !data_.unsettled({kind, key}, state_stream_);
    if (!same) {
      write_slot(kind, key, std::move(payload), 0);
      if (kind == slot_kind::map && key.starts_with(member_prefix))
        read_supplies();
      if (auto now = lookup(kind, key))
        then.entries.emplace_back(std::move(*now), false);
    }
    const auto now = clocks_.mono();
    if (done)
      add_waiter(std::move(done), kind == slot_kind::own && need == ack::usual ? ack::local : need);
    then.news = !same;
    if (kind == slot_kind::own && !same)
      ask_commit(later(now, options_.journal_sync));
    else if (kind == slot_kind::map && !same && waiters_.empty())
      ask_commit(now);
    check_wake(then);
  }
  deliver(then);
  return {};
}

status local_store::erase(slot_kind kind, const std::string& key, on_durable done, ack need) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (auto ok = refuse(kind, key, 0); !ok)
      return ok;
    auto gone = lookup(kind, key);
    if (!gone)
      return error{errc::not_found, fmt::format("{}: no such entry", key)};
    write_slot(kind, key, {}, slot::deleted_flag);
    if (kind == slot_kind::map && key.starts_with(member_prefix))
      read_supplies();
    then.entries.emplace_back(std::move(*gone), true);
    then.news = true;
    const auto now = clocks_.mono();
    if (done)
      add_waiter(std::move(done), kind == slot_kind::own && need == ack::usual ? ack::local : need);
    else
      ask_commit(kind == slot_kind::own ? later(now, options_.journal_sync) : now);
    check_wake(then);
  }
  deliver(then);
  return {};
}

std::optional<entry> local_store::get(slot_kind kind, const std::string& key) const {
  std::lock_guard lock{mutex_};
  return lookup(kind, key);
}

std::vector<entry> local_store::list(slot_kind kind, const std::string& prefix) const {
  std::vector<entry> out;
  std::lock_guard lock{mutex_};
  const auto* table = data_.all(kind);
  if (!table)
    return out;
  for (auto i = table->lower_bound(prefix); i != table->end(); ++i) {
    if (!i->first.starts_with(prefix))
      break;
    if (auto x = view(kind, i->first, i->second.slots))
      out.push_back(std::move(*x));
  }
  return out;
}

void local_store::write_slot(slot_kind kind, const std::string& key, std::string payload,
                             std::uint8_t flags) {
  if (kind == slot_kind::own) {
    const auto* slots = data_.find(kind, key);
    payload = own_payload(slots ? ballot_after(*slots, state_stream_, boot_) : boot_, payload);
  }
  data_.write({kind, key}, state_stream_, stamp(), std::move(payload), flags);
  cover_.wrote(data_.seen().at(state_stream_), clocks_.mono());
}

std::vector<std::string> local_store::member_names() const {
  std::vector<std::string> out;
  const auto* table = data_.all(slot_kind::map);
  if (!table)
    return out;
  for (auto i = table->lower_bound(member_prefix); i != table->end() && i->first.starts_with(member_prefix); ++i)
    if (read_map(i->second.slots))
      out.push_back(i->first.substr(member_prefix.size()));
  return out;
}

/// What members say of their power, after any of it has changed.
void local_store::read_supplies() {
  const auto before = std::exchange(supplies_, {});
  std::map<std::string, power_supply> by_name;
  for (const auto& name : member_names()) {
    const auto document = lookup(slot_kind::map, std::string{member_prefix} + name);
    const auto read = before.find(name);
    auto& x = supplies_[name];
    if (read != before.end() && read->second.document == document->payload)
      x = read->second;
    else
      x = {document->payload, node_hash(name), read_power(document->payload)};
    by_name.emplace(name, x.says);
  }
  cover_.supplies(options_.node, std::move(by_name));
  (void)watch_cover(clocks_.mono());
}

/// Nobody knows of one that is no member: the domain without a name.
power_supply local_store::supply_of(std::uint64_t node) const {
  for (const auto& [name, x] : supplies_)
    if (x.node == node)
      return x.says;
  return {};
}

/// Has a node that relies on this one counted something that is not on this disk?
bool local_store::covers_news_of(const std::string& counter) const {
  const auto own = supply_of(node_);
  const auto* slots = own.server ? data_.find(slot_kind::ctr, counter) : nullptr;
  return slots && std::any_of(slots->begin(), slots->end(), [&](const auto& x) {
           return x.first.node != node_ && x.second.seq > data_.durable().at(x.first) && covers(own, supply_of(x.first.node));
         });
}

hlc local_store::stamp() {
  return stamps_.tick(wall(), clocks_.mono());
}

void local_store::add_waiter(on_durable done, ack need) {
  const auto now = clocks_.mono();
  if (waiters_.empty())
    first_waiter_at_ = now;
  waiters_.push_back({std::move(done), need, state_stream_, data_.seen().at(state_stream_)});
  // While several writers keep coming, wait for as many as last time: one sync
  // then serves them all. A lone writer never waits.
  const auto patience = to_ns(options_.group_commit);
  const bool busy = now - last_commit_end_ < 4 * patience;
  if (!busy || waiters_.size() >= last_company_)
    ask_commit(now);
  else
    ask_commit(first_waiter_at_ + patience);
}

void local_store::ask_commit(mono_ns at) {
  commit_at_ = std::min(commit_at_, at);
}

std::size_t local_store::pending() const {
  return data_.pending() + waiters_.size() + static_cast<std::size_t>(last_local_ - durable_event_);
}

mono_ns local_store::later(mono_ns now, milliseconds period) const {
  return now + to_ns(period) * flash_.slowdown(now);
}

void local_store::check_wake(aftermath& then) {
  if (next_due() < promised_) {
    promised_ = next_due();
    then.wake = true;
  }
}

void local_store::deliver(aftermath& then) const {
  for (const auto& [x, erased] : then.entries)
    feed_.tell(x, erased);
  for (const auto& x : then.events)
    feed_.tell(x);
  for (const auto& [done, how] : then.waiters)
    done(how);
  if (!then.wake && !then.news)
    return;
  std::function<void()> wake;
  std::function<void()> news;
  {
    std::lock_guard lock{mutex_};
    if (then.wake)
      wake = wake_;
    if (then.news)
      news = news_;
  }
  if (news)
    news();
  if (wake)
    wake();
}

// --- journal -------------------------------------------------------------

void local_store::append(journal_event event) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    limit(event);
    look_at_clock(then);
    const auto now = clocks_.mono();
    if (event.at == 0)
      event.at = wall();
    if (event.mono == 0)
      event.mono = now;
    if (repeats_.offer(event, now))
      add_event(std::move(event), then);
    check_wake(then);
  }
  deliver(then);
}

void local_store::add_event(journal_event x, aftermath& then) {
  if (last_local_ - durable_event_ >= options_.max_pending_ops) {
    ++stats_.lost_events;
    return;
  }
  limit(x);
  const auto now = clocks_.mono();
  if (x.at == 0)
    x.at = wall();
  if (x.mono == 0)
    x.mono = now;
  if (!x.correlates)
    x.clock = time_.quality();
  x.uncertain = x.clock == clock_quality::none;
  x.seq = ++last_local_;
  x.boot = journal_stream_.boot;
  x.node = node_;
  journals_.raise(journal_stream_, journals_.at(journal_stream_) + 1);
  events_.add({x.seq, journal_stream_, journals_.at(journal_stream_), x.uncertain ? 0 : x.at, stamp(),
               encode(x)});
  ask_commit(x.level == severity::alarm ? now : later(now, options_.journal_sync));
  then.news = true;
  then.events.push_back(std::move(x));
  if (events_.records().size() > options_.journal_events + options_.journal_events / 8 + 64)
    drop_old_events(64);
}

void local_store::drop_old_events(std::size_t most) {
  // Who does not know the time does not know what is old.
  const bool dated = time_.quality() != clock_quality::none;
  const journal_retention keep{options_.journal_events, dated ? options_.journal_days : 0, 0};
  for (auto& x : events_.trim(keep, wall(), most)) {
    trimmed_keys_.push_back(layout::position_key(x.stream, x.seq));
  }
}

void local_store::note(severity level, std::string kind, std::string text,
                       aftermath& then) {
  journal_event x;
  x.level = level;
  x.kind = std::move(kind);
  x.subject = "store";
  x.text = std::move(text);
  add_event(std::move(x), then);
}

std::vector<journal_event> local_store::journal(const journal_query& query) const {
  std::lock_guard lock{mutex_};
  return events_.query(query);
}

std::shared_ptr<void>
local_store::on_change(slot_kind kind, const std::string& prefix,
                       std::function<void(const entry&, bool)> what) {
  return feed_.add(kind, prefix, std::move(what));
}

std::shared_ptr<void>
local_store::on_event(std::function<void(const journal_event&)> what) {
  return feed_.add(std::move(what));
}

store_stats local_store::stats() const {
  std::lock_guard lock{mutex_};
  auto out = stats_;
  const auto now = clocks_.mono();
  out.entries = data_.entries();
  out.pending_ops = pending();
  out.events = events_.records().size();
  out.event_bytes = events_.bytes();
  out.bytes_per_day = flash_.bytes_per_day(now);
  out.flash_limit_per_day = flash_.limit();
  out.slowdown = flash_.slowdown(now);
  out.degraded = degraded_;
  out.stream = to_string(state_stream_);
  out.clock = time_.quality();
  out.clock_sources = time_.sources();
  out.clock_ahead = wall() - clocks_.wall();
  out.covered_by = cover_.by(now);
  out.uncovered_why = cover_.why_not(now);
  out.checkpoint_every = check_point_period(!out.covered_by.empty(), options_.checkpoint_every, options_.covered_checkpoint_every)
                         * out.slowdown;
  for (const auto& name : member_names())
    if (name != options_.node && covers(supply_of(node_), supply_of(node_hash(name))))
      out.covers.push_back(name);
  return out;
}

void local_store::set_wake(std::function<void()> wake) {
  std::lock_guard lock{mutex_};
  wake_ = std::move(wake);
  promised_ = never;
}

} // namespace troupe::storage
