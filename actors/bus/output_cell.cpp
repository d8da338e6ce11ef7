#include "actors/bus/output_cell.hpp"

namespace troupe {

output_cell::output_cell(value safe, std::optional<value> initial, bool keep_at_stop)
  : safe_(std::move(safe)), initial_(std::move(initial)), keep_at_stop_(keep_at_stop) {}

void output_cell::set_waker(waker who) {
  std::lock_guard lock{mutex_};
  waker_ = std::move(who);
}

void output_cell::configure(value safe, std::optional<value> initial, bool keep_at_stop) {
  std::lock_guard lock{mutex_};
  safe_ = std::move(safe);
  initial_ = std::move(initial);
  keep_at_stop_ = keep_at_stop;
}

bool output_cell::keep_at_stop() const {
  std::lock_guard lock{mutex_};
  return keep_at_stop_;
}

bool output_cell::want(value wish, mono_ns guard) {
  std::lock_guard lock{mutex_};
  // A shorter guard is work too: the bus may sleep until the longer one.
  const bool news = now_.wanted != wish || now_.written != wish || guard < now_.guard;
  now_.wanted = std::move(wish);
  now_.guard = guard;
  return news;
}

output_cell::look output_cell::now() const {
  std::lock_guard lock{mutex_};
  return now_;
}

std::optional<value> output_cell::target(mono_ns now) const {
  std::lock_guard lock{mutex_};
  if (!now_.wanted)
    return initial_;
  return now < now_.guard ? *now_.wanted : safe_;
}

mono_ns output_cell::guard_at(mono_ns now) const {
  std::lock_guard lock{mutex_};
  if (!now_.wanted || *now_.wanted == safe_ || now_.guard <= now)
    return no_deadline;
  return now_.guard;
}

void output_cell::opened(std::optional<value> shows) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    now_.open = true;
    now_.trouble = {};
    now_.written = std::move(shows);
    call = waker_;
  }
  wake(call);
}

void output_cell::closed(const error& why) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (now_.open || now_.trouble != why)
      call = waker_;
    now_.open = false;
    now_.trouble = why;
    now_.written.reset();
    now_.level.reset();
  }
  wake(call);
}

void output_cell::disturbed() {
  std::lock_guard lock{mutex_};
  now_.written.reset();
}

void output_cell::wrote(const value& told, const status& how, bool guarded) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    const auto before = now_.trouble;
    if (how) {
      now_.written = told;
      ++now_.writes;
      now_.trouble = {};
    } else {
      now_.written.reset();
      now_.trouble = how.why();
    }
    if (guarded && how)
      ++now_.guarded;
    if (guarded || before != now_.trouble)
      call = waker_;
  }
  wake(call);
}

void output_cell::read_back(const value& level) {
  waker call;
  {
    std::lock_guard lock{mutex_};
    if (now_.level == level)
      return;
    now_.level = level;
    call = waker_;
  }
  wake(call);
}

value output_cell::safe() const {
  std::lock_guard lock{mutex_};
  return safe_;
}

} // namespace troupe
