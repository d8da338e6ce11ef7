#pragma once

#include "actors/protocol/channel.hpp"
#include "storage/live_table.hpp"

#include <caf/all.hpp>

#include <atomic>

namespace troupe::rule {

/// Hears changes on the publishers' threads and wakes the rule by one message,
/// however many changes come before it runs (I11). Knows its actor weakly:
/// a bell must not keep a rule alive.
class bell final : public storage::watcher {
public:
  explicit bell(caf::actor_addr whom) : whom_(std::move(whom)) {}

  void on_change(const std::string&) noexcept override {
    if (rung_.exchange(true))
      return;
    if (auto strong = caf::actor_cast<caf::actor>(whom_))
      caf::anon_send(strong, wake_atom::value);
  }

  /// True if it has rung since the last call.
  bool take() noexcept { return rung_.exchange(false); }

private:
  caf::actor_addr whom_;
  std::atomic<bool> rung_{false};
};

} // namespace troupe::rule
