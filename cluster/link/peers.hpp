#pragma once

#include "cluster/link/feed.hpp"
#include "cluster/link/messages.hpp"
#include "cluster/link/window.hpp"
#include "cluster/tls/credentials.hpp"
#include "cluster/transport/bounds.hpp"
#include "config/model/lending_mutex.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::cluster {

/// One peer that is linked and has said hello.
struct peer {
  static constexpr std::uint64_t envelopes_under_way = 1024;
  static constexpr unsigned complaints_per_second = 10; ///< told one by one; more as a sum

  peer_identity who;
  std::string version;
  std::uint64_t incarnation = 0;
  caf::actor gateway;
  caf::node_id node;
  mono_ns since = 0;
  std::unique_ptr<feed> out;
  std::atomic<mono_ns> tick{0};    ///< newest of its ticks that we heard
  std::atomic<mono_ns> tick_at{0}; ///< when we heard it

  lending_mutex mutex; ///< of what follows; held while it is written to the socket
  window envelopes{envelopes_under_way};
  /// What wants a fresh tick first. Envelopes are counted in `envelopes`, calls
  /// in `calls`. It carries the tick that was known when it began to wait.
  template <class T>
  struct waits {
    mono_ns since = 0;
    T what;
  };
  std::deque<waits<envelope>> waiting;
  std::deque<waits<far_call>> waiting_calls;
  std::uint64_t batch_taken = 0; ///< newest of its batches that we took ...
  std::uint64_t batch_said = 0;  ///< ... and that it knows of
  std::uint64_t seq_taken = 0; ///< newest of its envelopes that we took ...
  std::uint64_t seq_said = 0;  ///< ... and that it knows of
  std::uint64_t refused_stale = 0;

  // I/O thread
  mono_ns anew_at = 0;   ///< when its actors last counted as started anew
  bool anew_due = false; ///< it refused something since

  std::mutex complaints_mutex;
  refusal_meter complaints{complaints_per_second};

  /// Only a node commands others; a board shows and obeys.
  [[nodiscard]] bool commands() const noexcept { return who.allowed == role::node; }
  /// May it show this name? A board only what stands behind its key.
  [[nodiscard]] bool owns(const std::string& name) const {
    return commands() || std::any_of(who.names.begin(), who.names.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
  }
};

using peer_ptr = std::shared_ptr<peer>;

/// Everybody that is linked now. Threads: any.
class peers {
public:
  /// @returns the one that had the name before.
  peer_ptr put(const peer_ptr& x);
  /// Erases this very peer. @returns false if another one has the name by now.
  bool erase(const peer_ptr& x);

  [[nodiscard]] peer_ptr find(const std::string& name) const;
  [[nodiscard]] peer_ptr find(const caf::node_id& node) const;
  [[nodiscard]] std::vector<peer_ptr> all() const;

private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, peer_ptr> by_name_;
  std::unordered_map<caf::node_id, peer_ptr> by_node_;
};

} // namespace troupe::cluster
