#pragma once

#include "storage/counter_state.hpp"
#include "storage/lineage.hpp"
#include "storage/merge.hpp"

#include <set>

namespace troupe::storage {

/// The process that puts its node's counters in order.
struct counting_run {
  disk_name disk;           ///< that it runs on
  stream_id stream;         ///< that it counts in now
  std::set<stream_id> ours; ///< all that it has counted in
  hlc found;                ///< the newest stamp on its disk when it began: other streams of that disk have ended by then
};

/// Says in the mark of `x` what the slots of a counter tell that was before it or after it, whatever the boots
/// of the streams say. A process that knew of the mark was after it. Of one that did not:
///
/// - of the mark's disk, the lines tell (`lineage::later`), for it and for each stream that it names;
/// - of another disk, it was before it if the present disk has set the mark. If a third one has, which is gone as well,
///   the older disk was first, and whoever said so earlier; only its clock tells which. All that it names was before;
///   so are the counts of an older disk that it has taken over;
/// - of the present disk, put back after a younger one that has set the mark: what it held then was before it, if all of that
///   was older than the mark. If not, the time of the house had been ahead and the younger disk had not heard of it; then at
///   least the process that made the older disk was before it: it had ended when the younger one was made.
///
/// Pure, and again and again the same: what was found rests in the mark. Only the node that counts may do it.
/// @param slots of that counter, from all nodes; those of others are left alone
void place_late_counts(counter_state& x, const slot_set& slots, const lineage& lines, const counting_run& by);

} // namespace troupe::storage
