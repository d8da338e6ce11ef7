#pragma once

#include "apps/control/node_api.hpp"
#include "apps/daemon/chores.hpp"
#include "apps/daemon/far_nodes.hpp"
#include "config/model/time.hpp"

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::daemon {

/// Follows the journals of a whole house for readers: each begins with its past
/// and gets what any node writes from then on, as "entry" events. A node that
/// goes, or was not there, and one that is back, are told as "node" events
/// {"node", "followed", "why"}; one that is back tells what it wrote meanwhile,
/// at most its last `log_follow::retold` rows, and says so if there were more.
///
/// Threads: any. `open` waits for the other nodes, as `log` does.
class house_log {
public:
  using queue = std::shared_ptr<control::event_queue>;

  struct parts {
    far_nodes& others;
    std::string self;
    const clock_source& clocks;
    /// The nodes whose journals belong to the house, without this one, there or not.
    std::function<std::vector<std::string>()> nodes;
    /// Of this node alone: its stream, and its rows.
    std::function<result<queue>(const json& query)> own;
    std::function<result<json>(const json& query)> own_past;
  };

  explicit house_log(parts all);
  ~house_log();

  /// @param query as of `log`, with "newest"
  [[nodiscard]] result<queue> open(const json& query);

  /// Ends the threads; no callbacks after it. Readers are ended by their own node.
  void stop();

private:
  struct follower;
  using follower_ptr = std::shared_ptr<follower>;

  /// While somebody follows: a node is asked again so often until it is there.
  static constexpr milliseconds look_every{500};

  void look();
  void look_soon();
  void feed();
  void open_far(const follower_ptr& who, const std::string& node, bool begins);
  [[nodiscard]] bool meet(const follower_ptr& who, const std::string& node);
  void forget(const follower_ptr& who);
  void forget_those_who_left();

  parts parts_;
  std::mutex mutex_;
  std::list<follower_ptr> followers_;
  chores thread_; ///< looks after nodes that are not followed
  chores feeder_; ///< takes what came: who writes a journal must not wait for who reads it
  bool stopped_ = false;
};

} // namespace troupe::daemon
