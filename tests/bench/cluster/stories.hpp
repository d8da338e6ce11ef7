#pragma once

#include "tests/bench/cluster/farm.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace troupe::bench {

/// What nodes tell of each other, as it comes: follows the journals of several
/// nodes through their control sockets. A moment is when the event was read
/// here: the telling node had it up to about a millisecond before (see
/// `bench_cluster_detection`, which measures this way).
///
/// Threads: any.
class stories {
public:
  struct told {
    std::int64_t at = 0; ///< CLOCK_MONOTONIC
    std::string by, of, text;
    /// "suspect" of "alive -> suspect: ...", else empty.
    [[nodiscard]] std::string standing() const;
  };

  explicit stories(const farm& of) : farm_(of) {}
  ~stories();

  /// Follows `node`, also through restarts.
  void follow(const std::string& node);
  /// Ends the threads; after the nodes were killed.
  void end();

  /// The first that `by` told of `of` since `since` with one of these standings.
  [[nodiscard]] std::optional<told> await(const std::string& by, const std::string& of,
                                          const std::vector<std::string>& standings, std::int64_t since,
                                          std::chrono::milliseconds limit);
  [[nodiscard]] std::vector<told> all() const;
  void forget();

private:
  void read(const std::string& node);

  const farm& farm_;
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<told> told_;
  std::vector<std::thread> threads_;
};

} // namespace troupe::bench
