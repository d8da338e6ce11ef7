#include "cluster/transport/deadlines.hpp"

namespace troupe::cluster {

void deadlines::start(std::function<void()> due) {
  due_ = std::move(due);
  thread_ = std::thread{[this] { run(); }};
}

void deadlines::stop() {
  {
    const std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void deadlines::at(std::chrono::steady_clock::time_point when) {
  constexpr auto step = std::chrono::milliseconds{20};
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(when.time_since_epoch() / step.count())
                       * step.count();
  const std::lock_guard guard{mutex_};
  const auto [place, fresh] = times_.insert(std::chrono::steady_clock::time_point{rounded});
  if (fresh && place == times_.begin())
    changed_.notify_all();
}

void deadlines::run() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    if (times_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (std::chrono::steady_clock::now() < *times_.begin()) {
      changed_.wait_until(lock, *times_.begin());
      continue;
    }
    times_.erase(times_.begin());
    lock.unlock();
    due_();
    lock.lock();
  }
}

} // namespace troupe::cluster
