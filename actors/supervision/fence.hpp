#pragma once

#include "config/model/time.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <map>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::supervision {

/// Actors that were left behind in a call that does not return. Another one
/// answers to their name now, so whatever they still say is ignored: by every
/// supervised receiver (its sender is fenced) and by `directory::send`.
///
/// Costs one relaxed load per message while nobody is fenced. Threads: any.
/// Bound: `most` ids, then the oldest knowledge goes; an id is 8 bytes.
class fence {
public:
  static constexpr std::size_t most = 4096;
  static constexpr std::chrono::seconds remembered{60};

  void raise(caf::actor_id who, const std::string& name);
  /// Its call has returned and it is gone. The fence stays for `remembered`:
  /// what it sent before may still lie in a mailbox.
  void ended(caf::actor_id who, mono_ns now);
  void clean(mono_ns now);
  /// Who has not ended yet.
  [[nodiscard]] std::vector<std::string> behind() const;

  [[nodiscard]] bool stands() const { return standing_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool keeps_out(caf::actor_id who) const { return stands() && knows(who); }

private:
  [[nodiscard]] bool knows(caf::actor_id who) const;

  std::atomic<bool> standing_{false};
  mutable std::shared_mutex mutex_;
  std::unordered_map<caf::actor_id, mono_ns> ids_; ///< and when it ended, 0: not yet
  std::map<caf::actor_id, std::string> behind_;
};

/// Is the code that runs on this thread part of a fenced actor?
bool speaker_is_fenced() noexcept;

/// For the time of one handler: who speaks on this thread.
class speaking {
public:
  explicit speaking(const std::atomic<bool>& fenced) noexcept;
  ~speaking();
  speaking(const speaking&) = delete;
  speaking& operator=(const speaking&) = delete;

private:
  const std::atomic<bool>* before_;
};

} // namespace troupe::supervision
