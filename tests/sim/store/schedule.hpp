#pragma once

#include "config/model/time.hpp"
#include "storage/check_points.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::test {

/// Something that happens to a simulated cluster. `a` and `b` are nodes, `x`
/// means what the kind says.
struct action {
  enum class kind : std::uint8_t {
    // what people and plants do
    write,     ///< a document x at a
    erase,     ///< document x at a
    own,       ///< a says state x
    pulses,    ///< x pulses at a
    meter,     ///< a's counter is set to x
    event,     ///< a appends to its journal
    future,    ///< a hears of an entry that only a later version can read
    // what goes wrong
    crash,     ///< a loses power
    crash_in_commit, ///< a loses power while its disk works on the next commit
    start,     ///< a starts, if it is down
    wipe,      ///< a loses power, and its disk is replaced by an empty one
    lie,       ///< a loses power, and its disk has forgotten the last x commits
    copy,      ///< somebody copies a's disk
    restore,   ///< a loses power, and starts from the copy
    damage,    ///< a loses power, and its disk is found damaged
    rot,       ///< a loses power, and one of its slots says something else (with a good check sum)
    fail,      ///< a's next commit fails; with x = 1 it comes back later, with 2 the disk is found damaged
    full,      ///< a's disk is full for x ms
    slow,      ///< a's commits take x ms longer, until the end
    pause,     ///< a is stopped for x ms
    clock,     ///< a's wall clock jumps by x seconds
    cut,       ///< nothing of a reaches b
    split,     ///< those in the bit set x and the others do not reach each other
    heal,      ///< all cuts are mended
    reset,     ///< the link of a and b breaks
    remove,    ///< a removes b from the cluster
    admit,     ///< a takes b back
    compare,   ///< a compares digests
    flicker,   ///< a alone, counting, with power that comes and goes: drawn as its parts
    blackout,  ///< those in the bit set x lose power at the same moment
  };

  mono_ns at = 0;
  kind what = kind::write;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  std::int64_t x = 0;
};

[[nodiscard]] std::string to_string(const action& x);

/// One simulated life of a cluster: how it is made, and what happens to it. All
/// of it comes from the seed; the actions may be thinned out afterwards.
struct schedule {
  std::uint64_t seed = 0;
  unsigned nodes = 3;
  unsigned keys = 3;
  unsigned archives = 1;      ///< so many nodes keep all journals
  std::size_t piece_bytes = 16 << 10; ///< small ones make runs of many pieces
  /// A new disk is taken for one that has run for long: it sums pulses without the
  /// members that it does not know of, if it knows of any. Their readers may then go back.
  bool new_disks_sum = false;
  bool rings = true;          ///< counters have a ring file
  std::vector<storage::power_supply> supplies; ///< by node; empty: no node says anything of its power
  double loss = 0;            ///< of single frames: worse than any TCP
  double repeats = 0;         ///< frames that come twice
  bool reorders = false;
  milliseconds forget_after{1000L * 3600 * 24 * 30};
  std::vector<action> actions; ///< by time

  /// @param nodes 0: drawn from 2 to 5
  /// @param past also counters whose past not everybody knows, in a fifth of all lives
  [[nodiscard]] static schedule drawn(std::uint64_t seed, unsigned nodes = 0, bool past = false);
};

} // namespace troupe::test
