#pragma once

#include "storage/backup/writer.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::daemon {

/// Backups that are being fetched, block by block: each a snapshot of the store,
/// taken at once and given out as whoever asked takes it. Whoever stops asking is
/// forgotten after `idle_for`, and its snapshot with him.
///
/// Threads: any.
class backup_desk {
public:
  static constexpr std::size_t most = 2; ///< at the same time: each is a copy of the store in RAM
  static constexpr milliseconds idle_for{30'000};

  explicit backup_desk(const clock_source& clocks, milliseconds idle = idle_for) : clocks_(clocks), idle_(idle) {}
  ~backup_desk();

  struct begun {
    std::string id;
    std::uint64_t slots = 0;
    std::uint64_t events = 0;
  };
  /// @param by who asks: only they may fetch it
  /// @returns `over_limit` while `most` others are being fetched
  [[nodiscard]] result<begun> begin(const std::string& by, const std::function<storage::snapshot()>& take, const std::string& program);

  /// The block `number`, from 0; the one given last can be had again, as its
  /// answer may have been lost. Empty: that was the last one, and it is over.
  [[nodiscard]] result<std::string> block(const std::string& by, const std::string& id, std::uint64_t number);

  [[nodiscard]] std::size_t open() const;

private:
  struct fetched {
    std::string by;
    storage::backup::writer from;
    std::uint64_t next = 0;
    std::string last;
    mono_ns asked_at = 0;
  };
  void forget_idle();

  const clock_source& clocks_;
  const milliseconds idle_;
  mutable std::mutex mutex_;
  std::map<std::string, fetched> all_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread watch_; ///< from the first backup on
};

} // namespace troupe::daemon
