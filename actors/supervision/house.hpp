#pragma once

#include "actors/supervision/directory.hpp"
#include "actors/supervision/fence.hpp"
#include "actors/supervision/queue_count.hpp"
#include "actors/supervision/report.hpp"
#include "actors/supervision/spec.hpp"

#include <caf/actor.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace troupe::supervision {

/// What is known of one actor of the tree outside of it. Written by its own
/// thread and its supervisor, read by everybody.
struct cell {
  std::shared_ptr<const child_spec> spec;
  std::string parent;
  std::uint64_t place = 0; ///< among its siblings, in order of start
  vitals life;
  std::atomic<unsigned> permits{0};  ///< restarts granted in advance
  std::atomic<bool> fenced{false};   ///< left behind; nobody listens to it
  std::atomic<bool> reported_hung{false};
  std::atomic<std::uint64_t> dropped{0}; ///< messages: full, waiting or quarantined
  queue_count queue;                 ///< what waits in its mailbox
  std::atomic<bool> overfull{false}; ///< a message was dropped as it was full
  std::atomic<bool> overfull_told{false};
  std::atomic<std::uint64_t> handled_at_ping{0};
  std::atomic<double> flaps{0};      ///< score at `flaps_at`
  std::atomic<mono_ns> flaps_at{0};

  /// The reason of the present trouble, empty if none.
  [[nodiscard]] std::string trouble() const;
  void trouble(std::string why);

private:
  std::string trouble_; ///< guarded by one mutex for all: it is rarely looked at
};

/// Everybody in the tree. Threads: any.
class roster {
public:
  struct row {
    std::shared_ptr<cell> who;
    caf::actor actor;
    caf::actor supervisor; ///< null for the root
    std::uint64_t key = 0; ///< its supervisor's name for it
  };

  void put(const std::string& id, row x);
  void erase(const std::string& id);
  [[nodiscard]] row find(const std::string& id) const;
  void each(const std::function<void(const row&)>& f) const;

private:
  mutable std::shared_mutex mutex_;
  /// The names lie in the rows' specs.
  std::map<std::string_view, row> rows_;
};

struct limits {
  /// Messages that may lie before an actor that runs; past it the newest is
  /// dropped and counted, a request answered `over_limit`. 0: no bound.
  ///
  /// Never dropped: what has high priority, answers and the supervision's own
  /// orders. A message that is a lone atom is a bell: its sender rings once
  /// and waits until it was heard, so it has as much room again.
  std::size_t running_mailbox = 10'000;
  /// Messages kept for an actor that waits for its restart; past it the
  /// oldest is dropped and counted, a request answered `over_limit`.
  std::size_t waiting_mailbox = 10'000;
  /// How often everybody is looked at for being stuck. One timer per node.
  milliseconds sweep_every{1000};
  /// How often everybody is asked. Wakes everybody up.
  milliseconds ping_every{10'000};
  std::uint64_t seed = 1; ///< of the restarts' jitter
};

/// What all actors of one tree share. Outlives them.
struct house {
  directory& names;
  report& told;
  const clock_source& clocks;
  limits bounds;
  post_mortems dead{};
  fence fenced{};
  roster known{};
  std::atomic<mono_ns> swept_at{0};
  std::atomic<std::size_t> living{0}; ///< shells and supervisors not yet ended
};

} // namespace troupe::supervision
