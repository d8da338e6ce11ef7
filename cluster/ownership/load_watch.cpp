#include "cluster/ownership/load_watch.hpp"

#include <utility>

namespace troupe::cluster {

bool load_watch::look(const processor_time& x, mono_ns now) {
  const auto before = std::exchange(before_, x);
  const auto from = std::exchange(looked_at_, now);
  if (!before || x.used < before->used || x.free < before->free)
    return false; // the first look, or a machine that was moved
  const auto used = static_cast<double>(x.used - before->used);
  const auto all = used + static_cast<double>(x.free - before->free);
  if (all <= 0)
    return false;
  if ((used / all > limit) == busy_) {
    since_.reset();
    return false;
  }
  if (!since_)
    since_ = from;
  if (now - *since_ < to_ns(lasts))
    return false;
  since_.reset();
  busy_ = !busy_;
  return true;
}

} // namespace troupe::cluster
