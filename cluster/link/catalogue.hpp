#pragma once

#include "cluster/link/messages.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::cluster {

/// What every other node runs, as it said last: so that any node can check a
/// change against the whole house and knows who has a name. Kept while a node
/// is away. Threads: any.
class catalogue {
public:
  static constexpr std::size_t part_bytes = 256 << 10;
  static constexpr std::size_t most_bytes = 64 << 20; ///< of one node; more is not taken
  /// Beside its bytes. Empty ones cost as well: to free millions of them would hold the I/O thread.
  static constexpr std::size_t document_costs = 256;

  /// Cuts documents into parts that fit a frame.
  [[nodiscard]] static std::vector<catalogue_part> cut(std::uint64_t revision,
                                                       const std::vector<std::string>& documents);

  /// @param over  set when this part is the first of a revision beyond `most_bytes`
  /// @returns true when a revision is whole.
  bool take(const std::string& node, const catalogue_part& part, bool* over = nullptr);
  void forget(const std::string& node);

  [[nodiscard]] std::vector<std::string> of(const std::string& node) const;
  /// Of each node that has told all of it once, be it nothing.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> all() const;

private:
  struct book {
    std::vector<std::string> documents;
    bool whole = false; ///< a revision has arrived
    std::uint64_t coming = 0; ///< revision of what arrives
    std::uint32_t parts_seen = 0;
    std::size_t bytes = 0;
    std::vector<std::string> arriving;
  };
  mutable std::mutex mutex_;
  std::map<std::string, book> books_;
};

} // namespace troupe::cluster
