#include "actors/bus/port.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

input_port::input_port(std::size_t ring_edges, const clock_source& clocks)
  : clocks_(clocks), bound_(ring_edges) {}

void input_port::set_waker(waker who) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    waker_ = std::move(who);
    if (news_)
      call = waker_;
  }
  wake(call);
}

void input_port::on_edge(const drivers::edge& x) noexcept {
  waker call;
  {
    std::lock_guard lock{mutex_};
    ++(x.level ? now_.rising : now_.falling);
    now_.level = x.level;
    now_.last_edge_at = x.at;
    now_.last_sequence = x.sequence;
    push(x);
    call = note_news();
  }
  wake(call);
}

void input_port::on_gap(const drivers::gap& x) noexcept {
  waker call;
  {
    std::lock_guard lock{mutex_};
    now_.missed_at_most += x.missed_at_most;
    ++now_.gaps;
    now_.level = x.level;
    call = note_news();
  }
  wake(call);
}

void input_port::on_lost(const error& why) noexcept {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (now_.open)
      closed_at_ = clocks_.mono();
    now_.open = false;
    now_.trouble = why;
    call = note_news();
  }
  wake(call);
}

void input_port::opened(std::optional<bool> level, std::uint64_t seen, double max_rate_hz,
                        mono_ns now) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (closed_at_ != 0) {
      const double seconds = static_cast<double>(std::max<mono_ns>(now - closed_at_, 0)) / 1e9;
      now_.missed_at_most += static_cast<std::uint64_t>(std::floor(seconds * max_rate_hz)) + 1;
      ++now_.gaps;
      closed_at_ = 0;
    }
    now_.open = true;
    now_.trouble = {};
    now_.sample_trouble = {};
    ++now_.openings;
    if (level && now_.edges() == seen)
      now_.level = level;
    call = note_news();
  }
  wake(call);
}

void input_port::closed(const error& why, mono_ns now) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (now_.open)
      closed_at_ = now;
    const bool news = now_.open || now_.trouble != why;
    now_.open = false;
    now_.trouble = why;
    if (news)
      call = note_news();
  }
  wake(call);
}

void input_port::sampled(const result<double>& x, mono_ns now) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (x) {
      now_.sample = *x;
      now_.sampled_at = now;
      ++now_.samples;
      now_.sample_trouble = {};
    } else {
      now_.sample_trouble = x.why();
    }
    call = note_news();
  }
  wake(call);
}

input_port::tally input_port::drain(std::vector<drivers::edge>& edges) {
  edges.clear();
  std::lock_guard lock{mutex_};
  if (first_ != 0)
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(first_), ring_.end());
  first_ = 0;
  // Swapped, not copied: the consumer's vector becomes the next ring, and no
  // memory moves once both have grown.
  ring_.swap(edges);
  news_ = false;
  return now_;
}

input_port::tally input_port::look() const {
  std::lock_guard lock{mutex_};
  return now_;
}

waker input_port::note_news() {
  if (news_)
    return {};
  news_ = true;
  return waker_;
}

void input_port::push(const drivers::edge& x) {
  if (bound_ == 0)
    return;
  if (ring_.size() < bound_) {
    ring_.push_back(x);
    return;
  }
  ring_[first_] = x;
  first_ = (first_ + 1) % bound_;
  ++now_.dropped;
}

} // namespace troupe
