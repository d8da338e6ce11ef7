#pragma once

#include "cluster/link/messages.hpp"
#include "config/model/time.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
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

  static constexpr std::size_t most_names = 65'536;   ///< of one node; more are not shown
  static constexpr std::size_t most_bytes = 64 << 20; ///< of their texts and stories

  /// Rows that are not shown.
  struct refused {
    std::size_t over = 0;    ///< because of the bounds
    std::size_t foreign = 0; ///< not its own
    std::string first;       ///< of those
  };

  /// @param only prefixes of what this peer may show; null: anything. A board
  ///             for which none are written may show nothing.
  refused take(const std::string& node, const reading_batch& batch,
            const std::vector<std::string>* only = nullptr);

  /// A new link to it stands. What was told to its actors over the one before
  /// may be lost, so each of them counts as started anew.
  void linked(const std::string& node);
  /// It refused a message: the same, and this link goes on. The thread of `take`.
  void refused_by(const std::string& node);

  /// Whoever held the name has let it go: who was refused may show it now.
  void freed(const std::string& name);

  /// Its values turn bad at once.
  void lost(const std::string& node);

  /// It does not belong to the house any more: its values go.
  void forget(const std::string& node);

  [[nodiscard]] std::size_t rows_of(const std::string& node) const;

private:
  struct shown {
    std::unordered_map<std::string, std::size_t> names; ///< with the bytes of each
    std::size_t bytes = 0;
    std::unordered_set<std::string> picture; ///< named since the picture began
    /// Shown by another node: kept, for that one may go. Counted in the bounds.
    std::unordered_map<std::string, far_row> refused;
    std::uint32_t links = 0; ///< how many there were
    bool in_picture = false;

    void refuse_no_more(const std::string& name);
  };
  bool show(const std::string& node, const far_row& row);

  storage::live_table& live_;
  const clock_source& clocks_;
  conflict_fn on_conflict_;
  mutable std::mutex mutex_;
  std::map<std::string, shown> nodes_;
};

} // namespace troupe::cluster
