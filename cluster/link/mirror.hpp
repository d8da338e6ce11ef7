#pragma once

#include "cluster/link/messages.hpp"
#include "config/model/time.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace troupe::cluster {

/// MIRROR: what other nodes show, in this node's live table, so that rules and
/// people read and watch the whole house here. The node that measures a value
/// is the only one that shows it; when it is lost, its values stay, bad, with
/// the reason `node_lost`, until it is back or removed.
///
/// Threads: any; publishes outside its lock.
class mirror {
public:
  /// A name that two nodes show; told once for each pair of name and node.
  using conflict_fn = std::function<void(const std::string& name, const std::string& node)>;

  mirror(storage::live_table& live, const clock_source& clocks, conflict_fn on_conflict);

  /// @param only prefixes of what this peer may show; empty: anything
  void take(const std::string& node, const reading_batch& batch,
            const std::vector<std::string>& only = {});

  /// Its values turn bad at once.
  void lost(const std::string& node);

  /// It does not belong to the house any more: its values go.
  void forget(const std::string& node);

  [[nodiscard]] std::size_t rows_of(const std::string& node) const;

private:
  struct shown {
    std::unordered_set<std::string> names;
    std::unordered_set<std::string> picture; ///< named since the picture began
    std::unordered_set<std::string> refused; ///< conflicts that were told
    bool in_picture = false;
  };
  void show(const std::string& node, const far_row& row);

  storage::live_table& live_;
  const clock_source& clocks_;
  conflict_fn on_conflict_;
  mutable std::mutex mutex_;
  std::map<std::string, shown> nodes_;
};

} // namespace troupe::cluster
