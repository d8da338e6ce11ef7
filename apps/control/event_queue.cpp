#include "apps/control/event_queue.hpp"

namespace troupe::control {

std::string dump(const nlohmann::json& x) {
  return x.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

event_queue::event_queue(std::size_t max_events, std::size_t max_bytes)
  : max_events_(max_events), max_bytes_(max_bytes) {
}

bool event_queue::push(std::string kind, const nlohmann::json& data) {
  event e{std::move(kind), dump(data)};
  std::function<void()> wake;
  {
    std::lock_guard lock{mutex_};
    if (ended_ || left_at_ != 0)
      return false;
    if (events_.empty())
      wake = wake_;
    enqueue(std::move(e));
  }
  if (wake)
    wake();
  return true;
}

void event_queue::end(const std::string& why) {
  std::function<void()> wake;
  {
    std::lock_guard lock{mutex_};
    if (ended_ || left_at_ != 0)
      return;
    enqueue({"end", dump({{"why", why}})});
    ended_ = true;
    wake = wake_;
  }
  if (wake)
    wake();
}

void event_queue::enqueue(event e) {
  bytes_ += e.data.size();
  events_.push_back(std::move(e));
  // The newest always stays: one event larger than the bound is still told.
  while (events_.size() > 1 && (events_.size() > max_events_ || bytes_ > max_bytes_)) {
    bytes_ -= events_.front().data.size();
    events_.pop_front();
    ++dropped_;
  }
}

void event_queue::on_close(std::function<void()> what) {
  {
    std::lock_guard lock{mutex_};
    if (left_at_ == 0) {
      on_close_ = std::move(what);
      return;
    }
  }
  if (what)
    what();
}

std::vector<event_queue::event> event_queue::take(std::size_t most) {
  std::vector<event> result;
  std::lock_guard lock{mutex_};
  if (dropped_ > 0) {
    result.push_back({"dropped", dump({{"events", dropped_}})});
    dropped_ = 0;
  }
  while (!events_.empty() && result.size() < most) {
    bytes_ -= events_.front().data.size();
    result.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  return result;
}

void event_queue::set_wake(std::function<void()> wake) {
  std::lock_guard lock{mutex_};
  wake_ = std::move(wake);
}

void event_queue::leave(mono_ns now) {
  std::function<void()> what;
  {
    std::lock_guard lock{mutex_};
    if (left_at_ != 0)
      return;
    left_at_ = now == 0 ? 1 : now;
    events_.clear();
    bytes_ = 0;
    wake_ = nullptr;
    what = std::move(on_close_);
    on_close_ = nullptr;
  }
  if (what)
    what();
}

bool event_queue::finished() const {
  std::lock_guard lock{mutex_};
  return ended_ && events_.empty();
}

} // namespace troupe::control
