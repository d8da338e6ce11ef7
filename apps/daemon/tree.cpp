#include "apps/daemon/tree.hpp"

#include "actors/store/store_unit.hpp"
#include "apps/daemon/threads/priority.hpp"
#include "apps/daemon/placement_unit.hpp"

namespace troupe::daemon {

namespace {

using namespace std::chrono_literals;

child_spec worker(const std::string& id, const std::string& type, make_unit make) {
  child_spec x;
  x.id = id;
  x.type = type;
  x.make = std::move(make);
  return x;
}

/// A place for things of one sort. Each stands for itself; one that keeps
/// failing is quarantined and takes nobody along.
child_spec place_for(const std::string& id) {
  child_spec x;
  x.id = id;
  x.type = "supervisor";
  x.is_supervisor = true;
  x.how = strategy::one_for_one;
  x.stop_within = 5s;
  return x;
}

} // namespace

child_spec whole_tree(services& all, streams& events, desired& wanted, workshop& makers,
                      placement_desk& placing, std::shared_ptr<running_things> running, bool real_time, std::optional<child_spec> membership) {
  auto store = worker("store", "store", make_store_unit(all.store));
  if (real_time)
    store.make = in_turn(turn::store, std::move(store.make));
  store.detached = true;
  store.stop_within = 5s;
  // A slow disk is slow, not dead: nothing waits for it, and replacing the
  // thread would not make it faster.
  store.answer_within = 120s;

  auto reconciler = worker("reconciler", "reconciler", make_reconciler(all, wanted, makers, placing, running));
  reconciler.detached = true;
  reconciler.answer_within = 60s;

  child_spec root;
  root.id = "node";
  root.type = "supervisor";
  root.is_supervisor = true;
  root.how = strategy::one_for_one;
  // More than these and something is wrong that restarting parts cannot mend:
  // the process ends with the reason, and whoever started it starts it again.
  root.intensity = {.restarts = 5, .period = 60s, .escalate = true, .retry_quarantined = 0ms};
  root.children = {
    std::move(store),            // flushes when it stops, so it stops last
    place_for("buses"),          // outputs are driven safe before their bus ends
    place_for("channels"),
    place_for("counters"),
    place_for("rules"),
    worker("taps", "taps", make_tap_keeper(events)),
    worker("placement", "placement", make_placement(all, placing)),
    std::move(reconciler),       // nothing is added while things stop
  };
  // Last to start and first to stop: peers hear of the end before it comes.
  if (membership)
    root.children.push_back(std::move(*membership));
  return root;
}

} // namespace troupe::daemon
