#pragma once

#include "drivers/digital.hpp"
#include "drivers/replay/recording.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace troupe::drivers::replay {

/// The lines of a recording and who listens to them.
///
/// Threads: any. Sinks are called in `tell...` only, by the playback's thread,
/// with the stage locked; so after `leave` has returned no call runs or follows.
class stage {
public:
  struct input {
    std::string name;
    std::atomic<bool> level{false};
    std::atomic<double> value{0};
    std::atomic<bool> heard{false}; ///< level or value is known

    // Guarded by the stage.
    std::string holder;
    edge_sink* sink = nullptr;
    edge_kind kinds = edge_kind::both;
    bool active_low = false;
    std::uint32_t sequence = 0;
  };

  /// @param open_ended lines may be opened that nobody has heard of yet.
  stage(std::string bus_name, bool open_ended)
    : bus_name_(std::move(bus_name)), open_ended_(open_ended) {}

  /// A line of the recording, with what it shows before its first event.
  /// Stays for the life of the stage.
  input& add(const line_facts& facts);

  /// @returns the line, `busy`, `unsupported` (the line has values, not
  ///          edges, or the other way round), `not_found`, `over_limit`.
  result<input*> enter(const line_config& config, bool analog, edge_sink* sink);
  void leave(input& line);

  /// Outputs have any name that the recording does not use.
  status enter_output(const line_config& config);
  void leave_output(const std::string& line);

  /// Calls of `tell` come in batches; the lock is taken once for each.
  std::unique_lock<std::mutex> lock() { return std::unique_lock{mutex_}; }
  void tell(input& line, const event& e, mono_ns at); // needs lock()

  /// Something was lost that may have been an edge of any line.
  void tell_gap(mono_ns at);
  void tell_lost(const error& why);

  struct entry {
    std::string line;
    std::string holder;
    bool input;
    bool analog;
  };
  std::vector<entry> entries();

private:
  struct slot {
    input line;
    bool analog = false;
  };

  slot& add(const std::string& name, bool analog);
  std::string known() const;

  const std::string bus_name_;
  const bool open_ended_;
  std::mutex mutex_;
  std::map<std::string, slot, std::less<>> inputs_;
  std::map<std::string, std::string> outputs_; // and their holders
};

} // namespace troupe::drivers::replay
