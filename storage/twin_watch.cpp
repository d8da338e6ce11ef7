#include "storage/twin_watch.hpp"

namespace troupe::storage {

bool twin_watch::saw(hlc stamp, mono_ns now) {
  if (stamp.ms() <= latest_ + margin)
    return false;
  if (!since_ || now - last_ >= silent_for) {
    since_ = now;
    told_ = false;
  }
  last_ = now;
  if (told_ || now - *since_ < grows_for)
    return false;
  told_ = true;
  return true;
}

} // namespace troupe::storage
