#include "apps/daemon/chores.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

void chores::every(milliseconds pause, std::function<void()> job) {
  {
    std::lock_guard lock{mutex_};
    timed_.push_back({{}, clock::now() + pause, pause, std::move(job)});
  }
  more_.notify_all();
}

void chores::start() {
  thread_ = std::thread{[this] { work(); }};
}

void chores::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  more_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

bool chores::soon(std::function<void()> job) {
  {
    std::lock_guard lock{mutex_};
    if (stopping_ || jobs_.size() >= most)
      return false;
    jobs_.push_back(std::move(job));
  }
  more_.notify_all();
  return true;
}

void chores::once_in(const std::string& name, milliseconds pause, std::function<void()> job) {
  {
    std::lock_guard lock{mutex_};
    if (stopping_ || std::any_of(timed_.begin(), timed_.end(), [&](const timed& x) { return x.name == name; }))
      return;
    timed_.push_back({name, clock::now() + pause, pause, std::move(job)});
  }
  more_.notify_all();
}

void chores::work() {
  std::unique_lock lock{mutex_};
  bool was_timed = false;
  while (!stopping_) {
    std::function<void()> job;
    const auto next = std::min_element(timed_.begin(), timed_.end(),
                                       [](const timed& a, const timed& b) { return a.at < b.at; });
    const bool due = next != timed_.end() && next->at <= clock::now();
    // In turn: a flood of either kind does not keep the other waiting.
    if (due && (jobs_.empty() || !was_timed)) {
      was_timed = true;
      job = next->job;
      if (next->name.empty())
        next->at = clock::now() + next->pause;
      else
        timed_.erase(next);
    } else if (!jobs_.empty()) {
      was_timed = false;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    } else if (next == timed_.end()) {
      more_.wait(lock);
      continue;
    } else {
      const auto at = next->at; // `timed_` changes while we wait
      more_.wait_until(lock, at);
      continue;
    }
    lock.unlock();
    try { // what leaves this thread ends the process
      job();
    } catch (const std::exception& x) {
      spdlog::error("a chore of this node failed: {}", x.what());
    }
    job = nullptr;
    lock.lock();
  }
}

} // namespace troupe::daemon
