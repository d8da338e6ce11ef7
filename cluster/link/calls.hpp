#pragma once

#include "cluster/link/messages.hpp"
#include "config/model/result.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::cluster {

/// CALLS: questions to other nodes that wait for their answers. Each wait ends
/// with the answer, at its limit, or at once when the link to that node ends.
///
/// Threads: any; `wait` blocks its caller.
class calls {
public:
  static constexpr std::size_t most_of_one_peer = 64; ///< more are refused

  /// @returns the number of a new question to `peer`; `over_limit` when too
  ///          many wait for that peer already.
  [[nodiscard]] result<std::uint64_t> begin(const std::string& peer);

  /// Waits for the answer; afterwards the number means nothing.
  [[nodiscard]] result<far_answer> wait(std::uint64_t id, milliseconds limit);

  /// @param from who answers: only the one that was asked is listened to
  /// @returns false if nobody waits for it
  bool answered(const std::string& from, far_answer x);
  /// The link to `peer` ended: nothing that was asked over it will be answered.
  void lost(const std::string& peer, const std::string& why);
  /// This question went over a link that has ended; those over the next link go on.
  void lost(std::uint64_t id, const std::string& why);

private:
  struct question {
    std::string peer;
    std::optional<far_answer> answer;
    std::optional<error> failed;
  };
  static void fail(question& x, const std::string& why);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, question> open_;
  std::uint64_t next_ = 1;
};

} // namespace troupe::cluster
