#undef CAF_SUITE
#define CAF_SUITE late_counts
#include <caf/test/dsl.hpp>

#include "storage/late_counts.hpp"

using namespace troupe::storage;

namespace {

constexpr std::uint64_t of_node = 7;
constexpr hlc set_at{1000};

stream_id run(std::uint32_t boot, std::uint32_t which = 1) { return {of_node, boot, 2 * which}; }

/// Named by their first starts, and made one after the other.
const disk_name oldest{run(1, 7), 100}, older{run(1, 8), 200}, present{run(1), 300}, younger{run(1, 9), 400};

/// 1 ── 2 ── 3          lost
/// └─── 2b              lost
/// └─── 2d ── 3d        runs
///            └─── 4e   lost; the present start is 4d
lineage lines() {
  lineage out;
  out.add({run(1), run(2), run(3)});
  out.add({run(1), run(2, 2)});
  out.add({run(1), run(2, 4), run(3, 4), run(4, 4)});
  out.add({run(3, 4), run(4, 5)});
  return out;
}

slot says(const disk_name& disk, const stream_id& of, std::uint64_t pulses, hlc when, bool knows_mark = false) {
  counter_state x;
  x.of(disk.first).counts.raise(of, pulses);
  if (knows_mark) {
    x.mark.emplace();
    x.mark->stamp = set_at;
  }
  slot out;
  out.seq = 1;
  out.kind = slot_kind::ctr;
  out.stamp = when;
  out.payload = encode_counts(x, disk);
  return out;
}

/// Set to 1000 at `at`, whose boot excludes up to itself.
counter_state marked(const disk_name& disk, const stream_id& at) {
  counter_state x;
  auto& mark = x.mark.emplace();
  mark.set = 1000;
  mark.at = at;
  mark.disk = disk.first;
  mark.disk_made = disk.made;
  mark.stamp = set_at;
  mark.before.raise(disk.first, at.boot);
  return x;
}

std::uint64_t shown(const disk_name& set_on, const stream_id& at, const disk_name& of_disk, const stream_id& of, const slot& x) {
  auto state = marked(set_on, at);
  (void)decode_counts(x.payload, state);
  const auto now = run(4, 4);
  const counting_run by{present, now, {now}, hlc{5000}};
  place_late_counts(state, {{of, x}}, lines(), by);
  const auto once = state;
  place_late_counts(state, {{of, x}}, lines(), by);
  CAF_CHECK(state == once);
  CAF_CHECK_EQUAL(state.count(of_disk.first, of), 5u);
  return state.total();
}

} // namespace

CAF_TEST(I3 what comes late was before a mark or after it whatever its boot and its stamp say) {
  constexpr hlc soon{900}, late{2000};
  struct row {
    const char* what;
    disk_name set_on;
    stream_id at;
    disk_name disk;
    stream_id of;
    hlc said;
    bool knew;
    std::uint64_t shown;
  };
  for (const auto& x : {
         row{"of a line that was over, with a later stamp", present, run(2, 4), present, run(3), late, false, 1000},
         row{"went on from the stream of the mark", present, run(2, 4), present, run(4, 5), soon, false, 1005},
         row{"the mark was set in a time that is lost", present, run(2), present, run(2, 4), soon, false, 1005},
         row{"both lost, put back from the same copy", present, run(2, 2), present, run(3), late, false, 1000},
         row{"both lost, and it left the present line later", present, run(3), present, run(4, 5), soon, false, 1005},
         row{"its boot is too low, and it knew the mark", present, run(3), present, run(2, 2), soon, true, 1005},
         row{"of a disk that is gone, while the present one has set it", present, run(2, 4), older, run(9), late, false, 1000},
         row{"the same, of two that are gone the older one", older, run(2), oldest, run(9), late, false, 1000},
         row{"of two that are gone the younger one, and it said so later", oldest, run(2), older, run(9), late, false, 1005},
         row{"of two that are gone the younger one, and it said so earlier", oldest, run(2), older, run(9), soon, false, 1000},
         row{"of the present disk, set on one that is gone", older, run(2, 9), present, run(2, 4), soon, false, 1005},
         row{"of the present disk, which is older than that of the mark", younger, run(2, 9), present, run(2, 4), soon, false, 1000}}) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(shown(x.set_on, x.at, x.disk, x.of, says(x.disk, x.of, 5, x.said, x.knew)), x.shown);
  }
}

CAF_TEST(I3 counts of a disk that is gone are placed by its age whoever has taken them over) {
  const auto now = run(4, 4);
  for (const auto& [disk, made, shown] : {std::tuple{oldest.first, oldest.made, 1000u}, {younger.first, younger.made, 1005u},
                                          {oldest.first, wall_ms{0}, 1005u}}) { // nobody told when: as if it were later
    counter_state taken_over;
    auto& d = taken_over.of(disk);
    d.made = made;
    d.counts.raise(run(9), 5);
    slot mine;
    mine.seq = 1;
    mine.kind = slot_kind::ctr;
    mine.stamp = hlc{2000};
    mine.payload = encode_counts(taken_over, present); // it did not know of the mark yet
    auto state = marked(older, run(2));
    CAF_REQUIRE(decode_counts(mine.payload, state));
    place_late_counts(state, {{now, mine}}, lines(), {present, now, {now}, hlc{5000}});
    CAF_CHECK_EQUAL(state.total(), shown);
  }
}

CAF_TEST(I3 a disk that is put back after a younger one had set a mark brings only what is older) {
  const auto now = run(4, 4);
  // The newest stamp on it tells whether anybody has run on it since the mark.
  for (const auto& [set_on, found, shown] : {std::tuple{younger, hlc{900}, 1001u}, {younger, hlc{1100}, 1006u}, {older, hlc{900}, 1006u}}) {
    auto state = marked(set_on, run(2, 9));
    auto& d = state.of(present.first);
    d.counts.raise(run(2, 4), 5);
    d.counts.raise(now, 1);
    place_late_counts(state, {}, lines(), {present, now, {now}, found});
    CAF_CHECK_EQUAL(state.total(), shown);
  }
}

CAF_TEST(I3 the process that made a disk ended before a younger one was made whatever its clock said) {
  const auto now = run(4, 4);
  for (const auto& [set_on, shown] : {std::pair{younger, 1001u}, {older, 1006u}}) {
    auto state = marked(set_on, run(2, 9));
    auto& d = state.of(present.first);
    d.counts.raise(present.first, 5);
    d.counts.raise(now, 1);
    place_late_counts(state, {}, lines(), {present, now, {now}, hlc{1100}}); // the house was ahead, the younger disk had not heard
    CAF_CHECK_EQUAL(state.total(), shown);
  }
  auto state = marked(younger, run(2, 9));
  state.of(present.first).counts.raise(present.first, 5);
  place_late_counts(state, {}, lines(), {present, present.first, {present.first}, hlc{1100}}); // it still counts
  CAF_CHECK_EQUAL(state.total(), 1005u);
}

CAF_TEST(I3 what another node says is left alone) {
  auto state = marked(present, run(2, 4));
  const stream_id other{of_node + 1, 9, 2};
  const auto before = state;
  place_late_counts(state, {{other, says({other, 500}, other, 5, hlc{900})}}, lines(), {present, run(4, 4), {run(4, 4)}, hlc{5000}});
  CAF_CHECK(state == before);
}
