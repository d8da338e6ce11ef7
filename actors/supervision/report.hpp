#pragma once

#include "actors/supervision/post_mortems.hpp"

#include <string>

namespace troupe::supervision {

/// Trouble below one supervisor, summed up: one alarm, not one per child.
struct alarm {
  std::string supervisor;
  bool raised = true;    ///< false: all is well again
  std::size_t count = 0; ///< children in trouble
  std::string text;      ///< for the operator: who, what, newest reason
};

/// Where supervision tells what it did; the daemon journals it.
///
/// Threads: any, several at once. Blocking: no; hand it to a queue. Errors:
/// must not throw. Override what you want to hear.
class report {
public:
  virtual ~report() = default;

  /// An incarnation failed. Told after the restart, if that came at once.
  virtual void crashed(const post_mortem&) {}
  /// `incarnation` runs now. `pause`: how long nobody served the name.
  virtual void restarted(const std::string& /*actor*/, std::uint32_t /*incarnation*/,
                         std::chrono::nanoseconds /*pause*/) {}
  virtual void quarantined(const std::string& /*actor*/, const std::string& /*why*/) {}
  /// Runs again after quarantine.
  virtual void released(const std::string& /*actor*/) {}
  /// `replaced`: another actor has its name now.
  virtual void hung(const std::string& /*actor*/, const std::string& /*why*/,
                    bool /*replaced*/) {}
  /// Its mailbox was full and messages were dropped, told once; again with
  /// `over` when it has room. `dropped`: all that it ever lost.
  virtual void overfull(const std::string& /*actor*/, std::uint64_t /*dropped*/, bool /*over*/) {}
  /// Was marked hung and answers again.
  virtual void recovered(const std::string& /*actor*/) {}
  /// A supervisor gives up; its own supervisor decides what happens next.
  virtual void escalated(const std::string& /*supervisor*/, const std::string& /*why*/) {}
  virtual void raised(const alarm&) {}
  /// A message about to be handled by an actor with `vitals::tapped`.
  virtual void tapped(const std::string& /*actor*/, const std::string& /*message*/) {}
};

} // namespace troupe::supervision
