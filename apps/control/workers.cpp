#include "apps/control/workers.hpp"

namespace troupe::control {

bool workers::run(std::function<void()> job) {
  std::lock_guard lock{mutex_};
  if (stopping_)
    return false;
  jobs_.push_back(std::move(job));
  if (jobs_.size() > idle_ && threads_.size() < limit_)
    threads_.emplace_back([this] { work(); });
  more_.notify_one();
  return true;
}

void workers::work() {
  std::unique_lock lock{mutex_};
  for (;;) {
    ++idle_;
    more_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty())
      return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

void workers::stop() {
  std::vector<std::thread> ending;
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
    ending.swap(threads_);
  }
  more_.notify_all();
  for (auto& thread : ending)
    thread.join();
}

} // namespace troupe::control
