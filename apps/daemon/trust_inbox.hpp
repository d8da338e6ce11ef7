#pragma once

#include "cluster/link/messages.hpp"
#include "config/model/time.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::daemon {

/// What peers said about trust and nobody has looked at yet. A look reads files
/// and checks signatures, so of each peer the newest offer waits alone, and is
/// looked at at once, but no more often than every `pause`: a new revocation is
/// never late, and a peer that offers without end costs one look a pause.
///
/// Bound: one offer for each linked peer. Pure. Threads: any.
class trust_inbox {
public:
  static constexpr milliseconds pause{2000};
  static constexpr unsigned told_after = 10;        ///< offers that a newer one replaced unread
  static constexpr milliseconds told_every{60'000}; ///< at most

  struct answer {
    milliseconds look_in{0}; ///< call `take` then
    unsigned unread = 0;     ///< not 0: tell that so many were replaced unread
  };
  answer put(const std::string& from, cluster::trust_offer what, mono_ns now);

  /// @returns nothing if it was taken already
  std::optional<cluster::trust_offer> take(const std::string& from, mono_ns now);

private:
  struct box {
    std::optional<cluster::trust_offer> newest;
    std::optional<mono_ns> looked_at, told_at;
    unsigned replaced = 0;
  };
  std::mutex mutex_;
  std::map<std::string, box> of_;
};

} // namespace troupe::daemon
