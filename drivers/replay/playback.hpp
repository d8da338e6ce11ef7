#pragma once

#include "config/model/house.hpp"
#include "drivers/replay/player.hpp"
#include "drivers/replay/stage.hpp"

#include <condition_variable>
#include <thread>

namespace troupe::drivers::replay {

/// The thread that plays a recording onto a stage. It waits until the first
/// line was opened and no other followed for 200 ms (2 s at most), so that all
/// lines of a configuration hear the recording from its beginning.
class playback {
public:
  virtual ~playback() = default;
  playback(const playback&) = delete;
  playback& operator=(const playback&) = delete;

  /// Any thread: somebody has opened a line.
  void line_opened();

  /// Any thread: `device_lost` once the file could not be read on.
  status check() const;

  /// Any thread: "at pace 1: 12 of 40 events, at 1.5 of 60.0 s".
  virtual std::string position() const = 0;

protected:
  playback(const std::string& bus_name, stage& to) : bus_name_(bus_name), stage_(to) {}

  virtual void play() = 0;
  virtual void interrupt() {}

  /// To be called last by the constructor, and first by the destructor, of the
  /// class that plays.
  void begin();
  void end();

  bool stopped() const noexcept { return stop_.load(std::memory_order_relaxed); }
  void sleep_until(mono_ns at); ///< or until stopped
  void fail(const error& why);

  const std::string bus_name_;
  stage& stage_;

private:
  bool wait_for_audience();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t opened_ = 0;
  status state_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Plays a file that was validated.
std::unique_ptr<playback> play_file(const bus_config& config, stage& to, recording_facts facts,
                                    std::unique_ptr<event_source> source);

/// Plays what arrives at a FIFO or another thing that has no end, as it
/// arrives; `fd` is closed at the end.
std::unique_ptr<playback> play_stream(const bus_config& config, stage& to, int fd);

} // namespace troupe::drivers::replay
