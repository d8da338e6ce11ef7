#include "drivers/gpio/edge_track.hpp"

#include "drivers/gpio/gaps.hpp"

#include <algorithm>
#include <utility>

namespace troupe::drivers::gpio {

namespace {

bool wants(edge_kind kind, bool rising) {
  return kind == edge_kind::both
         || kind == (rising ? edge_kind::rising : edge_kind::falling);
}

} // namespace

edge_track::edge_track(const line_config& config, const abilities& api, bool debounced_here,
                       bool level_now, edge_sink& sink, probe level_now_of)
    : wanted_(config.edges), max_rate_hz_(config.max_rate_hz), numbered_(api.numbers),
      buffer_events_(api.buffer_events),
      period_(std::chrono::nanoseconds{config.debounce}.count()), sink_(sink),
      level_now_(std::move(level_now_of)) {
  if (debounced_here)
    debouncer_.emplace(config.debounce, level_now);
}

void edge_track::on_events(std::span<const raw_event> events, mono_ns read_at) {
  for (const auto& event : events) {
    disagrees_.reset();
    ++since_drained_;
    if (numbered_)
      check_number(event);
    if (debouncer_) {
      if (const auto certain = debouncer_->on_edge(event.level, event.at))
        tell(*certain);
    } else {
      check_alternation(event);
      tell({event.level, event.at, event.sequence});
    }
    last_ = event;
  }
  if (numbered_ || events.size() < buffer_events_)
    return;
  // The buffer was full, so events after the last one we got may be missing. If the
  // owner's promise was broken before our eyes, twice what we saw replaces it:
  // a train is rarely at its quickest in its first 16 edges.
  const auto from = events.back().at;
  const auto seen = densest_rate_hz(events);
  const auto rate = seen > max_rate_hz_ ? 2 * seen : max_rate_hz_;
  auto missed = missed_by_rate(from, read_at, rate);
  if (debouncer_) {
    // An edge that counts stands for a period: what bounced meanwhile does not.
    const auto periods = std::max<mono_ns>(read_at - from, 0) / period_;
    missed = std::min(missed, static_cast<std::uint64_t>(periods));
    debouncer_->disturb(read_at);
  }
  if (missed > 0)
    tell_gap(missed, read_at);
}

void edge_track::on_drained(mono_ns now) {
  if (debouncer_) {
    const auto due = debouncer_->deadline();
    if (due && *due <= now)
      if (const auto level = level_now_())
        if (const auto certain = debouncer_->settle(now, *level))
          tell(*certain);
  } else if (wanted_ == edge_kind::both && last_) {
    const bool burst = std::exchange(since_drained_, 0) > 1;
    if (burst
        || (disagrees_ && now >= *disagrees_ + std::chrono::nanoseconds{grace}.count())) {
      const auto level = level_now_();
      if (!level || *level == last_->level)
        disagrees_.reset();
      else if (!disagrees_)
        disagrees_ = now;
      else
        tell_gap(missed_by_rate(last_->at, now, max_rate_hz_), now);
    }
  }
}

std::optional<mono_ns> edge_track::deadline() const {
  if (debouncer_)
    return debouncer_->deadline();
  if (disagrees_)
    return *disagrees_ + std::chrono::nanoseconds{grace}.count();
  return std::nullopt;
}

void edge_track::tell(const edge& e) {
  if (wants(wanted_, e.level))
    sink_.on_edge(e);
}

void edge_track::tell_gap(std::uint64_t missed, mono_ns at) {
  disagrees_.reset();
  // Unreadable means that the chip has gone, which its descriptor tells next.
  const auto level =
    debouncer_ ? debouncer_->level() : level_now_().value_or(last_ ? last_->level : false);
  sink_.on_gap({missed, level, at});
  // What is still waiting may be older than the level just read: the next edge
  // cannot be held against it.
  last_.reset();
}

void edge_track::check_number(const raw_event& event) {
  const auto missed = missed_by_number(number_, event.sequence);
  if (!missed) {
    tell_gap(last_ ? missed_by_rate(last_->at, event.at, max_rate_hz_) : 1, event.at);
  } else if (*missed > 0) {
    tell_gap(*missed, event.at);
  }
  number_ = event.sequence;
}

void edge_track::check_alternation(const raw_event& event) {
  if (wanted_ != edge_kind::both || !last_ || last_->level != event.level)
    return;
  // Between two equal edges lies at least one other.
  tell_gap(missed_by_rate(last_->at, event.at, max_rate_hz_), event.at);
}

} // namespace troupe::drivers::gpio
