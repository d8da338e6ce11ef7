#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::supervision {

/// How many messages an actor has before it, counted by those who send: the
/// framework's mailbox has neither a length nor a bound.
///
/// One atomic addition per message sent. What the reader has taken is looked
/// at only when the room that was last seen is used up, so that senders and
/// reader do not fight for one cache line.
///
/// Threads: `arrive`, `push` and `length` any; `took` the reader's.
class queue_count {
public:
  /// One more, if it fits. @returns false if there are `limit` already.
  bool arrive(std::uint64_t limit) noexcept {
    const auto mine = arrived_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (mine <= room_.load(std::memory_order_relaxed))
      return true;
    const auto room = taken_.load(std::memory_order_relaxed) + limit;
    room_.store(room, std::memory_order_relaxed);
    if (mine <= room)
      return true;
    arrived_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }

  /// One more, whether it fits or not.
  void push() noexcept { arrived_.fetch_add(1, std::memory_order_relaxed); }

  /// One is gone: handled, answered or dropped, not merely put aside.
  void took() noexcept {
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t length() const noexcept {
    const auto taken = taken_.load(std::memory_order_relaxed);
    const auto arrived = arrived_.load(std::memory_order_relaxed);
    return arrived > taken ? arrived - taken : 0;
  }

private:
  std::atomic<std::uint64_t> arrived_{0};
  std::atomic<std::uint64_t> room_{0}; ///< `arrived_` up to here fits for sure
  [[maybe_unused]] char apart_[48];    ///< the reader's cache line is another one
  std::atomic<std::uint64_t> taken_{0};
};

} // namespace troupe::supervision
