#pragma once

#include <memory>

namespace troupe {

class bus_session;

/// Keeps dead-man duty while a bus has no living actor: during a back-off
/// pause, in quarantine, between a crash and a restart. Without it an output
/// would show an expired wish for as long as nobody serves its bus (I5).
///
/// A thread of its own, made at the first `watch`; it sleeps until a guard
/// ends and calls nothing else of the driver. Threads: any.
class caretaker {
public:
  caretaker();
  ~caretaker();

  void watch(std::shared_ptr<bus_session> session);
  /// A bus actor is back. Does not wait for a call that runs.
  void relieve();

private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace troupe
