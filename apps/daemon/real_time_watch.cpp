#include "apps/daemon/real_time_watch.hpp"

#include "apps/daemon/real_time_share.hpp"

#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <thread>

namespace troupe::daemon {

struct real_time_watch::parts {
  std::function<void(std::size_t)> tell;
  std::mutex mutex;
  std::condition_variable changed;
  bool ends = false;
  std::thread thread;
  std::map<int, std::chrono::nanoseconds> used; ///< by thread, at the last look
  std::size_t told = 0;

  void run() {
    (void)take(turn::urgent);
    real_time_share share{std::max(1u, std::thread::hardware_concurrency())};
    auto before = std::chrono::steady_clock::now();
    std::size_t out = 0;
    std::unique_lock lock{mutex};
    while (!changed.wait_for(lock, look_every, [this] { return ends; })) {
      lock.unlock();
      const auto now = std::chrono::steady_clock::now();
      const auto todo = share.look(since(std::chrono::duration<double>(now - std::exchange(before, now))));
      for (const auto& x : todo.gives_up)
        out += make(x.thread, turn::ordinary) ? 1 : 0;
      for (const auto& x : todo.is_back)
        (void)make(x.thread, x.is);
      if (share.all_in_real_time())
        out = 0;
      if (out != told)
        tell(told = out);
      lock.lock();
    }
  }

  std::vector<real_time_share::use> since(std::chrono::duration<double> passed) {
    std::vector<real_time_share::use> out;
    std::map<int, std::chrono::nanoseconds> now;
    for (const auto& x : threads_with_a_turn()) {
      now[x.thread] = x.used;
      const auto known = used.find(x.thread);
      if (known != used.end()) // of a new one nothing is known yet
        out.push_back({x.thread, x.is, std::chrono::duration<double>(x.used - known->second) / passed});
    }
    used = std::move(now);
    return out;
  }
};

real_time_watch::real_time_watch(std::function<void(std::size_t)> tell) : parts_(std::make_unique<parts>()) {
  parts_->tell = std::move(tell);
  parts_->thread = std::thread{[of = parts_.get()] { of->run(); }};
}

real_time_watch::~real_time_watch() {
  {
    std::lock_guard lock{parts_->mutex};
    parts_->ends = true;
  }
  parts_->changed.notify_all();
  parts_->thread.join();
}

} // namespace troupe::daemon
