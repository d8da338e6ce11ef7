#pragma once

#include "storage/stream_id.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

/// `sys/line/<node>`, MAP: what a node knows of its own lines.
inline constexpr std::string_view line_prefix = "sys/line/";

/// Which start of a node went on from which, by what their disk held: a tree. What ran on a disk between
/// two copies that were put back is a branch of it, a *line*; so is a start of which a crash left nothing.
///
/// A node runs on one disk at a time, so all lines but the present one are over. Which of two was over
/// first the tree tells without a clock, by where they left the present one: who puts back ever older
/// copies, or the same one, ends each line by that.
///
/// Pure. Streams here are state streams of one node.
class lineage {
public:
  /// What is written of it: streams with the highest boots.
  static constexpr std::size_t most_written = 32;

  /// Each went on from the one before it; what the first one did is not known.
  void add(const std::vector<stream_id>& line);
  void join(const lineage& other);

  [[nodiscard]] bool has(const stream_id& of) const { return parents_.contains(of); }
  /// Whether `of` began later than `than` ended, and is not the same one. Of two lines that left the present
  /// one at the same point nothing tells: then it did not.
  [[nodiscard]] bool later(const stream_id& of, const stream_id& than, const stream_id& present) const;

  friend bool operator==(const lineage&, const lineage&) = default;

private:
  friend std::string encode(const lineage& x);
  friend std::optional<lineage> decode_lineage(std::string_view bytes, std::uint64_t node);

  /// What is known already stays.
  void learn(const stream_id& of, const stream_id& parent);
  /// From `of` back to the first one that is known.
  [[nodiscard]] std::vector<stream_id> back_from(const stream_id& of) const;

  std::map<stream_id, stream_id> parents_; ///< empty: the first of a disk, or not known
};

/// docs/formats/store.md, "Lines".
[[nodiscard]] std::string encode(const lineage& x);
/// @returns nothing if it is damaged, or of a later version
[[nodiscard]] std::optional<lineage> decode_lineage(std::string_view bytes, std::uint64_t node);

} // namespace troupe::storage
