#pragma once

#include "config/model/reading.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::storage {

/// One change of a digital value: a fact with an id, which is the run that
/// counted it (`edge_position`) and the number of changes after it.
struct edge {
  std::uint64_t changes = 0; ///< `reading::changes` after it
  mono_ns at = 0;            ///< when it was told, by the clock of this node
  wall_ms wall = 0;          ///< when it happened, by the clock of its own node
  bool on = false;           ///< the value after it
  quality grade = quality::good;
  reason why = reason::none;

  friend bool operator==(const edge&, const edge&) = default;
};

/// How far somebody has come in the edges of one name.
///
/// A count of changes means something within one run only: an input whose
/// process starts anew may count from an older number. The run is a random
/// number that the owner's table gives a name when it is first shown there; it
/// travels with the row and outlives links, not the owner's process.
struct edge_position {
  std::uint64_t run = 0; ///< 0: none
  std::uint64_t changes = 0;

  friend bool operator==(const edge_position&, const edge_position&) = default;
};

/// TAIL: the last edges of one digital value, the oldest first, for whoever
/// could not look in time: a rule that runs behind or starts anew, the one that
/// takes over from it, a node that was cut off for a moment.
///
/// Numbers rise and may skip: what is missing was not told one by one.
///
/// Threads: as its owner's. Memory: 32 bytes an edge; an input at rest has none.
class edge_tail {
public:
  /// Edges of one name. The longest that nobody may be acting on them is a
  /// takeover of a rule of class `slow`: a lease of 2.5 s, and half a second to
  /// claim. An input that bounces 200 times a second makes 600 meanwhile.
  static constexpr std::size_t most = 640;

  /// No edge is older than this one was when the newest came: later than 10 s
  /// nobody means a button that was pressed (`edge-limit` of rules ends there).
  static constexpr mono_ns most_age = 10 * one_second;

  /// @param x newer than all in it; else it is no news (I6)
  void note(const edge& x);

  /// Forgets what is older than `most_age` at `now`.
  void expire(mono_ns now);

  /// Those after the change with this number.
  [[nodiscard]] std::span<const edge> since(std::uint64_t changes) const;

  [[nodiscard]] std::size_t size() const noexcept { return edges_.size(); }
  [[nodiscard]] const edge* oldest() const noexcept { return edges_.empty() ? nullptr : &edges_.front(); }
  void clear();

private:
  void forget(std::size_t first);

  std::vector<edge> edges_;
};

} // namespace troupe::storage
