#include "cluster/replication/exchange.hpp"

namespace troupe::cluster {

exchange::exchange(storage::replica_port& data, const clock_source& clocks, replicator::options how,
                   send_fn send)
  : data_(data), clocks_(clocks), send_(std::move(send)), inner_(data, std::move(how)) {}

void exchange::start() {
  data_.set_news([weak = weak_from_this()] {
    if (const auto me = weak.lock())
      me->on_news();
  });
  time_ = std::thread{[this] { keep_time(); }};
}

void exchange::stop() {
  data_.set_news({});
  {
    std::lock_guard lock{time_mutex_};
    stopping_ = true;
  }
  stopped_.notify_all();
  if (time_.joinable())
    time_.join();
}

void exchange::keep_time() {
  std::unique_lock lock{time_mutex_};
  while (!stopped_.wait_for(lock, tick_every, [this] { return stopping_; })) {
    lock.unlock();
    run([this](mono_ns now, replicator::frames& out) { inner_.tick(now, out); });
    lock.lock();
  }
}

void exchange::finish(replicator::frames& out) {
  if (const auto done = inner_.take_caught_up(); done && tell_)
    tell_(*done, clocks_.mono());
  while (news_.exchange(false))
    inner_.news(clocks_.mono(), out);
  for (auto& x : out)
    send_(x.to, std::move(x.bytes));
  out.clear();
}

void exchange::run(const work& what) {
  replicator::frames out;
  {
    std::lock_guard lock{mutex_};
    inside_ = std::this_thread::get_id();
    what(clocks_.mono(), out);
    finish(out);
    inside_ = std::thread::id{};
  }
  if (news_)
    on_news(); // they came between the last look and the end of the lock
}

/// On the thread of whoever wrote. If another thread is at work, it looks again
/// before it lets go, or right after.
void exchange::on_news() {
  news_ = true;
  if (inside_ == std::this_thread::get_id())
    return; // a frame that is being taken in caused them
  while (news_ && mutex_.try_lock()) {
    inside_ = std::this_thread::get_id();
    replicator::frames out;
    finish(out);
    inside_ = std::thread::id{};
    mutex_.unlock();
  }
}

void exchange::linked(const std::string& peer) {
  run([&](mono_ns now, replicator::frames& out) { inner_.linked(peer, now, out); });
}

void exchange::unlinked(const std::string& peer) {
  run([&](mono_ns, replicator::frames&) { inner_.unlinked(peer); });
}

void exchange::receive(const std::string& peer, std::string_view frame) {
  run([&](mono_ns now, replicator::frames& out) { inner_.receive(peer, frame, now, out); });
}

std::optional<replicator::catch_up> exchange::catching_up() const {
  std::lock_guard lock{mutex_};
  return inner_.catching_up();
}

std::vector<replicator::peer_view> exchange::peers() const {
  std::lock_guard lock{mutex_};
  return inner_.peers();
}

} // namespace troupe::cluster
