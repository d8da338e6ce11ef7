#pragma once

#include "cluster/transport/hub.hpp"

#include <caf/actor_system.hpp>

#include <condition_variable>
#include <deque>

namespace troupe::cluster {

/// Dials: resolves, connects, shakes hands and gives the finished connection
/// to CAF's broker, each on one of a few threads that are made on demand and
/// end when nothing is left to dial. A peer that is not there delays no other.
class dialer {
public:
  dialer(caf::actor_system& system, std::shared_ptr<hub> shared);
  ~dialer();

  struct job {
    std::string name;
    std::vector<std::string> addresses;
    transport::on_dialled done;
  };
  void add(job what);
  /// What still runs ends soon with `unreachable`; waits for it.
  void stop();

private:
  void work();
  result<caf::actor> dial(const job& what);
  result<std::shared_ptr<class link_session>> reach(const job& what, owned_fd& fd);
  result<std::shared_ptr<class link_session>> knock(const job& what, const endpoint& at,
                                                    std::chrono::steady_clock::time_point until, owned_fd& fd);
  result<std::shared_ptr<class link_session>> greet(const job& what, const endpoint& at, owned_fd& fd);
  result<caf::actor> hand_over(const job& what, owned_fd fd, std::shared_ptr<class link_session> session);
  void let_cleanup_end();
  bool stopped();

  caf::actor_system& system_;
  std::shared_ptr<hub> hub_;
  owned_fd stop_fd_; ///< readable from `stop` on
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  unsigned threads_ = 0;
  bool stopped_ = false;
};

} // namespace troupe::cluster
