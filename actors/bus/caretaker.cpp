#include "actors/bus/caretaker.hpp"

#include "actors/bus/session.hpp"

#include <condition_variable>
#include <thread>

namespace troupe {

/// The thread shares this, not the caretaker: it may hang in a driver when the
/// caretaker ends, and is then left behind.
struct caretaker::shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<bus_session> session;
  bool end = false;
  std::uint64_t turn = 0; ///< counts `watch` and `relieve`

  void run() {
    std::unique_lock lock{mutex};
    while (!end) {
      if (!session) {
        changed.wait(lock);
        continue;
      }
      const auto seen = turn;
      auto mine = session;
      lock.unlock();
      const auto next = mine->guard();
      mine.reset();
      lock.lock();
      if (end || seen != turn)
        continue;
      const auto anew = [&] { return end || seen != turn; };
      if (next == no_deadline)
        changed.wait(lock, anew);
      else
        changed.wait_for(lock, std::chrono::nanoseconds{next - system_clocks().mono()}, anew);
    }
  }
};

caretaker::caretaker() : shared_(std::make_shared<shared>()) {
  std::thread{[keep = shared_] { keep->run(); }}.detach();
}

caretaker::~caretaker() {
  std::lock_guard lock{shared_->mutex};
  shared_->end = true;
  shared_->session.reset();
  shared_->changed.notify_all();
}

void caretaker::watch(std::shared_ptr<bus_session> session) {
  std::lock_guard lock{shared_->mutex};
  shared_->session = std::move(session);
  ++shared_->turn;
  shared_->changed.notify_all();
}

void caretaker::relieve() {
  std::lock_guard lock{shared_->mutex};
  shared_->session.reset();
  ++shared_->turn;
  shared_->changed.notify_all();
}

} // namespace troupe
