#pragma once

#include "actors/bus/agenda.hpp"
#include "actors/bus/desk.hpp"

#include <map>
#include <set>

namespace troupe {

/// A newer bus actor has taken over: whoever still runs must not touch the
/// hardware any more. Stays inside this folder.
struct fenced_out {};

/// An open driver and its open lines: everything that a bus actor does with
/// hardware, as plain code. It belongs to the desk, so that a bus actor that
/// crashes beside it leaves the lines open and no edge is lost.
///
/// Threads:  one at a time: the bus actor's, or while that is dead the
///           caretaker's (`guard`). A mutex sees to it.
/// Blocking: as long as the driver's calls.
/// Errors:   what concerns one line is told to its port or cell, and tried
///           again with growing pauses; `work` fails when the bus is lost.
class bus_session {
public:
  bus_session(bus_config config, std::unique_ptr<drivers::bus> driver);
  ~bus_session();

  /// Does what is due on behalf of the bus actor of `epoch`: opens and closes
  /// lines, writes outputs, polls inputs, keeps the guards.
  /// @returns when to call again at the latest, or why the bus must be opened
  ///          anew.
  /// @throws fenced_out before the next driver call, once a newer one works.
  [[nodiscard]] result<mono_ns> work(bus_desk& desk, std::uint64_t epoch);

  /// Dead-man duty only. @returns when to call again.
  [[nodiscard]] mono_ns guard();

  /// Orderly end: outputs go to their safe state, unless they shall keep what
  /// they show; then all lines are released.
  void close_down(bus_desk& desk);

  /// False while a driver call runs; waits a moment for a short one.
  [[nodiscard]] bool idle();
  /// An exception came out of a driver call: its state is unknown.
  [[nodiscard]] bool suspect() const noexcept { return suspect_; }

  [[nodiscard]] std::vector<drivers::line_info> lines();
  [[nodiscard]] std::string describe();

private:
  struct line;

  template <class F>
  auto call(F f);

  void look_at_all();
  void sync(bus_desk& desk, mono_ns now);
  void drop(line& x, mono_ns now);
  void schedule(line& x);
  void open(line& x, mono_ns now);
  void open_input(line& x, mono_ns now);
  void open_output(line& x, mono_ns now);
  void fail(line& x, const error& why, mono_ns now);
  void close(line& x, bool to_safe);
  void serve_outputs(mono_ns now);
  void write(line& x, mono_ns now);
  void read_back(line& x);
  void poll(line& x, mono_ns now);
  void serve_lost();
  void serve_lines();
  void serve(line& x);
  void retry(line& x, mono_ns now);

  bus_config config_;
  std::timed_mutex use_;
  std::unique_ptr<drivers::bus> driver_; ///< outlives the lines below
  std::atomic<bool> any_lost_{false};    ///< set on the driver's thread
  std::map<std::string, std::unique_ptr<line>> lines_;
  bus_desk* desk_ = nullptr;  ///< of the running call only
  std::weak_ptr<bus_desk> home_; ///< for the caretaker
  std::uint64_t epoch_ = 0;   ///< of the last `work`
  std::uint64_t opened_ = 0;  ///< numbers the lines
  bool synced_ = false;       ///< `lines_` shows what the desk has told
  agenda due_;                ///< polls, retries, read-backs
  agenda guards_;             ///< ends of the outputs' guards
  std::set<line*> refused_;   ///< not open, tried again
  mono_ns next_check_ = 0;
  error lost_;                ///< code none: the bus answers
  bool suspect_ = false;
};

} // namespace troupe
