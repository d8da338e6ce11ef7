#include "apps/daemon/threads/event_core.hpp"

#include <algorithm>

namespace troupe::daemon {

bool event_core::look(const load& x) {
  ++lasted_;
  if (together_) {
    if (lasted_ == lasting)
      pause_ = calm_for;
    waits_ = x.waited > most_waiting ? waits_ + 1 : 0;
    if (x.used > most || waits_ == waits_for) {
      together_ = false;
      pause_ = std::min(2 * pause_, longest);
      lasted_ = waits_ = 0;
    }
    return together_;
  }
  calm_ = x.used < enough && x.core < enough ? calm_ + 1 : 0;
  if (calm_ >= pause_) {
    together_ = true;
    lasted_ = calm_ = 0;
  }
  return together_;
}

} // namespace troupe::daemon
