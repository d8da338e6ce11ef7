#include "storage/late_counts.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

/// A writer of another disk than the mark's, who did not know of it.
bool before_mark(const override_mark& mark, const counting_run& by, const stream_id& of, const disk_name& disk, hlc said) {
  const bool earlier = said < mark.stamp, older = disk.made < mark.disk_made;
  if (disk.first == by.disk.first) // which was put back after that of the mark
    return earlier && older && !by.ours.contains(of);
  return mark.disk == by.disk.first || earlier || older;
}

/// A disk that is gone, as the mark's is, and was made before it, whoever tells of its counts now.
bool gone_before(const override_mark& mark, const counting_run& by, const counter_state::disk& d) {
  return d.name != by.disk.first && d.made != 0 && d.made < mark.disk_made;
}

/// Of another disk than the mark's: all that was known of it then.
void exclude(override_mark& mark, const counter_state::disk& d, const counting_run& by) {
  mark.before.raise(d.name, d.upto);
  for (const auto& [of, n] : d.counts.items())
    if (!by.ours.contains(of))
      mark.before.raise(d.name, of.boot);
}

void count_on_top(counter_state& x, const stream_id& disk, const stream_id& of) {
  if (x.count(disk, of) > 0 && !x.after_mark(disk, of))
    x.mark->add_also(of);
}

} // namespace

void place_late_counts(counter_state& x, const slot_set& slots, const lineage& lines, const counting_run& by) {
  auto& mark = *x.mark;
  std::set<stream_id> before, after; // of the mark's disk
  for (const auto& [of, slot] : slots) {
    counter_state told;
    counts_writer writer;
    if (of.node != by.disk.first.node || !decode_counts(slot.payload, told, &writer) || writer.mark > mark.stamp)
      continue;
    const auto& disk = writer.disk.first;
    if (writer.mark == mark.stamp) {
      if (disk == mark.disk)
        after.insert(of);
      continue;
    }
    const bool first = disk == mark.disk ? !lines.later(of, mark.at, by.stream)
                                         : before_mark(mark, by, of, writer.disk, slot.stamp);
    for (const auto& d : told.disks) {
      if (d.name.node != by.disk.first.node)
        continue;
      if (d.name != mark.disk) {
        if (first || gone_before(mark, by, d))
          exclude(mark, d, by);
        continue;
      }
      for (const auto& [counted, n] : d.counts.items())
        if (!lines.later(counted, mark.at, by.stream))
          before.insert(counted);
        else if (lines.has(mark.at)) // else the boots decide
          after.insert(counted);
    }
  }
  if (mark.disk != by.disk.first && by.disk.made < mark.disk_made) { // put back
    const auto* d = x.find(by.disk.first);
    if (d && by.found < mark.stamp) // no slot need say any more who counted there
      exclude(mark, *d, by);
    else if (!by.ours.contains(by.disk.first)) // whatever the clocks said later, its first process ended before that disk was made
      mark.before.raise(by.disk.first, by.disk.first.boot);
  }
  before.erase(mark.at);
  // What nobody speaks of stays on its side.
  if (const auto* d = x.find(mark.disk))
    for (const auto& [of, n] : d->counts.items())
      if (!before.contains(of) && x.after_mark(d->name, of))
        after.insert(of);
  for (const auto& of : before)
    if (!after.contains(of))
      mark.before.raise(mark.disk, of.boot);
  for (const auto& of : after)
    count_on_top(x, mark.disk, of);
}

} // namespace troupe::storage
