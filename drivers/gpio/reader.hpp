#pragma once

#include "config/model/house.hpp"
#include "config/model/lending_mutex.hpp"
#include "drivers/gpio/edge_track.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

namespace troupe::drivers::gpio {

/// The one thread of a bus that waits for edges, stamps and forwards. It sleeps
/// until an edge, a debouncing deadline or the end; nothing wakes it
/// periodically.
///
/// Threads: `add`, `remove`, `lose_all` and the destructor belong to the bus
/// actor's; `lost` and `note` to any.
class reader {
public:
  /// @returns `io_error` when the system gives no descriptor or thread.
  static result<std::unique_ptr<reader>> start(const bus_config& config);

  ~reader();

  /// Watches a line until `remove`. The line and the sink must stay until then.
  /// @param debounced_here the kernel does not debounce this line, we do.
  /// @returns the watch.
  result<std::uint64_t> add(held_line& line, const line_config& config, bool debounced_here,
                            edge_sink& sink);

  /// Afterwards no sink call of this watch is running or follows.
  void remove(std::uint64_t watch);

  /// The level that the watch tells; only for lines debounced here.
  [[nodiscard]] bool settled_level(std::uint64_t watch);

  /// The chip does not answer: tells every sink, on the reader's thread.
  void lose_all(error why);

  /// Some line has reported that the chip is gone.
  [[nodiscard]] bool lost() const noexcept { return lost_.load(); }

  /// "reader at SCHED_FIFO 50", or why it is not; empty for a normal one.
  [[nodiscard]] const std::string& note() const noexcept { return note_; }

private:
  struct watch {
    held_line& line;
    edge_sink& sink;
    edge_track track;
    bool lost = false;
  };

  reader() = default;
  void raise_priority(int priority);
  void run();
  void serve(watch& w, bool hung_up);
  void lose(watch& w, const error& why);
  [[nodiscard]] int milliseconds_to_deadline();

  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> lost_{false};
  std::string note_;
  lending_mutex guard_; ///< of what follows, and held while sinks are called
  std::unordered_map<std::uint64_t, watch> watches_;
  std::uint64_t next_ = 1; ///< 0 is the wake-up descriptor
  error lose_all_;         ///< code none: nothing to tell
  std::thread thread_;
};

} // namespace troupe::drivers::gpio
