#include "storage/features.hpp"
#include "storage/local_store.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

// What time the local store takes it to be; the rule is node_clock.

namespace troupe::storage {

namespace {

constexpr mono_ns look_every = 5'000'000'000;
constexpr std::size_t most_not_correlated = 16;

std::string utc(wall_ms at) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(at / 1000)));
}

std::string in_words(const node_clock::change& x, bool corrects) {
  const char* by = x.quality == clock_quality::ntp    ? "known from the network"
                   : x.quality == clock_quality::peer ? "taken from other nodes"
                                                      : "set, by whom nobody knows";
  const auto off = x.now - x.before;
  if (off <= node_clock::step_ms && off >= -node_clock::step_ms)
    return fmt::format("the time is {}; it was right before", by);
  return fmt::format("the time is {}: {}, the clock said {}. Earlier events of this start are shown with corrected times{}", by,
                     utc(x.now), utc(x.before), corrects ? "" : " once all members can read that");
}

} // namespace

clock_quality local_store::machine_quality() const {
  if (!options_.synchronised)
    return options_.clock;
  return options_.synchronised() ? clock_quality::ntp : clock_quality::none;
}

wall_ms local_store::wall() const {
  return time_.wall(clocks_.wall(), clocks_.mono());
}

void local_store::look_at_clock(aftermath& then) {
  const auto now = clocks_.mono();
  if (options_.synchronised)
    look_at_ = now + look_every;
  const bool was_unknown = time_.quality() == clock_quality::none;
  const auto change = time_.look(machine_quality(), clocks_.wall(), now);
  stamps_.believe(time_.quality());
  if (was_unknown && time_.quality() != clock_quality::none)
    // What earlier runs left behind may bear times that this one had not reached yet.
    twin_ = twin_watch{std::max(wall(), stamps_.last().ms())};
  if (change)
    tell_clock_change(*change, then);
  while (!not_correlated_.empty() && is_on(journal_times)) {
    const auto late = not_correlated_.front();
    not_correlated_.pop_front();
    correlate(late, "the times of earlier events of this start are corrected now: all members can read it", then);
  }
}

bool local_store::is_on(std::string_view feature) const {
  // A node alone is all members itself.
  return !clustered_ || lookup(slot_kind::map, std::string{feature_prefix} + std::string{feature}).has_value();
}

void local_store::tell_clock_change(const node_clock::change& x, aftermath& then) {
  if (is_on(journal_times))
    return correlate(x, in_words(x, true), then);
  not_correlated_.push_back(x);
  if (not_correlated_.size() > most_not_correlated)
    not_correlated_.pop_front();
  note(severity::notice, "clock", in_words(x, false), then);
}

void local_store::correlate(const node_clock::change& x, std::string text, aftermath& then) {
  journal_event event;
  event.level = severity::notice;
  event.kind = "clock";
  event.subject = options_.node;
  event.text = std::move(text);
  event.at = x.now;
  event.mono = x.mono;
  event.clock = x.quality;
  event.correlates.emplace();
  event.correlates->before = x.before;
  for (const auto& of : ours_)
    if (of.is_journal() && of != journal_stream_)
      event.correlates->earlier.push_back(of);
  add_event(std::move(event), then);
}

void local_store::heard_clock(const std::string& peer, const clock_word& said) {
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    time_.heard(peer, said, clocks_.mono());
    look_at_clock(then);
    check_wake(then);
  }
  deliver(then);
}

} // namespace troupe::storage
