#pragma once

#include "cluster/replication/replicator.hpp"
#include "config/model/lending_mutex.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::cluster {

/// EXCHANGE: lets the replicator of this node work: the store's news, frames of
/// peers, links that come and go, and time.
///
/// What a writer wrote goes out on its own thread, with no hand-over; what comes
/// is taken in where it was read. A thread of its own looks every `tick_every`
/// for what was lost. Nothing here waits for a disk (I9).
///
/// Threads: any. Ownership: made with make_shared, for a writer may be telling its
/// news while this ends; the store outlives it. `stop` before the links end.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  /// Gives a frame to the link of a peer, in order. Must not block nor call back.
  using send_fn = std::function<void(const std::string& peer, std::string frame)>;

  static constexpr milliseconds tick_every{100};

  exchange(storage::replica_port& data, const clock_source& clocks, replicator::options how,
           send_fn send);
  ~exchange() { stop(); }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Called when this node has caught up after an absence; may write to the store.
  /// Before `start`.
  void on_caught_up(std::function<void(const replicator::catch_up&, mono_ns now)> tell) { tell_ = std::move(tell); }
  void start();
  void stop();

  void linked(const std::string& peer);
  void unlinked(const std::string& peer);
  void receive(const std::string& peer, std::string_view frame);

  [[nodiscard]] std::vector<replicator::peer_view> peers() const;
  [[nodiscard]] std::optional<replicator::catch_up> catching_up() const;

private:
  using work = std::function<void(mono_ns now, replicator::frames& out)>;
  void run(const work& what);
  void on_news();
  /// With the lock held: sends, and looks at news that came meanwhile.
  void finish(replicator::frames& out);
  void keep_time();

  storage::replica_port& data_;
  const clock_source& clocks_;
  const send_fn send_;
  std::function<void(const replicator::catch_up&, mono_ns)> tell_;
  mutable lending_mutex mutex_; ///< the I/O thread takes it, and it is held while frames are written
  std::atomic<std::thread::id> inside_{}; ///< who holds it: news of its own doing wait
  std::atomic<bool> news_{false};
  replicator inner_;

  std::mutex time_mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread time_;
};

} // namespace troupe::cluster
