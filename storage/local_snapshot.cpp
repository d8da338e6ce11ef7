#include "storage/features.hpp"
#include "storage/layout.hpp"
#include "storage/local_store.hpp"

// The local store as a backup takes it.

namespace troupe::storage {

snapshot local_store::take_snapshot() {
  snapshot out;
  aftermath then;
  {
    std::lock_guard lock{mutex_};
    if (!closed_) {
      // What was counted since the last time goes into the slots, as when members
      // are told of it.
      push_at_ = never;
      stage_counters(then);
      then.news = true;
      check_wake(then);
    }
    out.node = options_.node;
    out.at = wall();
    out.state_stream = state_stream_;
    out.journal_stream = journal_stream_;
    out.bound = stamps_.bound();
    out.clustered = clustered_;
    out.state = data_.whole({});
  }
  deliver(then);
  // The journal under a lock of its own: nobody shall wait for both copies.
  std::lock_guard lock{mutex_};
  out.journals = journals_;
  out.events = events_.records();
  out.format = is_on(journal_times) ? layout::format : format_;
  return out;
}

} // namespace troupe::storage
