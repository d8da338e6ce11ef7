#pragma once

#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::control {

/// One line of JSON. A message may carry any bytes; those that are no UTF-8 are
/// replaced, since an answer or a stream must not die of them.
std::string dump(const nlohmann::json& x);

/// A stream of events to one reader. The node pushes, the server takes.
///
/// Bounded in events and bytes (I11): when the reader is slow the oldest
/// events are dropped, and the next thing that it hears is a "dropped" event
/// with their number. So a slow reader costs a fixed amount of memory, never
/// blocks the node, and knows that it missed something.
///
/// Threads: any, for everything.
class event_queue {
public:
  struct event {
    std::string kind; ///< "reading", "message", "entry", "dropped", "end"
    std::string data; ///< one JSON object on one line
  };

  explicit event_queue(std::size_t max_events = 1024, std::size_t max_bytes = 256 << 10);

  // --- the node's side ---

  /// Never blocks. @returns false when the reader is gone or the stream ended:
  /// time to forget the queue.
  bool push(std::string kind, const nlohmann::json& data);

  /// Ends the stream; the reader still gets what is queued and then an "end"
  /// event with `why`.
  void end(const std::string& why);

  /// When the reader left (CLOCK_MONOTONIC), 0 while it is there. A tap ends
  /// by itself 3 seconds after this.
  [[nodiscard]] mono_ns reader_left_at() const noexcept { return left_at_; }

  /// `what` is called once when the reader leaves, on the thread that noticed,
  /// outside all locks; at once if it has left already. Must not block.
  void on_close(std::function<void()> what);

  // --- the server's side ---

  /// Takes the oldest events, at most `most`.
  [[nodiscard]] std::vector<event> take(std::size_t most);

  /// `wake` is called when an empty queue gets something, on the pusher's
  /// thread, outside all locks. An empty function: no more calls follow once
  /// this has returned, except one that is running.
  void set_wake(std::function<void()> wake);

  /// The reader is gone.
  void leave(mono_ns now);

  /// True when nothing is queued and nothing can follow.
  [[nodiscard]] bool finished() const;

private:
  void enqueue(event e);

  mutable std::mutex mutex_;
  std::deque<event> events_;
  std::size_t bytes_ = 0;
  std::size_t max_events_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0; ///< since the last `take`
  bool ended_ = false;
  std::atomic<mono_ns> left_at_{0};
  std::function<void()> wake_;
  std::function<void()> on_close_;
};

} // namespace troupe::control
