#include "apps/daemon/chores.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe::daemon {

void chores::every(milliseconds pause, std::function<void()> job) {
  timed_.push_back({{}, clock::now() + pause, pause, std::move(job)});
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
  while (!stopping_) {
    std::function<void()> job;
    if (!jobs_.empty()) {
      job = std::move(jobs_.front());
      jobs_.pop_front();
    } else {
      const auto next = std::min_element(timed_.begin(), timed_.end(),
                                         [](const timed& a, const timed& b) { return a.at < b.at; });
      if (next == timed_.end()) {
        more_.wait(lock);
        continue;
      }
      if (next->at > clock::now()) {
        more_.wait_until(lock, next->at);
        continue;
      }
      job = next->job;
      if (next->name.empty())
        next->at = clock::now() + next->pause;
      else
        timed_.erase(next);
    }
    lock.unlock();
    try {
      job();
    } catch (const std::exception& why) { // what a peer sent may be of any shape
      spdlog::error("a chore of the node failed: {}", why.what());
    }
    lock.lock();
  }
}

} // namespace troupe::daemon
