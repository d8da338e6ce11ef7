#pragma once

#include "storage/engine.hpp"

#include "config/model/time.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace troupe::storage {

/// What a drill does to the disk under a store, without touching it: each write
/// takes longer, or is refused as a full disk refuses it. Ends by itself.
///
/// Shared by who orders it and the engine. Threads: any.
class disk_drill {
public:
  /// So many writes met it, since it began.
  struct tally {
    std::uint64_t slowed = 0, refused = 0;
  };

  void slow(milliseconds length, milliseconds by);
  void fill(milliseconds length);
  void end(); ///< also of a write that waits
  [[nodiscard]] tally met() const;

  /// Before a write: waits, where it is slow. @returns `disk_full` where it is full
  [[nodiscard]] status write();
  /// The same where nothing has to grow: that is possible on a full disk.
  void write_in_place();

private:
  using clock = std::chrono::steady_clock;
  void wait(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  clock::time_point slow_until_{}, full_until_{};
  milliseconds by_{0};
  tally met_;
};

/// The engine on a disk that a drill can make slow or full. After a refused
/// commit all further ones fail until it is opened again, as the contract says.
[[nodiscard]] std::unique_ptr<engine> drillable(std::unique_ptr<engine> disk, std::shared_ptr<disk_drill> by);

} // namespace troupe::storage
